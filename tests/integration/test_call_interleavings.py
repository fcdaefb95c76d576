"""The call engine under any order of events, with a process dying before or after any AWS call.

Held at every step: at most one call is outstanding on a connection, what has ended stays ended as it did, and no answer
settles another call. Held at the end, when the station behaves: every call has ended, nothing holds the slot, and what
follows the end of each has been done, though it may have failed for long.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from moto.backends import get_backend

from csms.call_queue import CallQueue, Deadline, Dispatch, Wake
from csms.calls import CallRefused, Order
from csms.gateway import Gateway, Posted
from csms.ids import CallId, ChargePointId, ConnectionId
from csms.ocpp.json_types import JsonObject
from csms.runtime import Runtime, runtime
from csms.store.keys import shard_of
from csms.store.links import WaitingListFull
from csms.v16.operations import Settled, operations
from csms.workflows import StepFunctions
from tests.lambda_station import LambdaStation
from tests.process_died import ProcessDied

if TYPE_CHECKING:
    from csms.store.calls import CallState

Fate = tuple[int, bool, str] | None
_identities = itertools.count()
_numbers = itertools.count()

LIFETIME = timedelta(minutes=20)
FOLLOWING = "the end of another call"
EVENTS = ("die", "wakes", "stall", "vanish", "answer", "reconnect", "dispatch", "place", "sweep", "stream")
FATES = st.none() | st.tuples(st.integers(0, 12), st.booleans(), st.sampled_from(EVENTS))
"""At this AWS call, before or after it took effect: die, or let something else happen in between; None: undisturbed."""


@dataclass
class Frame:
    """One call as the station got it."""

    call_id: str
    connection_id: str
    until: datetime
    """When the engine stops waiting for its answer, which may be soon if a dispatcher was slow."""
    is_answered: bool = False


class World(RuleBasedStateMachine):
    """One station, one operator, and a queue that delivers at least once."""

    @initialize(is_silent=st.booleans())
    def begin(self, is_silent: bool) -> None:
        forget_everything()
        self.station = LambdaStation(f"CP{next(_identities)}")
        self.id = ChargePointId(self.station.identity)
        self.csms: Runtime = runtime()
        self.engine = self.csms.calls
        self.engine._clock = lambda: self.station.now
        self.frames: list[Frame] = []
        self.wakes: list[tuple[datetime, Wake]] = []
        self.keys: list[str] = []
        self.ended: dict[str, CallState] = {}
        self.results: Iterator[Posted] = iter(())
        self.fate: Fate = None
        self.is_connected = False
        self.is_silent = is_silent
        self.are_effects_broken = False
        self.applied: list[CallId] = []
        self.completed: list[str] = []
        current.world = self
        self.reconnect()

    # What the world does to the engine, each perhaps in a process that dies.

    @rule(fate=FATES, action=st.sampled_from(["ClearCache", "Reset"]), is_repeated=st.booleans())
    def place(self, fate: Fate, action: str, is_repeated: bool) -> None:
        self._in_process(fate, lambda: self._place_another(action, is_repeated=is_repeated))

    @rule(fate=FATES, index=st.integers(0, 50), is_duplicate=st.booleans())
    @precondition(lambda self: self.wakes)
    def deliver(self, fate: Fate, index: int, is_duplicate: bool) -> None:
        entry = self.wakes[index % len(self.wakes)]
        if entry[0] > self.station.now:
            return
        if not is_duplicate:
            self.wakes.remove(entry)
        if not self._in_process(fate, lambda: self._wake(entry[1])) and not is_duplicate:
            self.wakes.append((self.station.now, entry[1]))  # not acknowledged: it comes again

    @rule(fate=FATES, index=st.integers(0, 50))
    @precondition(lambda self: self.frames and self.is_connected)
    def answer(self, fate: Fate, index: int) -> None:
        frame = self.frames[-1 - index % len(self.frames)]
        frame.is_answered = True
        text = json.dumps([3, frame.call_id, {"status": "Accepted", "mine": frame.call_id}])
        self._in_process(fate, lambda: self.station.send(text))

    @rule(fate=FATES, index=st.integers(0, 50))
    @precondition(lambda self: self.keys)
    def cancel(self, fate: Fate, index: int) -> None:
        calls = self.csms.store.calls.list(self.id, limit=50).calls
        if calls:
            self._in_process(fate, lambda: self.engine.cancel(self.id, calls[index % len(calls)].id))

    @rule(seconds=st.sampled_from([1, 2, 5, 31]))
    def wait(self, seconds: int) -> None:
        self.station.wait(seconds=seconds)

    @rule()
    @precondition(lambda self: self.is_connected)
    def say_something(self) -> None:
        self.station.result("Heartbeat", {})

    @rule()
    def disconnect(self) -> None:
        self.station.disconnect()
        self.is_connected = False

    @rule()
    def reconnect(self) -> None:
        self.station.wait(seconds=1)
        assert self.station.connect()["statusCode"] == 200
        self.is_connected = True

    @rule(fate=FATES)
    def stream(self, fate: Fate) -> None:
        self._in_process(fate, self._stream)

    @rule(fate=FATES)
    def sweep(self, fate: Fate) -> None:
        self._in_process(fate, self._sweep)

    @rule(are_broken=st.booleans())
    def trouble_effects(self, are_broken: bool) -> None:
        self.are_effects_broken = are_broken

    @rule(results=st.lists(st.sampled_from([*Posted]), max_size=3))
    def trouble_posts(self, results: list[Posted]) -> None:
        self.results = iter(results)

    # What must hold.

    @invariant()
    def what_has_ended_stays_ended_and_answers_belong(self) -> None:
        if not hasattr(self, "keys"):
            return
        for call in self.csms.store.calls.list(self.id, limit=100).calls:
            if call.id in self.ended:
                assert call.state is self.ended[call.id]
            elif call.state.is_ended:
                self.ended[call.id] = call.state
            for response in (call.response, call.late_response):
                assert response is None or response["mine"] == call.id

    def teardown(self) -> None:
        if not hasattr(self, "keys"):
            return
        self.results = iter(())
        self._come_to_rest()
        self.are_effects_broken = False
        self._stream()
        self._come_to_rest()
        calls = self.csms.store.calls.list(self.id, limit=1000).calls
        assert all(call.has_effects_done for call in calls)
        assert {call.id for call in calls} <= set(self.applied)
        assert {call.task_token for call in calls if call.task_token} <= set(self.completed)
        following = [call.id for call in calls if call.requested_by == FOLLOWING]
        assert len(following) <= sum(call.action == "Reset" for call in calls)

    # Helpers.

    def _come_to_rest(self) -> None:
        for _ in range(60):
            self._behave()
            if not self._open_calls() and not self._holds_anything():
                break
        assert self._open_calls() == []
        assert not self._holds_anything()

    def _behave(self) -> None:
        """The station is there and answers, some clients retry, queue and stream deliver, the sweep comes by."""
        if not self.is_connected:
            self.reconnect()
        self.station.wait(seconds=61)
        if not self.is_silent:
            self.station.result("Heartbeat", {})
        self.station.wait(seconds=2)
        for key in self.keys:
            self._place(key)
        self._sweep()
        self._deliver_due()
        self._answer_all()
        self._stream()

    def apply(self, settled: Settled) -> None:
        """What the end of each call changes: that of a Reset leads to another call."""
        if self.are_effects_broken:
            raise RuntimeError("broken")
        call = settled.call
        if call.action == "Reset":
            key = f"after {call.id}"
            with suppress(CallRefused, WaitingListFull):
                settled.place(Order(self.id, "ClearCache", {}, FOLLOWING, idempotency_key=key, lifetime=LIFETIME))
        self.applied.append(call.id)

    def _stream(self) -> None:
        for call in self.csms.store.calls.list(self.id, limit=100).calls:
            if call.state.is_ended and not call.has_effects_done:
                with suppress(RuntimeError):  # the stream comes again
                    self.engine.finish(call)

    def _deliver_due(self) -> None:
        for entry in [entry for entry in self.wakes if entry[0] <= self.station.now]:
            self.wakes.remove(entry)
            self._wake(entry[1])

    def _sweep(self) -> None:
        for call in self.csms.store.calls.due(self.station.now, shard_of(self.id)):
            self.engine.expire(call)

    def _answer_all(self) -> None:
        for frame in self.frames:
            if not frame.is_answered:
                frame.is_answered = True
                self.station.send(json.dumps([3, frame.call_id, {"status": "Accepted", "mine": frame.call_id}]))

    def _place_another(self, action: str = "ClearCache", *, is_repeated: bool = True) -> None:
        if not is_repeated:
            self._order(action)
            return
        self.keys.append(f"k{len(self.keys)}-{action}")
        self._place(self.keys[-1])

    def _place(self, key: str) -> None:
        self._order(key.partition("-")[2], key)

    def _order(self, action: str, key: str | None = None) -> None:
        is_reset = action == "Reset"
        order = Order(
            self.id,
            action,
            {"type": "Soft"} if is_reset else {},
            "operator",
            idempotency_key=key,
            lifetime=LIFETIME,
            task_token=f"token-{next(_numbers)}" if is_reset else None,
        )
        with suppress(CallRefused, WaitingListFull):
            self.engine.place(order)

    def _wake(self, wake: Wake) -> None:
        if isinstance(wake, Deadline):
            self.engine.meet_deadline(wake)
        elif isinstance(wake, Dispatch):
            self.engine.dispatch(wake.charge_point_id)

    def _open_calls(self) -> list[CallId]:
        calls = self.csms.store.calls.list(self.id, limit=100).calls
        return [call.id for call in calls if not call.state.is_ended]

    def _holds_anything(self) -> bool:
        link = self.csms.store.links.get(self.id, consistent=True)
        return link is None or link.flight is not None or bool(link.waiting)

    def _in_process(self, fate: Fate, work: Callable[[], Any]) -> bool:
        """Run in a process that may die or be interrupted at the given AWS call; whether it lived."""
        self.fate = fate
        try:
            work()
        except ProcessDied:
            self.csms.sessions.forget(ConnectionId(self.station.connection_id))
            return False
        finally:
            self.fate = None
        return True

    def step(self, *, is_after: bool) -> None:
        """One AWS call is about to be made, or was made."""
        if self.fate is None or is_after != self.fate[1]:
            return
        left, _, event = self.fate
        if left > 0:
            self.fate = (left - 1, is_after, event)
            return
        self.fate = None
        self._happen(event)

    def _happen(self, event: str) -> None:
        """What another process, the station or the clock does in the middle of somebody's work."""
        match event:
            case "die":
                raise ProcessDied
            case "stall":
                self.station.wait(seconds=31)
                self._deliver_due()
            case "vanish":
                self.disconnect()
                self.station.wait(seconds=31)
                self._deliver_due()
            case "place":
                self.station.wait(seconds=20)
                self._place_another()
            case "wakes":
                self._deliver_due()
            case "answer":
                self._answer_all()
            case "reconnect":
                self.reconnect()
            case "sweep":
                self._sweep()
            case "stream":
                self._stream()
            case _:
                self.engine.dispatch(self.id)

    def post(self, connection_id: str, text: str) -> Posted:
        """The gateway's side of a post, and the station's."""
        result = next(self.results, Posted.DELIVERED)
        if not self.is_connected or connection_id != self.station.connection_id:
            result = Posted.GONE
        if result in {Posted.DELIVERED, Posted.UNKNOWN}:
            outstanding = [
                frame
                for frame in self.frames
                if frame.connection_id == connection_id and not frame.is_answered and self.station.now < frame.until
            ]
            assert outstanding == [], "two calls outstanding"
            call_id = json.loads(text)[1]
            assert call_id not in {frame.call_id for frame in self.frames}, "sent twice"
            self.fate, fate = None, self.fate
            link = self.csms.store.links.get(self.id, consistent=True)
            self.fate = fate
            assert link is not None
            assert link.flight is not None
            assert link.flight.call_id == call_id
            self.frames.append(Frame(call_id, connection_id, link.flight.until))
        self.step(is_after=True)
        return result


