"""Raising a charge point's security profile over OCPP without locking it out [W3 A05].

From the moment the call goes out the station may come with the profile it has or with the higher one. What it answers
ends that only where it clearly refuses. The first success with the higher one decides: no lower one from then on.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from csms.ids import CallId, ChargePointId
from csms.store import Store
from csms.store.charge_points import ChargePoint, ProfileCandidate, SecurityProfile
from csms.store.history import Event, EventKind

KEY: Final = "SecurityProfile"
_OLD_PROFILE: Final = "the charge point agreed to a higher security profile and has come with the one before"
_CHECK: Final = (
    "if it was restarted, it could not connect with the new one: check its URL, its credentials and the root "
    "certificates it has, and ask for the upgrade again; it may come with either profile until then"
)


def begin(
    store: Store, charge_point_id: ChargePointId, call_id: CallId, profile: SecurityProfile, now: datetime
) -> None:
    """Accept the higher profile beside the present one; one that is no higher changes nothing. Safe to run again."""
    candidate = ProfileCandidate(call_id, profile, now)

    def change(found: ChargePoint) -> ChargePoint:
        if profile <= found.security_profile:
            return found
        return replace(found, profile_candidates=(*_others(found, call_id), candidate))

    store.charge_points.alter(charge_point_id, change)


def note_answer(store: Store, charge_point_id: ChargePointId, call_id: CallId, status: str | None) -> None:
    """Keep that the station agreed. Safe to run again."""

    def change(found: ChargePoint) -> ChargePoint:
        candidates = tuple(
            replace(candidate, status=status) if candidate.call_id == call_id else candidate
            for candidate in found.profile_candidates
        )
        return replace(found, profile_candidates=candidates)

    store.charge_points.alter(charge_point_id, change)


def give_up(store: Store, charge_point_id: ChargePointId, call_id: CallId) -> None:
    """The station did not take the profile from this call; it may have from another. Safe to run again."""
    store.charge_points.alter(charge_point_id, lambda found: replace(found, profile_candidates=_others(found, call_id)))


def pending(charge_point: ChargePoint) -> ProfileCandidate | None:
    """The highest profile it may come with next; of several calls for it one that was answered."""
    return max(charge_point.profile_candidates, key=lambda each: (each.profile, each.status is not None), default=None)


def confirmed(charge_point: ChargePoint, profile: SecurityProfile) -> ChargePoint:
    """The charge point that has connected with this profile: never again a lower one [W3 A05.FR.09]."""
    higher = tuple(candidate for candidate in charge_point.profile_candidates if candidate.profile > profile)
    return replace(
        charge_point,
        security_profile=max(profile, charge_point.security_profile),
        profile_candidates=higher if profile > charge_point.security_profile else charge_point.profile_candidates,
    )


def note_connection(store: Store, before: ChargePoint, profile: SecurityProfile, now: datetime) -> None:
    """Keep for the operator what a connection says of an upgrade that was under way `before`.

    A station that agreed and comes with the old profile cannot use the new one and has gone back, or has not been
    restarted yet. One entry stands for all its connections of this kind.
    """
    told = pending(before)
    if told is None:
        return
    if profile > before.security_profile:
        change = f"from {before.security_profile.value} to {profile.value}"
        raised = {"type": "SecurityProfileRaised", "techInfo": change, "reportedBy": "central system"}
        event = Event(EventKind.SECURITY, now, now, raised)
    elif told.status is not None:
        old: dict[str, Any] = {"code": "OldSecurityProfile", "problem": _OLD_PROFILE, "fix": _CHECK}
        details = {**old, "has": profile.value, "agreedTo": told.profile.value}
        event = Event(EventKind.NOTICE, told.told_at, now, details)
    else:
        return
    store.history.record(before.id, event)


def _others(found: ChargePoint, call_id: CallId) -> tuple[ProfileCandidate, ...]:
    return tuple(candidate for candidate in found.profile_candidates if candidate.call_id != call_id)
