"""What may happen next in the outside world: each as what it is called, the world after it, the process it begins."""

from collections.abc import Iterator, Set
from dataclasses import replace
from datetime import timedelta

from proof.call_protocol.world import Task, World, due_calls

Happening = tuple[str, World, Task | None]


def events_of(world: World, under_way: Set[Task]) -> Iterator[Happening]:
    """All that may happen; what is under way already does not begin a second time."""
    yield from _of_operator(world)
    yield from _of_queue(world, under_way)
    yield from _of_answers(world, under_way)
    yield from _of_connection(world)


def _of_operator(world: World) -> Iterator[Happening]:
    for name, _ in world.left:
        if name.startswith("place ") and world.may(name):
            yield name, world.spent(name), Task("place", name.removeprefix("place "))
        elif name.startswith("place ") and world.may("repeat"):  # whoever it was, whether the first is at it or not
            yield f"repeat {name}", world.spent("repeat"), Task("place", name.removeprefix("place "))
    if world.may("cancel"):
        for call in world.calls():
            yield f"cancel {call.id}", world.spent("cancel"), Task("cancel", call.id)


def _of_queue(world: World, under_way: Set[Task]) -> Iterator[Happening]:
    """And of the clock."""
    for due, wake in set(world.messages):
        task = Task("deliver", wake)
        if due <= world.now and world.may("twice"):  # whether the first is at it or not
            after = world.spent("twice")
            after.messages = (*after.messages, (due, wake))
            yield f"twice {wake}", after, task
        if task not in under_way and due <= world.now:
            yield f"deliver {wake}", world.copy(), task
        elif task not in under_way and world.may("early"):
            yield f"early {wake}", world.spent("early"), task
    if world.may("sweep"):
        for call in due_calls(world):
            yield f"sweep {call.id}", world.spent("sweep"), Task("expire", call.id)
    if world.may("time"):
        yield "time passes", replace(world.spent("time"), now=world.now + world.pace, before={}), None


def _of_answers(world: World, under_way: Set[Task]) -> Iterator[Happening]:
    for frame in world.unanswered:
        rest = tuple(other for other in world.unanswered if other != frame)
        answer = Task("answer", frame.call_id)
        if frame.connection == world.connection:
            yield f"answer {frame.call_id}", replace(world.copy(), unanswered=rest), answer
        elif world.may("late"):  # over another connection than it was called on
            yield f"late {frame.call_id}", replace(world.spent("late"), unanswered=rest), answer
        if world.may("again") and answer not in under_way:
            yield f"again {frame.call_id}", world.spent("again"), answer


def _of_connection(world: World) -> Iterator[Happening]:
    if world.may("reconnect"):
        after = world.spent("reconnect")
        after.connections += 1
        after.connection = None
        at = world.now + timedelta(milliseconds=after.connections)
        yield "reconnect", after, Task("connect", (f"c{after.connections}", at))
    if world.may("disconnect"):  # of the connection that is, or late, of one that was
        for number in range(world.connections + 1):
            connection = None if world.connection == f"c{number}" else world.connection
            after = replace(world.spent("disconnect"), connection=connection)
            yield f"disconnect c{number}", after, Task("disconnect", f"c{number}")
    if world.may("speak") and world.connection:
        yield "speak", world.spent("speak"), Task("speak", (world.connection, world.connected_at))
