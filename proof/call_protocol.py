"""The call engine as a state machine, for one charge point: the real engine and the real conditions, every order.

A process is one invocation. It is run from its beginning with the results it got so far and stops before its next
request to AWS; so a state is the table, the queue, the station, and for each process under way the results it has seen.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from csms.call_queue import Deadline, Wake
from csms.calls import CallEngine, Order
from csms.gateway import Posted
from csms.ids import CallId, ChargePointId, ConnectionId
from csms.ocpp.frames import CallResult
from csms.settings import Settings
from csms.store.calls import Call, Calls, CallState, Outcome
from csms.store.calls import _from_item as call_from_item
from csms.store.errors import ConditionFailed
from csms.store.keys import Key
from csms.store.links import Links, Registration
from proof.memory_table import MemoryTable

if TYPE_CHECKING:
    from csms.store import Store
    from csms.store.table import Table

STATION: Final = ChargePointId("CP")
NOON: Final = datetime(2026, 3, 5, 12, tzinfo=UTC)
LATER: Final = timedelta(seconds=31)
"""Longer than a call waits for its answer."""
LIFETIME: Final = timedelta(minutes=20)
LAST_WITH_EFFECTS: Final = "Reset"


class PausedError(BaseException):
    """Not an `Exception`: nothing in the engine gets to handle it."""


class Task(NamedTuple):
    """What a process is to do."""

    kind: str
    about: Any = None


@dataclass(frozen=True)
class Process:
    """An invocation under way and what it has seen so far."""

    task: Task
    seen: tuple[tuple[str, Any], ...] = ()
    digest: int = 0
    """Of what it has seen."""
    is_posting: bool = False
    """Whether it has looked at the clock and posts next: the engine counts on that to take no more than 5 s."""


class Frame(NamedTuple):
    """A call as the station got it."""

    call_id: str
    connection: str
    until: datetime


@dataclass
class World:
    """Everything outside of processes."""

    items: dict[Key, dict[str, Any]] = field(default_factory=dict)
    now: datetime = NOON
    messages: tuple[tuple[datetime, Wake], ...] = ()
    unanswered: tuple[Frame, ...] = ()
    posted: frozenset[str] = frozenset()
    connection: str | None = None
    connections: int = 0
    ids: int = 0
    applied: frozenset[str] = frozenset()
    left: tuple[tuple[str, int], ...] = ()
    """How often what may still happen."""

    def key(self) -> int:
        """Equal for equal worlds."""
        items = tuple(sorted((key, repr(sorted(item.items()))) for key, item in self.items.items()))
        rest = (self.now, tuple(sorted(map(repr, self.messages))), self.unanswered, self.posted, self.connection)
        return hash((items, rest, self.connections, self.ids, self.applied, self.left))

    def may(self, event: str) -> bool:
        """Whether an event may still happen."""
        return dict(self.left).get(event, 0) > 0

    def spent(self, event: str) -> "World":
        """A copy in which it has happened once more."""
        left = tuple((name, count - (name == event)) for name, count in self.left)
        return replace(self, items=dict(self.items), left=left)

    def copy(self) -> "World":
        """Items are never changed in place."""
        return replace(self, items=dict(self.items))

    def calls(self) -> list[Call]:
        """All of them."""
        return [call_from_item(item) for item in self.items.values() if "created_at" in item]


class Machine:
    """Runs processes, a step at a time or to their end."""

    def __init__(self) -> None:
        self.world = World()
        self._seen: list[tuple[str, Any]] = []
        self._position = 0
        self._steps_left = 0
        self._is_posting = False
        self.trouble: Posted | None = None
        """What the next post meets."""
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
                order = Order(STATION, task.about, {}, "operator", lifetime=LIFETIME, idempotency_key=task.about)
                self.engine.place(order)
            case "deliver":
                self._deliver(task.about)
            case "answer":
                answer = CallResult(task.about, {"status": "Accepted", "mine": task.about})
                self.engine.settle(STATION, answer, json.dumps([3, task.about, {}]))
            case "cancel":
                self.engine.cancel(STATION, CallId(task.about))
            case "connect":
                number, at = task.about
                self.links.take(STATION, ConnectionId(number), int(at.timestamp() * 1000), at, at)
            case "disconnect":
                self.links.release(STATION, ConnectionId(task.about), self._clock())
            case "speak":
                number, connected_at = task.about
                at_ms, now = int(connected_at.timestamp() * 1000), self._clock()
                self.engine.heal(self.links.touch(STATION, ConnectionId(number), at_ms, now), now)
            case "expire":
                self.engine.expire(task.about)
            case "stream":
                self.engine.finish(task.about)

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
        def use(*arguments: Any, **named: Any) -> Any:
            table = MemoryTable(self._machine.world.items)
            return self._machine.request(lambda: copy(getattr(table, name)(*arguments, **named)))

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
        trouble, machine.trouble = machine.trouble, None
        if trouble or connection != world.connection:
            return trouble or Posted.GONE
        outstanding = [
            frame for frame in world.unanswered if frame.connection == connection and world.now < frame.until
        ]
        assert not outstanding, f"{call_id} while {outstanding} is outstanding"
        assert call_id not in world.posted, f"{call_id} a second time"
        (flight,) = (item["flight"] for item in world.items.values() if "flight" in item)
        assert flight["call_id"] == call_id, "without the slot"
        until = datetime.fromisoformat(flight["until"])
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


class State(NamedTuple):
    """The world, the processes under way, and which of them took the last step."""

    world: World
    processes: tuple[Process, ...]
    last: int | None
    switches: int
    """How often a process may still be left in the middle of its work for another."""

    def key(self) -> int:
        """Equal for equal states, whatever led there."""
        return hash((self.world.key(), tuple((one.task, one.digest) for one in self.processes), self.last))


class Explorer:
    """Visits every state that can be reached, and lets a well-behaved world bring each quiet one to rest."""

    def __init__(self, *, side_by_side: int = 2, switches: int = 2, **events: int) -> None:
        self.machine = Machine()
        self._side_by_side = side_by_side
        self._switches = switches
        self._events = tuple(sorted(events.items()))
        self.visited: dict[int, int] = {}
        self._rested: set[int] = set()
        self.happened: Counter[str] = Counter()
        """How often what happened, to show that everything did."""

    def explore(self, *orders: str) -> int:
        """Go everywhere; returns how many states there are.

        Raises:
            AssertionError: one of them is not as it should be; its history is a note of the exception.
        """
        machine = self.machine
        machine.world = World(left=(*self._events, *((f"place {order}", 1) for order in orders)))
        table = MemoryTable(machine.world.items)
        Links(cast("Table", table)).create(STATION, Registration.ACCEPTED)
        machine.finish(Task("connect", ("c0", NOON - timedelta(minutes=1))))
        machine.world.connection = "c0"
        todo: list[tuple[State, tuple[str, ...]]] = [(State(machine.world, (), None, self._switches), ())]
        while todo:
            state, history = todo.pop()
            if self.visited.get(key := state.key(), -1) >= state.switches:
                continue
            self.visited[key] = state.switches
            try:
                if not state.processes:
                    self._come_to_rest(state.world)
                todo += [(after, (*history, what)) for what, after in self._next(state)]
            except AssertionError as error:
                error.add_note("\n".join(history))
                raise
        return len(self.visited)

    def _next(self, state: State) -> Iterator[tuple[str, State]]:
        for number, process in enumerate(state.processes):
            is_switch = state.last is not None and state.last != number
            if is_switch and state.switches == 0:
                continue
            yield from self._steps(state, number, process, state.switches - is_switch)
            if state.world.may("crash") and process.seen:
                yield from self._crash(state, number, process)
        # An event of the outside world is a switch as well, while somebody is at work.
        switches = state.switches - bool(state.processes)
        if switches >= 0:
            for what, world, task in self._events_of(state):
                processes = (*state.processes, Process(task)) if task else state.processes
                if task is None or len(state.processes) < self._side_by_side:
                    last = len(processes) - 1 if task else None
                    self.happened[what.split()[0]] += 1
                    yield what, State(world, processes, last, switches)

    def _steps(self, state: State, number: int, process: Process, switches: int) -> Iterator[tuple[str, State]]:
        troubles = [Posted.THROTTLED, Posted.GONE] if state.world.may("trouble") else []
        for trouble in [None, *troubles]:
            world = state.world.spent("trouble") if trouble else state.world.copy()
            self.machine.world, self.machine.trouble = world, trouble
            after = self.machine.step(process)
            if trouble and self.machine.trouble is trouble:
                break  # it was no post
            self.happened["trouble"] += trouble is not None
            processes = list(state.processes)
            if after:
                processes[number] = after
            else:
                del processes[number]
                self._end(process.task)
            last = number if after else None
            what = f"{process.task.kind} {process.task.about} goes on{f', {trouble.value}' if trouble else ''}"
            yield what, State(self.machine.world, tuple(processes), last, switches if after else self._switches)

    def _end(self, task: Task) -> None:
        """What is so when a process has come to its end."""
        world = self.machine.world
        if task.kind == "connect":
            world.connection = task.about[0]
        elif task.kind == "deliver":
            messages = list(world.messages)
            messages.remove(next(entry for entry in messages if entry[1] == task.about))
            world.messages = tuple(messages)

    def _crash(self, state: State, number: int, process: Process) -> Iterator[tuple[str, State]]:
        world = state.world.spent("crash")
        if process.task.kind == "place":  # the operator repeats it
            world.left = tuple((name, 1 if name == f"place {process.task.about}" else n) for name, n in world.left)
        others = state.processes[:number] + state.processes[number + 1 :]
        self.happened["crash"] += 1
        yield f"{process.task.kind} {process.task.about} dies", State(world, others, None, state.switches)

    def _events_of(self, state: State) -> Iterator[tuple[str, World, Task | None]]:
        world = state.world
        under_way = {process.task for process in state.processes}
        for name, _ in world.left:
            if name.startswith("place ") and world.may(name):
                yield name, world.spent(name), Task("place", name.removeprefix("place "))
        for wake in {wake for due, wake in world.messages if due <= world.now}:
            task = Task("deliver", wake)
            if task not in under_way:
                yield f"deliver {wake}", world.copy(), task
        for frame in world.unanswered:
            if frame.connection == world.connection:
                rest = tuple(other for other in world.unanswered if other != frame)
                yield f"answer {frame.call_id}", replace(world.copy(), unanswered=rest), Task("answer", frame.call_id)
        if world.may("cancel"):
            for call in world.calls():
                yield f"cancel {call.id}", world.spent("cancel"), Task("cancel", call.id)
        if world.may("reconnect"):
            after = world.spent("reconnect")
            after.connections += 1
            after.connection = None
            yield "reconnect", after, Task("connect", (f"c{after.connections}", world.now))
        if world.may("disconnect") and world.connection:
            yield (
                "disconnect",
                replace(world.spent("disconnect"), connection=None),
                Task("disconnect", world.connection),
            )
        if world.may("speak") and world.connection:
            yield "speak", world.spent("speak"), Task("speak", self._link_of(world))
        if world.may("time") and not any(process.is_posting for process in state.processes):
            yield "time passes", replace(world.spent("time"), now=world.now + LATER), None

    def _link_of(self, world: World) -> tuple[str, datetime]:
        """The station's own knowledge of its connection."""
        item = next(item for item in world.items.values() if "registration" in item)
        return str(world.connection), datetime.fromtimestamp(item.get("connected_at_ms", 0) / 1000, UTC)

    def _come_to_rest(self, world: World) -> None:
        """The station is there and answers, the queue and the stream deliver, the sweep comes by."""
        key = hash((world.key(), "rest"))
        if key in self._rested:
            return
        self._rested.add(key)
        machine = self.machine
        machine.world, machine.trouble = world.copy(), None
        world = machine.world
        for _ in range(50):
            if self._is_at_rest(world):
                break
            self._behave(world)
        assert self._is_at_rest(world), "it never comes to rest"
        for call in world.calls():
            assert call.state is not CallState.ACCEPTED or call.response["mine"] == call.id
            assert call.action != LAST_WITH_EFFECTS or call.id in world.applied

    def _is_at_rest(self, world: World) -> bool:
        link = next(item for item in world.items.values() if "registration" in item)
        is_over = all(call.state.is_ended and call.has_effects_done for call in world.calls())
        return is_over and "flight" not in link and not link.get("waiting")

    def _behave(self, world: World) -> None:
        finish = self.machine.finish
        world.now += timedelta(seconds=61)
        if world.connection is None:
            world.connections += 1
            finish(Task("connect", (f"c{world.connections}", world.now)))
            world.connection = f"c{world.connections}"
        finish(Task("speak", self._link_of(world)))
        for entry in [entry for entry in world.messages if entry[0] <= world.now]:
            finish(Task("deliver", entry[1]))
            messages = list(world.messages)
            messages.remove(entry)
            world.messages = tuple(messages)
        while world.unanswered:
            frame, *rest = world.unanswered
            world.unanswered = tuple(rest)
            if frame.connection == world.connection:
                finish(Task("answer", frame.call_id))
        for call in world.calls():
            if call.state is CallState.QUEUED and call.expires_at < world.now:
                finish(Task("expire", call))
            elif call.state.is_ended and not call.has_effects_done:
                finish(Task("stream", call))
