"""What happened to a charge point, kept for a while: status, sessions, boots, security events, files, notices."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from csms.digest import digest
from csms.ids import ChargePointId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.table import Cursor, Item, Table


class EventKind(StrEnum):
    """The kinds of history, each a list of its own."""

    STATUS = "status"
    SESSION = "session"
    BOOT = "boot"
    SECURITY = "security"
    FIRMWARE = "firmware"
    DIAGNOSTICS = "diagnostics"
    LOG_UPLOAD = "log"
    NOTICE = "notice"
    """What is wrong between the charge point and us, and what helps."""


@dataclass(frozen=True)
class Event:
    """One entry. `details` is what the station said, in the specification's names."""

    kind: EventKind
    occurred_at: datetime
    received_at: datetime
    details: dict[str, Any]


@dataclass(frozen=True)
class EventPage:
    """Some events, newest first; `cursor` is None when that was all."""

    events: list[Event]
    cursor: Cursor | None


class History:
    """The event rows of all charge points, deleted by TTL."""

    def __init__(self, table: Table, keep_days: int) -> None:
        self._table = table
        self._keep = timedelta(days=keep_days)

    def record(self, charge_point_id: ChargePointId, event: Event, identity: str = "") -> None:
        """Write an event. The same event, told again, overwrites itself.

        Args:
            charge_point_id: whose history.
            event: what happened.
            identity: what makes it the same event; its details unless given.
        """
        mark = digest(identity or event.details)
        self._table.put(
            keys.event(charge_point_id, event.kind, event.occurred_at, mark),
            {
                "occurred_at": format_timestamp(event.occurred_at),
                "received_at": format_timestamp(event.received_at),
                "kind": event.kind.value,
                "details": {name: value for name, value in event.details.items() if value is not None},
                keys.TTL_ATTRIBUTE: int((event.received_at + self._keep).timestamp()),
            },
        )

    def list(
        self, charge_point_id: ChargePointId, kind: EventKind, *, limit: int, after: Cursor | None = None
    ) -> EventPage:
        """The charge point's events of one kind, newest first."""
        page = self._table.query(
            keys.charge_point_partition(charge_point_id),
            prefix=keys.event_prefix(kind),
            limit=limit,
            newest_first=True,
            after=after,
        )
        return EventPage([_from_item(item) for item in page.items], page.cursor)


def _from_item(item: Item) -> Event:
    return Event(
        kind=EventKind(item["kind"]),
        occurred_at=parse_timestamp(item["occurred_at"]),
        received_at=parse_timestamp(item["received_at"]),
        details=item["details"],
    )
