"""Runs processes: the real engine over a table in memory, stopped before any request to AWS."""

import json
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from csms.call_queue import Deadline, Wake
from csms.calls import CallEngine, Order
from csms.gateway import Posted
from csms.ids import CallId, ConnectionId
from csms.ocpp.frames import CallResult
from csms.settings import Settings
from csms.store.calls import Call, Calls, CallState, Outcome
from csms.store.errors import ConditionFailed
from csms.store.keys import Key
from csms.store.links import Links
from csms.v16.answer import heal_if_forsaken
from proof.call_protocol.world import LAST_WITH_EFFECTS, STALE, STATION, Frame, Process, Task, World
from proof.memory_table import MemoryTable

if TYPE_CHECKING:
    from csms.store import Store
    from csms.store.table import Table


class PausedError(BaseException):
    """Not an `Exception`: nothing in the engine gets to handle it."""


class Machine:
    """Runs processes, a step at a time or to their end."""

    def __init__(self, lifetime: timedelta) -> None:
        self.world = World()
        self._lifetime = lifetime
        self._seen: list[tuple[str, Any]] = []
        self._position = 0
        self._steps_left = 0
        self._is_posting = False
        self.trouble: Posted | str | None = None
        """What the next post meets; or `STALE`, if the next read sees an item as it was before its last change."""
        self.is_refused = False
        """Whether the process that ended last was a connection that a newer one made pointless."""
        table = cast("Table", _Stepping(self))
        store = cast("Store", _Stores(Calls(table), Links(table)))
        self.links = store.links
        settings = Settings(table_name="t", call_settle_s=0, call_gap_s=0, call_timeout_s=30)
        outside = cast("Any", _Outside(self))
        self.engine = CallEngine(
            settings, store, lambda: outside, lambda: outside, outside, lambda: outside, clock=self._clock
        )

    def step(self, process: Process, steps: int = 1) -> Process | None:
        """Let a process make its next request, or so many; None if it has ended."""
        self._seen, self._position, self._steps_left = list(process.seen), 0, steps
        self.is_refused = False
        known = len(self._seen)
        try:
            self._run(process.task)
        except PausedError:
            news = tuple(self._seen[known:])
            return Process(process.task, tuple(self._seen), hash((process.digest, repr(news))), self._is_posting)
        return None

    def finish(self, task: Task) -> None:
        """Run a process to its end, undisturbed."""
        assert self.step(Process(task), steps=1_000) is None

    def request(self, do: Callable[[], Any], *, is_post: bool = False) -> Any:
        """A request to AWS: done once, and remembered from then on."""
        if self._position == len(self._seen):
            self._is_posting = is_post
            if self._steps_left == 0:
                raise PausedError
            self._steps_left -= 1
            try:
                self._seen.append(("answered", do()))
            except ConditionFailed as failed:
                self._seen.append(("failed", failed.item))
        kind, result = self._seen[self._position]
        self._position += 1
        if kind == "failed":
            raise ConditionFailed(result)
        return result

    def observe(self, look: Callable[[], Any]) -> Any:
        """What a process sees without asking AWS."""
        if self._position == len(self._seen):
            self._seen.append(("seen", look()))
        self._position += 1
        return self._seen[self._position - 1][1]

    def _clock(self) -> datetime:
        moment: datetime = self.observe(lambda: self.world.now)
        return moment

    def new_call_id(self, _now: datetime) -> CallId:
        """In place of the engine's own, which is random."""
        number: CallId = self.observe(self._next_id)
        return number

    def _next_id(self) -> CallId:
        self.world.ids += 1
        return CallId(f"call-{self.world.ids}")

    def _run(self, task: Task) -> None:
        match task.kind:
            case "place":
                order = Order(STATION, task.about, {}, "operator", lifetime=self._lifetime, idempotency_key=task.about)
                call = self.engine.place(order)
                self.request(lambda: self._tell_placed(call))
            case "deliver":
                self._deliver(task.about)
            case "answer":
                answer = CallResult(task.about, {"status": "Accepted", "mine": task.about})
                self.engine.settle(STATION, answer, json.dumps([3, task.about, {}]))
            case "cancel":
                self.engine.cancel(STATION, CallId(task.about))
            case "connect":
                number, at = task.about
                try:
                    self.links.take(STATION, ConnectionId(number), int(at.timestamp() * 1000), at, at)
                except ConditionFailed:
                    self.is_refused = True
            case "disconnect":
                self.links.release(STATION, ConnectionId(task.about), self._clock())
            case "speak":
                number, connected_at = task.about
                at_ms, now = int(connected_at.timestamp() * 1000), self._clock()
                link = self.links.touch(STATION, ConnectionId(number), at_ms, now)
                heal_if_forsaken(link, now, lambda: self.engine)
            case "expire":
                self.engine.expire(self._read(task.about))
            case "stream":
                self.engine.finish(self._read(task.about))

    def _read(self, call_id: str) -> Call:
        call: Call = self.request(lambda: next(call for call in self.world.calls() if call.id == call_id))
        return call

    def _tell_placed(self, call: Call) -> None:
        self.world.placed |= {call.id}

    def _deliver(self, wake: Wake) -> None:
        if isinstance(wake, Deadline):
            self.engine.meet_deadline(wake)
        else:
            self.engine.dispatch(STATION)


