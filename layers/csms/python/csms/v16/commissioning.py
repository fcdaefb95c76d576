"""Commissioning: once per boot a station is asked for its configuration, then brought to what it should be.

A chain of calls, each of which the end of the one before places: GetConfiguration of everything, or of the standard
keys in batches where that gets no answer; then ChangeConfiguration of one key that differs after the other. What
there is left to do is read from the configuration rows, so a chain that breaks is taken up by the next boot.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from csms.call_queue import Commission
from csms.calls import CallRefused, NotConnected, Order
from csms.ids import ChargePointId
from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import Store
from csms.store.calls import Call, CallState
from csms.store.charge_point_models import ChargePointModel
from csms.store.charge_points import ChargePoint, Quirk
from csms.store.configuration import Attempt
from csms.store.links import Link, Registration, WaitingListFull
from csms.v16 import configuration_plan as plan
from csms.v16.capabilities import learn_quirk, model_of, quirks_of
from csms.v16.operations import Settled
from csms.v16.rules import limit_of

_REQUESTED_BY: Final = "commissioning"
_SINCE: Final = "commissioning"
_BATCH: Final = 10
"""Keys asked for at once of a station that has not said how many it takes."""


def begin(store: Store, place: Callable[[Order], Call], wake: Commission) -> None:
    """Begin with a station that has booted."""
    run = _run(store, place, wake.charge_point_id, wake.booted_at)
    if run is None:
        return
    if quirks_of(run.charge_point, run.model).get(Quirk.READS_IN_BATCHES):
        run.ask(run.keys_to_ask())
    else:
        run.ask(None)


def bring_about(store: Store, place: Callable[[Order], Call], charge_point_id: ChargePointId, now: datetime) -> None:
    """Set what is to be changed after somebody changed the wishes."""
    run = _run(store, place, charge_point_id, now)
    if run is not None:
        run.change()


def after_reading(settled: Settled) -> None:
    """Go on after a GetConfiguration of ours, whatever its end."""
    run, call = _run_of(settled), settled.call
    if run is None:
        return
    rest = (call.context or {})["rest"]
    if rest is None and not (settled.is_accepted and _has_keys(call.response)):
        if not run.was_cut_off(call):
            learn_quirk(settled, Quirk.READS_IN_BATCHES, has_it=True)
        rest = run.keys_to_ask()
    if rest:
        run.ask(rest)
    else:
        run.change()


def after_changing(key: str, value: str, settled: Settled) -> None:
    """Note what became of a ChangeConfiguration of ours, and go on."""
    run, call = _run_of(settled), settled.call
    if run is None:
        return
    status = call.status or call.state.value
    at = call.ended_at or settled.now
    attempt = Attempt(value, status, at, (call.context or {})["count"], is_final=plan.is_final(call.status))
    settled.store.configuration.note_attempt(call.charge_point_id, key, attempt)
    run.change()


@dataclass(frozen=True)
class _Run:
    """What is under way since a boot, or since the wishes were changed; `after` is the call that has just ended."""

    store: Store
    place: Callable[[Order], Call]
    charge_point: ChargePoint
    link: Link
    model: ChargePointModel
    since: datetime
    after: Call | None

    def ask(self, names: Sequence[str] | None) -> None:
        """Ask for these keys, as many as the station takes now and the others afterwards; None asks for everything."""
        if names is None:
            self._place("GetConfiguration", {}, {"rest": None})
            return
        known = self.store.configuration.values(self.charge_point.id, "GetConfigurationMaxKeys")
        most = max(limit_of(known.get("GetConfigurationMaxKeys")) or _BATCH, 1)
        self._place("GetConfiguration", {"key": list(names[:most])}, {"rest": list(names[most:])})

    def change(self) -> None:
        """Set the first key that is not what it should be and was not tried yet."""
        rows = self.store.configuration.all(self.charge_point.id, consistent=True)
        chosen, known = plan.wishes(rows, self.model), plan.by_name(rows)
        for key in plan.kept(chosen, rows):
            self.store.configuration.note_attempt(self.charge_point.id, key, None)
        for wish in plan.due_changes(chosen, rows, self.since):
            count = plan.tries(wish, known.get(wish.key.casefold())) + 1
            refusal = self._place("ChangeConfiguration", {"key": wish.key, "value": wish.value}, {"count": count})
            if refusal is None:
                return
            attempt = plan.refused(wish, refusal, self.since, count)
            self.store.configuration.note_attempt(self.charge_point.id, wish.key, attempt)

    def was_cut_off(self, call: Call) -> bool:
        """Whether the call has no answer because its connection was lost, which says nothing about the station."""
        if call.state is not CallState.TIMED_OUT or call.sent_at is None:
            return False
        return self.link.connection_id is None or (self.link.connected_at_ms or 0) > call.sent_at.timestamp() * 1000

    def keys_to_ask(self) -> tuple[str, ...]:
        """All keys worth asking for by name."""
        return plan.keys_to_ask(self.model, self.store.configuration.all(self.charge_point.id))

    def _place(self, action: str, payload: JsonObject, context: JsonObject) -> str | None:
        """Place the next call, once, however often this runs; the rule that stands against it, if one does."""
        since = format_timestamp(self.since)
        order = Order(
            self.charge_point.id,
            action,
            payload,
            _REQUESTED_BY,
            context={_SINCE: since, **context},
            idempotency_key=f"commissioning-after-{self.after.id if self.after else since}",
            words={_SINCE: since},
        )
        try:
            self.place(order)
        except (NotConnected, WaitingListFull, LookupError):
            return None  # the next boot takes it up
        except CallRefused as refused:
            return str(refused)
        return None


def _run_of(settled: Settled) -> _Run | None:
    call = settled.call
    since = (call.context or {}).get(_SINCE)
    if since is None or call.state in {CallState.EXPIRED, CallState.CANCELLED}:
        return None
    return _run(settled.store, settled.place, call.charge_point_id, parse_timestamp(since), call)


def _run(
    store: Store,
    place: Callable[[Order], Call],
    charge_point_id: ChargePointId,
    since: datetime,
    after: Call | None = None,
) -> _Run | None:
    """What is to go on; None if the station has booted again since, or nothing is to be sent of our own accord."""
    link, charge_point = store.links.get(charge_point_id), store.charge_points.get(charge_point_id)
    if link is None or charge_point is None:
        return None
    has_booted_again = charge_point.booted_at is not None and charge_point.booted_at > since
    if has_booted_again or link.is_quiet or link.registration is not Registration.ACCEPTED:
        return None
    return _Run(store, place, charge_point, link, model_of(store, charge_point), since, after)


def _has_keys(response: object) -> bool:
    return isinstance(response, dict) and bool(response.get("configurationKey"))
