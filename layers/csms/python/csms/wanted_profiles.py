"""From what a plan has decided to the profiles that say so: which are sent, which stay, which are taken back."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeGuard

from csms.ids import ChargePointId, TransactionId
from csms.ocpp.json_types import JsonObject
from csms.site_survey import RETELLING, Station, Survey
from csms.smart_charging.evaluation import limit_at
from csms.smart_charging.profiles import ChargingProfilePurpose
from csms.smart_charging.situation import ConnectorKey, Decision, Target
from csms.store.charging_plans import Budget, ChargingPlan
from csms.store.charging_profiles import InstalledProfile, ProfileState
from csms.store.planned_profiles import LimitFrom, PlannedProfile, ProfileRole, SendOutcome
from csms.v16.charging_profiles import translate
from csms.v16.planned_profiles import (
    Step,
    failsafe,
    fitted,
    is_lasting,
    profile_id,
    says_the_same,
    station_maximum,
    transaction_profile,
)

_PURPOSES: Final = {
    ProfileRole.FAILSAFE: ChargingProfilePurpose.TX_DEFAULT_PROFILE,
    ProfileRole.MAXIMUM: ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE,
    ProfileRole.TRANSACTION: ChargingProfilePurpose.TX_PROFILE,
}
_MEMORY: Final = timedelta(minutes=10)
"""How far back what a vehicle was allowed is remembered; what it drew is judged by it."""
_TRIED: Final = frozenset(SendOutcome) - {SendOutcome.PLANNED, SendOutcome.SUPERSEDED}
_PATIENCE: Final = {
    SendOutcome.REJECTED: timedelta(hours=1),
    SendOutcome.FAILED: timedelta(minutes=5),
    SendOutcome.TIMED_OUT: timedelta(minutes=2),
}
"""A station that would not take a lasting profile is asked again after so long."""
_ANSWERED_WITHIN: Final = timedelta(seconds=10)
"""A wave does not wait for slow answers; what they say is looked at after so long."""
_MOST_RELEASES: Final = 3
"""So often a station that does not answer is asked to let go of a profile."""
_LET_GO_WITHIN: Final = timedelta(seconds=45)
"""What is not answered by then waits behind other calls, and nobody waits for it."""


class TargetId(NamedTuple):
    """One planned profile, as the state machine carries it."""

    charge_point_id: ChargePointId
    connector_id: int
    role: ProfileRole

    @classmethod
    def of(cls, profile: PlannedProfile) -> "TargetId":
        """That of a planned profile."""
        return cls(profile.charge_point_id, profile.connector_id, profile.role)

    @classmethod
    def read(cls, text: str) -> "TargetId":
        """From the state of an execution."""
        charge_point_id, connector_id, role = text.split("#")
        return cls(ChargePointId(charge_point_id), int(connector_id), ProfileRole(role))

    def __str__(self) -> str:
        return f"{self.charge_point_id}#{self.connector_id}#{self.role.value}"


class Wanted:
    """What one decision wants of each station."""

    def __init__(self, found: Survey, decision: Decision, wave: int) -> None:
        self._found = found
        self._decision = decision
        self._wave = wave
        self._held_da = {connector.key: connector.held_da[0] for connector in found.situation.connectors}
        lasting = [profile for station in found.stations.values() for profile in self._missing(station)]
        self._raised = [profile for profile in lasting if self._raises(profile)]
        self._lowered = [profile for profile in lasting if profile not in self._raised]

    @property
    def has_decreases(self) -> bool:
        """Whether something is to be confirmed before the rest is decided."""
        return bool(self._decision.decreases or self._lowered or self._found.disobedient)

    def to_send(self) -> list[PlannedProfile]:
        """What goes out now, decreases first; each of them is safe, whatever becomes of the others."""
        falling = (*self._decision.decreases, *self._unconfirmed())
        decreases = [*filter(None, map(self._transaction, falling))]
        increases = filter(None, map(self._transaction, self._decision.increases))
        may_raise = not (decreases or self._lowered or any(self._decision.overload_da))
        return [
            *((*self._lowered, *decreases, *self._told_again()) if self._wave == 1 else ()),
            *increases,
            *(self._raised if may_raise else ()),
        ]

    def _unconfirmed(self) -> Iterator[Target]:
        """Those that were told and did not say whether they do it: reckoned at the higher, they may have the lower."""
        told = {target.key for target in (*self._decision.decreases, *self._decision.increases)}
        held = {connector.key: connector.held_da for connector in self._found.situation.connectors}
        for key, limits_da in self._decision.wanted.items():
            number = profile_id(key.charge_point_id, key.connector_id, ChargingProfilePurpose.TX_PROFILE)
            row = _installed(self._found.stations[key.charge_point_id], number)
            if key not in told and row is not None and row.state is ProfileState.UNKNOWN:
                yield Target(key, tuple(map(min, limits_da, held[key])))

    def _told_again(self) -> Iterator[PlannedProfile]:
        """What stations have acknowledged that draw more: a restart may have cost them the profile."""
        for key in sorted(self._found.disobedient):
            row = self._found.planned.get(TargetId(*key, ProfileRole.TRANSACTION))
            if row is None or not self._found.stations[row.charge_point_id].is_reachable:
                continue
            if self._found.now >= row.as_of + RETELLING:
                again = self._row(TargetId.of(row), row.transaction_id)
                again = replace(again, limits=row.limits, payload=row.payload, profile_id=row.profile_id)
                yield self._noted(replace(again, limits_before=self._limits_before(row)), row)

    def unsent(self, chosen: Sequence[PlannedProfile]) -> Iterator[PlannedProfile]:
        """Rows of transactions that get nothing new, where what is noted about them has changed."""
        sent = {TargetId.of(profile) for profile in chosen}
        for connector in self._found.situation.connectors:
            target = TargetId(*connector.key, ProfileRole.TRANSACTION)
            if connector.session is None or target in sent:
                continue
            row = self._earlier(target, connector.session.transaction_id)
            noted = self._noted(row or self._row(target, connector.session.transaction_id))
            if noted != row:
                yield noted

    def obsolete(self) -> list[PlannedProfile]:
        """Rows of transactions that are over."""
        running = {
            (connector.key, connector.session.transaction_id)
            for connector in self._found.situation.connectors
            if connector.session
        }
        return [
            row
            for row in self._found.planned.values()
            if row.role is ProfileRole.TRANSACTION
            and ((row.charge_point_id, row.connector_id), row.transaction_id) not in running
        ]

    def look_again_at(self) -> datetime:
        """When to decide again even if nothing changes: at once if somebody must give way for one that would not."""
        found = self._found
        at_the_latest = found.now + timedelta(seconds=found.plan.rebalance_s)
        has_more = self._wave > 1 and (self._lowered or any(map(self._transaction, self._decision.decreases)))
        used_up = found.now + (found.until - found.now) / 2
        at_once = found.now if has_more else None
        is_waiting = any(row.outcome is SendOutcome.SENT and not row.is_release for row in found.planned.values())
        answered = found.now + _ANSWERED_WITHIN if is_waiting else None
        plan_is_over = found.plan.ends_at
        moments = (
            *(self._decision.next_turn, found.look_again_at),
            *(at_once, answered, plan_is_over, used_up, at_the_latest),
        )
        return min(moment for moment in moments if moment is not None)

    def budget(self) -> Budget:
        """The limit now, and what would be drawn at worst, on each phase."""
        capacity, worst_case = self._found.situation.intervals[0].capacity, self._decision.worst_case
        return Budget(
            self._found.plan.step, capacity.current_da, worst_case.current_da, capacity.power_w, worst_case.power_w
        )

    def _transaction(self, target: Target) -> PlannedProfile | None:
        """The TxProfile for a target; None where the station has acknowledged just that."""
        station = self._found.stations[target.key.charge_point_id]
        number = target.key.connector_id
        transaction = station.transactions[number]
        wiring = station.wiring(number, self._found.site.voltage_v)
        spans = self._found.situation.intervals
        steps = [Step(span.start, limit_da) for span, limit_da in zip(spans, target.limits_da, strict=True)]
        steps = list(fitted(steps, self._found.until, self._found.site.safe_limit_da, wiring.most_periods))
        limits = tuple(LimitFrom(step.at, step.limit_da) for step in steps)
        key = TargetId(*target.key, ProfileRole.TRANSACTION)
        earlier = self._earlier(key, transaction.id)
        moments = (*(span.start for span in spans), self._found.until)
        payload = transaction_profile(station.id, number, transaction.id, steps, wiring)
        installed = _installed(station, _number_of(payload))
        if (
            installed
            and installed.state is ProfileState.INSTALLED
            and _limit_alike(installed.profile, payload, moments)
        ):
            return None
        if _is_on_its_way(earlier) and _limit_alike(_profile_of(earlier), payload, moments):
            return None
        wanted = replace(self._row(key, transaction.id), limits=limits, limits_before=self._limits_before(earlier))
        return self._noted(replace(wanted, payload=payload, profile_id=_number_of(payload)), earlier)

    def _missing(self, station: Station) -> Iterator[PlannedProfile]:
        """The lasting profiles that a station should have and does not, as far as asking again makes sense."""
        if not station.is_reachable:
            return
        for role, limit_da, payload in self._lasting_profiles(station):
            key = TargetId(station.id, 0, role)
            earlier = self._found.planned.get(key)
            if _is_installed(station, payload, self._found.now) or _is_unwilling(station, earlier, self._found.now):
                continue
            if _is_on_its_way(earlier) and says_the_same(_profile_of(earlier), payload["csChargingProfiles"]):
                continue
            limits = (LimitFrom(self._found.now, limit_da),)
            yield replace(self._row(key, None), payload=payload, profile_id=_number_of(payload), limits=limits)

    def _lasting_profiles(self, station: Station) -> Iterator[tuple[ProfileRole, int, JsonObject]]:
        now, wiring = self._found.now, station.wiring(0, self._found.site.voltage_v)
        safe_limit_da, maximum_da = self._found.site.safe_limit_da, station.member.station_maximum_da
        yield ProfileRole.FAILSAFE, safe_limit_da, failsafe(station.id, safe_limit_da, now, wiring)
        if maximum_da is not None:
            yield ProfileRole.MAXIMUM, maximum_da, station_maximum(station.id, maximum_da, now, wiring)

    def _raises(self, profile: PlannedProfile) -> bool:
        """Whether a lasting profile allows more than the one it replaces."""
        station = self._found.stations[profile.charge_point_id]
        installed = _installed(station, profile.profile_id)
        if installed is None or installed.state is not ProfileState.INSTALLED or profile.payload is None:
            return False
        return _limit_of(profile.payload["csChargingProfiles"]) > _limit_of(installed.profile)

    def _row(self, target: TargetId, transaction_id: TransactionId | None) -> PlannedProfile:
        return PlannedProfile(
            *target,
            step=self._found.plan.step,
            as_of=self._found.now,
            wave=self._wave,
            transaction_id=transaction_id,
        )

    def _limits_before(self, earlier: PlannedProfile | None) -> tuple[LimitFrom, ...]:
        """What it said until now, back to the one that held when the past began that matters."""
        if earlier is None or earlier.outcome is not SendOutcome.ACCEPTED:
            return ()  # what it followed since is not known
        said = [limit for limit in (*earlier.limits_before, *earlier.limits) if limit.start < self._found.now]
        old = [limit for limit in said if limit.start <= self._found.now - _MEMORY]
        return tuple(said[max(0, len(old) - 1) :])

    def _earlier(self, target: TargetId, transaction_id: TransactionId) -> PlannedProfile | None:
        row = self._found.planned.get(target)
        return row if row and row.transaction_id == transaction_id else None

    def _noted(self, row: PlannedProfile, earlier: PlannedProfile | None = None) -> PlannedProfile:
        """With what the decision says about the connector."""
        key = ConnectorKey(row.charge_point_id, row.connector_id)
        note = self._decision.notes.get(key)
        return replace(
            row,
            note=self._found.faults.get(key) or (note.reason.value if note else None),
            worst_case_da=max(note.current_da, self._held_da[key]) if note else None,
            turn=self._decision.turns.get(key) or (earlier or row).turn,
        )


def releases(found: Survey, plan: ChargingPlan, *, clears_failsafe: bool) -> Iterator[PlannedProfile]:
    """What takes back the profiles of a plan: of transactions, and the lasting ones where they are to be cleared.

    A station that does not let go of one, or is away, keeps nobody from stopping a plan.
    """
    roles = tuple(_PURPOSES) if clears_failsafe else (ProfileRole.TRANSACTION,)
    for station in found.stations.values():
        for profile in station.profiles:
            for role in roles:
                number = profile.connector_id or 0
                row = found.planned.get((station.id, number, role))
                before = row.wave if row and row.is_release else 0
                has_tried = row is not None and before and row.outcome in _TRIED
                may_retry = row is not None and row.outcome is SendOutcome.TIMED_OUT and before < _MOST_RELEASES
                is_ours = profile.id == profile_id(station.id, number, _PURPOSES[role])
                if is_ours and (may_retry or not has_tried):
                    yield PlannedProfile(
                        station.id,
                        number,
                        role,
                        step=plan.step,
                        as_of=found.now,
                        wave=before + 1,
                        payload={"id": profile.id},
                        profile_id=profile.id,
                        transaction_id=profile.transaction_id,
                    )


def awaits_release(found: Survey) -> bool:
    """Whether a station that is there may still answer that it has let go of a profile, or be asked again."""
    return any(
        row.is_release
        and row.outcome is SendOutcome.SENT
        and found.now < row.as_of + _LET_GO_WITHIN
        and (station := found.stations.get(row.charge_point_id)) is not None
        and station.is_reachable
        for row in found.planned.values()
    )


def _limit_alike(profile: JsonObject, payload: JsonObject, moments: Sequence[datetime]) -> bool:
    """Whether a profile limits the same transaction as this request does, at each of the moments."""
    wanted = payload["csChargingProfiles"]
    one, other = (
        [limit_at(translate(each, None, None), moment, None) for moment in moments] for each in (profile, wanted)
    )
    return one == other and profile.get("transactionId") == wanted.get("transactionId")


def _is_on_its_way(earlier: PlannedProfile | None) -> TypeGuard[PlannedProfile]:
    """Whether it was sent, or waits behind other calls to the station, and has no answer yet."""
    return earlier is not None and earlier.outcome is SendOutcome.SENT and not earlier.is_release


def _profile_of(sent: PlannedProfile) -> JsonObject:
    profile: JsonObject = (sent.payload or {}).get("csChargingProfiles", {})
    return profile


def _is_installed(station: Station, payload: JsonObject, now: datetime) -> bool:
    wanted = payload["csChargingProfiles"]
    installed = _installed(station, wanted["chargingProfileId"])
    return (
        installed is not None
        and installed.state is ProfileState.INSTALLED
        and says_the_same(installed.profile, wanted)
        and is_lasting(installed.profile, now)
    )


def _installed(station: Station, number: int | None) -> InstalledProfile | None:
    return next((found for found in station.profiles if found.id == number), None)


def _is_unwilling(station: Station, earlier: PlannedProfile | None, now: datetime) -> bool:
    patience = _PATIENCE.get(earlier.outcome) if earlier else None
    if earlier is None or patience is None or station.is_newer_than(earlier.as_of):
        return False
    return now < earlier.as_of + patience


def _limit_of(profile: JsonObject) -> float:
    limit: float = profile["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]
    return limit


def _number_of(payload: JsonObject) -> int:
    number: int = payload["csChargingProfiles"]["chargingProfileId"]
    return number