class _Stepping:
    """The table, every use of which is a step."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def use(key: Key, *arguments: Any, **named: Any) -> Any:
            machine = self._machine

            def do() -> Any:
                world = machine.world
                if machine.trouble == STALE and name == "get" and not named["consistent"] and key in world.before:
                    machine.trouble = None
                    return world.before[key]
                old = world.items.get(key)
                result = copy(getattr(MemoryTable(world.items), name)(key, *arguments, **named))
                if world.items.get(key) != old:
                    world.before[key] = old
                return result

            return machine.request(do)

        return use


@dataclass
class _Stores:
    calls: Calls
    links: Links

    @property
    def messages(self) -> "_Stores":
        """The message log plays no part."""
        return self

    def record(self, *_: Any) -> None:
        """It is best effort."""


class _Outside:
    """The gateway, the queue, whoever waits, and what is known of operations."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def post(self, connection_id: str, text: str) -> Posted:
        """Hold what the station gets against what it may get."""
        result: Posted = self._machine.request(lambda: self._post(connection_id, json.loads(text)[1]), is_post=True)
        return result

    def _post(self, connection: str, call_id: str) -> Posted:
        machine, world = self._machine, self._machine.world
        (call,) = (call for call in world.calls() if call.id == call_id)
        assert call.state is CallState.SENT, f"{call_id} is {call.state}"
        assert call.sent_at, "without the time of it"
        assert call.sent_at < call.expires_at, f"{call_id} after its time"
        link = world.link
        has_slot = link.get("flight", {}).get("call_id") == call_id
        assert not has_slot or link.get("connection_id") in {connection, None}, "over a connection that was given up"
        trouble = machine.trouble if isinstance(machine.trouble, Posted) else None
        machine.trouble = None if trouble else machine.trouble
        if connection != world.connection:
            return Posted.GONE
        if trouble:  # nobody knows whether a post whose end was not seen arrived
            world.posted |= {call_id} if trouble is Posted.UNKNOWN else set()
            return trouble
        outstanding = [
            frame for frame in world.unanswered if frame.connection == connection and world.now < frame.until
        ]
        assert not outstanding, f"{call_id} while {outstanding} is outstanding"
        assert call_id not in world.posted, f"{call_id} a second time"
        assert has_slot, "without the slot"
        until = datetime.fromisoformat(link["flight"]["until"])
        world.unanswered = (*world.unanswered, Frame(call_id, connection, until))
        world.posted |= {call_id}
        return Posted.DELIVERED

    def send(self, wake: Wake, delay: timedelta = timedelta()) -> None:
        """At least once, after the delay."""

        def send() -> None:
            world = self._machine.world
            world.messages = (*world.messages, (world.now + max(delay, timedelta()), wake))

        self._machine.request(send)

    def complete(self, *_: Any) -> None:
        """Nobody waits."""

    def is_immediate(self, _action: str) -> bool:
        """Each has a lifetime of its own."""
        return True

    def check(self, *_: Any) -> None:
        """No rule stands against it."""

    def precede(self, *_: Any) -> None:
        """Nothing has to be so before."""

    def conceal(self, call: Call) -> Call:
        """There is no secret."""
        return call

    def reveal(self, call: Call) -> Call:
        """There is none."""
        return call

    def outcome(self, _call: Call, answer: Any) -> Outcome:
        """Everything is accepted."""
        return Outcome(CallState.ACCEPTED, "Accepted", answer.payload)

    def show(self, _call: Call, text: str) -> str:
        """There is no secret."""
        return text

    def has_effects(self, call: Call) -> bool:
        """One of the two actions has."""
        return call.action == LAST_WITH_EFFECTS

    def apply(self, call: Call, *_: Any) -> None:
        """What the end of a call changes."""

        def apply() -> None:
            self._machine.world.applied |= {call.id}

        self._machine.request(apply)
