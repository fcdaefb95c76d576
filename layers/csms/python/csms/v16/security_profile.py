"""Raising the security profile [W3 A05]: ChangeConfiguration(SecurityProfile), then Reset; the next connection decides.

What the station may come with is on record before the call goes out (`csms.profile_upgrade`). An upgrade that an
operator has asked for as one goes on by itself: the end of the first call places the Reset, unless the station refused.
"""

from datetime import timedelta
from typing import Final

from csms import profile_upgrade
from csms.calls import CallRefused, NotConnected, Order
from csms.ids import ChargePointId
from csms.ocpp.json_types import JsonObject
from csms.store import Store
from csms.store.charge_points import SecurityProfile
from csms.store.history import Event, EventKind
from csms.store.links import WaitingListFull
from csms.v16.operations import Settled, Situation
from csms.v16.rules import number_of

KEY: Final = profile_upgrade.KEY
_RESTART_FOR: Final = "restart_for_profile"
_MAY_STOP: Final = "may_stop_transactions"
_NOT_RESTARTED: Final = "the charge point was not restarted for its new security profile"
_AGAIN: Final = "POST the security profile again"
_RESTART_WITHIN: Final = timedelta(hours=1)
"""A station may be gone for a moment when it has changed its profile, and some restart by themselves."""


def upgrade_context(profile: SecurityProfile, *, may_stop_transactions: bool) -> JsonObject:
    """The context of the calls of an upgrade: what the station is restarted for, and whether while it charges."""
    return {_RESTART_FOR: profile.value, _MAY_STOP: may_stop_transactions}


def check(value: str, situation: Situation) -> None:
    """What would lock the station out or weaken it.

    Raises:
        CallRefused: it would.
    """
    wanted, charge_point = _profile_of(value), situation.store.charge_points.get(situation.charge_point_id)
    if wanted is None:
        raise CallRefused("value: a security profile is 0, 1, 2 or 3")
    if charge_point is None:
        return
    if wanted < charge_point.security_profile:
        raise CallRefused("value: a security profile is never lowered over OCPP [W3 A00.FR.005]")
    has_password = charge_point.secrets or charge_point.candidates
    if wanted in {SecurityProfile.BASIC, SecurityProfile.BASIC_TLS} and not has_password:
        raise CallRefused("value: it has no password to come with; set one first: ChangeConfiguration AuthorizationKey")
    check_restart(situation)


def check_restart(situation: Situation) -> None:
    """What stands against a call of an upgrade, which restarts the station.

    Raises:
        CallRefused: it has the profile already; or a transaction is open, and would be stopped.
    """
    context = situation.context or {}
    if _RESTART_FOR not in context:
        return
    store, charge_point_id = situation.store, situation.charge_point_id
    charge_point = store.charge_points.get(charge_point_id)
    if charge_point and charge_point.security_profile >= context[_RESTART_FOR]:
        raise CallRefused(f"the charge point has security profile {charge_point.security_profile.value} already")
    if not context[_MAY_STOP] and _is_charging(store, charge_point_id):
        raise CallRefused("a transaction is open, and the charge point has to be restarted")


def begin(value: str, situation: Situation) -> None:
    """From now on the station may come with either profile."""
    profile = _profile_of(value)
    if profile is not None and situation.call_id is not None:
        profile_upgrade.begin(situation.store, situation.charge_point_id, situation.call_id, profile, situation.now)


def settle(settled: Settled) -> None:
    """Keep what the station says; a clear refusal ends the upgrade, everything else is for its next connection."""
    call, store = settled.call, settled.store
    if not (settled.is_accepted or settled.is_unclear):
        profile_upgrade.give_up(store, call.charge_point_id, call.id)
        return
    if settled.is_accepted:
        profile_upgrade.note_answer(store, call.charge_point_id, call.id, call.status)
    if _RESTART_FOR in (call.context or {}):
        _restart(settled)


def _restart(settled: Settled) -> None:
    call = settled.call
    order = Order(
        call.charge_point_id,
        "Reset",
        {"type": "Hard"},
        call.requested_by,
        context=call.context,
        lifetime=_RESTART_WITHIN,
        idempotency_key=f"security-profile-after-{call.id}",
    )
    try:
        settled.place(order)
    except (NotConnected, WaitingListFull, CallRefused) as refused:
        details = {"code": "NotRestarted", "problem": _NOT_RESTARTED, "reason": str(refused), "fix": _AGAIN}
        event = Event(EventKind.NOTICE, call.ended_at or settled.now, settled.now, details)
        settled.store.history.record(call.charge_point_id, event)


def _profile_of(value: str) -> SecurityProfile | None:
    number = number_of(value)
    return SecurityProfile(number) if number in set(SecurityProfile) else None


def _is_charging(store: Store, charge_point_id: ChargePointId) -> bool:
    running = [each.transaction_id for each in store.connectors.all(charge_point_id) if each.transaction_id is not None]
    return any(transaction.is_open for transaction in store.transactions.get_many(charge_point_id, running))