@dataclass
class Current:
    """The world that is being played."""

    world: World | None = None


current = Current()


def forget_everything() -> None:
    """An empty table; moto sorts all of it for every query."""
    get_backend("dynamodb")["123456789012"]["eu-central-1"].tables["csms"].items.clear()


def test_any_order_of_events_ends_every_call_exactly_once(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    def post(_: Gateway, connection_id: ConnectionId, text: str) -> Posted:
        assert current.world is not None
        return current.world.post(connection_id, text)

    def send(_: CallQueue, wake: Wake, delay: timedelta = timedelta()) -> None:
        assert current.world is not None
        current.world.step(is_after=False)
        current.world.wakes.append((current.world.station.now + min(delay, timedelta(minutes=15)), wake))
        current.world.step(is_after=True)

    def before(**_: Any) -> None:
        if current.world:
            current.world.step(is_after=False)

    def after(**_: Any) -> None:
        if current.world:
            current.world.step(is_after=True)

    def apply(_request: object, _response: object, settled: Settled) -> None:
        assert current.world is not None
        current.world.apply(settled)

    def complete(_: StepFunctions, task_token: str, _result: JsonObject) -> None:
        assert current.world is not None
        current.world.completed.append(task_token)

    for action in ("ClearCache", "Reset"):
        monkeypatch.setattr(operations()[action], "_apply", apply)
    monkeypatch.setattr(StepFunctions, "complete", complete)
    # Ids in the order of placing: hypothesis wants the same order again.
    monkeypatch.setattr("csms.calls.new_call_id", lambda _now: CallId(f"{next(_numbers):012d}"))
    monkeypatch.setattr(Gateway, "post", post)
    monkeypatch.setattr(Gateway, "close", lambda _self, _connection: None)
    monkeypatch.setattr(CallQueue, "send", send)
    events = csms.store.links._table._client.meta.events
    events.register("before-call.dynamodb", before)
    events.register("after-call.dynamodb", after)
    run_state_machine_as_test(
        World,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
