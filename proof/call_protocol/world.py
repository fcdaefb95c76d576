"""What there is besides processes: the table, the queue, the station and its connection; and what processes are."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from csms.call_queue import Wake
from csms.ids import ChargePointId
from csms.store.calls import Call
from csms.store.calls import _from_item as call_from_item
from csms.store.keys import Key

STATION: Final = ChargePointId("CP")
NOON: Final = datetime(2026, 3, 5, 12, tzinfo=UTC)
LATER: Final = timedelta(seconds=31)
"""Longer than a call waits for its answer."""
STALE: Final = "stale"
"""A read that need not be up to date, and is not."""
LAST_WITH_EFFECTS: Final = "Reset"


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
    before: dict[Key, dict[str, Any] | None] = field(default_factory=dict)
    """Items as they were before their last change, if that is not long ago: replicas may still have them so."""
    now: datetime = NOON
    pace: timedelta = LATER
    """How far the clock goes at once."""
    messages: tuple[tuple[datetime, Wake], ...] = ()
    unanswered: tuple[Frame, ...] = ()
    posted: frozenset[str] = frozenset()
    connection: str | None = None
    connected_at: datetime = NOON
    connections: int = 0
    ids: int = 0
    applied: frozenset[str] = frozenset()
    placed: frozenset[str] = frozenset()
    """What the operator was told that it is placed."""
    left: tuple[tuple[str, int], ...] = ()
    """How often what may still happen."""

    def key(self) -> int:
        """Equal for equal worlds."""
        items = tuple(sorted((key, repr(sorted(item.items()))) for key, item in self.items.items()))
        rest = (self.now, tuple(sorted(map(repr, self.messages))), self.unanswered, self.posted, self.connection)
        counted = (self.connected_at, self.connections, self.ids, self.applied, self.placed, self.left)
        before = repr(sorted(self.before.items())) if self.may(STALE) else None
        return hash((items, rest, counted, before))

    @property
    def link(self) -> dict[str, Any]:
        """The link row."""
        return next(item for item in self.items.values() if "registration" in item)

    def may(self, event: str) -> bool:
        """Whether an event may still happen."""
        return dict(self.left).get(event, 0) > 0

    def spent(self, event: str) -> "World":
        """A copy in which it has happened once more."""
        left = tuple((name, count - (name == event)) for name, count in self.left)
        return replace(self, items=dict(self.items), before=dict(self.before), left=left)

    def copy(self) -> "World":
        """Items are never changed in place."""
        return replace(self, items=dict(self.items), before=dict(self.before))

    def calls(self) -> list[Call]:
        """All of them."""
        return [call_from_item(item) for item in self.items.values() if "created_at" in item]


def due_calls(world: World) -> list[Call]:
    """What the sweep finds: queued calls that are in the due list, and whose time is up."""
    listed = [call_from_item(item) for item in world.items.values() if "GSI4PK" in item]
    return [call for call in listed if call.expires_at <= world.now]
