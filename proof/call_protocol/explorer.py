"""Goes everywhere, and looks at what it finds."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

from csms.call_queue import Deadline
from csms.gateway import Posted
from csms.store.calls import CallState
from csms.store.keys import CALL_PREFIX
from csms.store.links import Links, Registration
from proof.call_protocol.events import events_of
from proof.call_protocol.machine import Machine
from proof.call_protocol.world import LAST_WITH_EFFECTS, LATER, NOON, STALE, STATION, Process, Task, World, due_calls
from proof.memory_table import MemoryTable

if TYPE_CHECKING:
    from csms.store.table import Table


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

    def __init__(
        self,
        *,
        side_by_side: int = 2,
        switches: int = 2,
        lifetime: timedelta = timedelta(minutes=20),
        pace: timedelta = LATER,
        **events: int,
    ) -> None:
        self.machine = Machine(lifetime)
        self._is_patient = lifetime > timedelta(minutes=10)
        self._pace = pace
        self._is_undisturbed = not {"crash", "time"} & events.keys()
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
        machine.world = World(pace=self._pace, left=(*self._events, *((f"place {order}", 1) for order in orders)))
        table = MemoryTable(machine.world.items)
        Links(cast("Table", table)).create(STATION, Registration.ACCEPTED)
        machine.world.connection, machine.world.connected_at = "c0", NOON - timedelta(minutes=1)
        machine.finish(Task("connect", ("c0", machine.world.connected_at)))
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
            for what, world, task in events_of(state.world, {process.task for process in state.processes}):
                if task is None and any(process.is_posting for process in state.processes):
                    continue  # the engine counts on no time to pass here
                processes = (*state.processes, Process(task)) if task else state.processes
                if task is None or len(state.processes) < self._side_by_side:
                    last = len(processes) - 1 if task else None
                    self.happened[what.split()[0]] += 1
                    yield what, State(world, processes, last, switches)

    def _steps(self, state: State, number: int, process: Process, switches: int) -> Iterator[tuple[str, State]]:
        posts = [each for each in Posted if each is not Posted.DELIVERED] if state.world.may("trouble") else []
        reads = [STALE] if state.world.may(STALE) else []
        for trouble in [None, *posts, *reads]:
            event = "trouble" if isinstance(trouble, Posted) else trouble
            world = state.world.spent(event) if event else state.world.copy()
            self.machine.world, self.machine.trouble = world, trouble
            after = self.machine.step(process)
            if trouble and self.machine.trouble is trouble:
                continue  # it was no such request
            self.happened[event or "step"] += 1
            _check_calls(state.world, world)
            _check_link(state.world, world, process.task)
            processes = list(state.processes)
            if after:
                processes[number] = after
            else:
                del processes[number]
                self._end(process.task)
            last = number if after else None
            what = f"{process.task.kind} {process.task.about} goes on{f', {trouble}' if trouble else ''}"
            yield what, State(self.machine.world, tuple(processes), last, switches if after else self._switches)

    def _end(self, task: Task) -> None:
        """What is so when a process has come to its end."""
        world = self.machine.world
        if task.kind == "connect" and not self.machine.is_refused:
            assert task.about[1] >= world.connected_at, "an older connection takes the link"
            assert "flight" not in world.link, "a new connection finds the slot taken"
            world.connection, world.connected_at = task.about
        elif task.kind == "answer":
            assert world.link.get("flight", {}).get("call_id") != task.about, "it was answered, and has the slot"
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

    def _come_to_rest(self, world: World) -> None:
        """The station is there and answers, the queue and the stream deliver, the sweep comes by."""
        key = hash((world.key(), "rest"))
        if key in self._rested:
            return
        self._rested.add(key)
        _check_findable(world)
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
            is_lost = call.state is CallState.TIMED_OUT and call.id not in world.posted
            assert not (is_lost and self._is_undisturbed), "it was never sent, and is taken for unanswered"
            is_given_up = call.state is CallState.EXPIRED and call.id in world.placed and self._is_patient
            assert not is_given_up, "nobody sent it, though there was time"

    def _is_at_rest(self, world: World) -> bool:
        link = world.link
        is_over = all(call.state.is_ended and call.has_effects_done for call in world.calls())
        return is_over and "flight" not in link and not link.get("waiting")

    def _behave(self, world: World) -> None:
        finish = self.machine.finish
        world.now += timedelta(seconds=61)
        if world.connection is None:
            world.connections += 1
            world.connection, world.connected_at = f"c{world.connections}", world.now
            finish(Task("connect", (world.connection, world.connected_at)))
        finish(Task("speak", (world.connection, world.connected_at)))
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
        for call in due_calls(world):
            finish(Task("expire", call.id))
        for call in world.calls():
            if call.state.is_ended and not call.has_effects_done:
                finish(Task("stream", call.id))


def _check_calls(before: World, after: World) -> None:
    """An end is for good, and nothing is due any more; each order is one call."""
    actions = [item["action"] for key, item in after.items.items() if key.sort.startswith(CALL_PREFIX)]
    assert len(actions) == len(set(actions)), "one order, two calls"
    for key, item in before.items.items():
        if key.sort.startswith(CALL_PREFIX) and CallState(item["state"]).is_ended:
            now = after.items.get(key, {})
            assert (now.get("state"), now.get("response")) == (item["state"], item.get("response")), "a second end"
            assert "GSI4PK" not in now, "it has ended, and is due"
        elif item.get("state") == CallState.SENT and after.items[key]["state"] == CallState.TIMED_OUT:
            answer_by = datetime.fromisoformat(item["answer_by"])
            assert answer_by <= after.now, "it is given up before its time"


def _check_findable(world: World) -> None:
    """Nobody is at work: whatever the station does, a call is found by its deadline message or, if queued, swept."""
    watched = {wake.call_id for _, wake in world.messages if isinstance(wake, Deadline)}
    for key, item in world.items.items():
        if key.sort.startswith(CALL_PREFIX) and not CallState(item["state"]).is_ended:
            is_swept = item["state"] == CallState.QUEUED and "GSI4PK" in item
            assert is_swept or item["call_id"] in watched, "nobody looks after it"


def _check_link(before: World, after: World, task: Task) -> None:
    """A call has one place, and the end of a connection that is not the link's leaves the link alone."""
    waiting = after.link.get("waiting", [])
    assert len(waiting) == len(set(waiting)), "it waits twice"
    assert after.link.get("flight", {}).get("call_id") not in waiting, "it waits and flies"
    if task.kind == "disconnect" and before.link.get("connection_id") != task.about:
        assert after.link.get("connection_id") == before.link.get("connection_id"), "somebody else's connection ends"
