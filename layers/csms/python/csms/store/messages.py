"""The message log: one item an exchange, both frames as they went over the wire, deleted by TTL."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from csms.digest import digest
from csms.ids import ChargePointId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.table import Cursor, Item, Table


@dataclass(frozen=True)
class Exchanged:
    """One exchange: who asked, what, and what the answer was."""

    received_at: datetime
    initiator: str
    """`charge point` or `central system`."""
    action: str | None
    request: str
    response: str | None
    """None where no answer was due."""


@dataclass(frozen=True)
class MessagePage:
    """Some exchanges, newest first; `cursor` is None when the day has no more."""

    messages: list[Exchanged]
    cursor: Cursor | None


class Messages:
    """The message log rows."""

    def __init__(self, table: Table, keep_days: int) -> None:
        self._table = table
        self._keep = timedelta(days=keep_days)

    def record(self, charge_point_id: ChargePointId, exchanged: Exchanged) -> None:
        """Write one exchange."""
        self._table.put(
            keys.Key(
                keys.message_partition(charge_point_id, exchanged.received_at),
                keys.timed(exchanged.received_at, digest(exchanged.request)),
            ),
            {
                "received_at": format_timestamp(exchanged.received_at),
                "initiator": exchanged.initiator,
                "action": exchanged.action,
                "request": exchanged.request,
                "response": exchanged.response,
                keys.TTL_ATTRIBUTE: int((exchanged.received_at + self._keep).timestamp()),
            },
        )

    def list(
        self, charge_point_id: ChargePointId, day: datetime, *, limit: int, after: Cursor | None = None
    ) -> MessagePage:
        """The exchanges of one UTC day, newest first."""
        page = self._table.query(
            keys.message_partition(charge_point_id, day), limit=limit, newest_first=True, after=after
        )
        return MessagePage([_from_item(item) for item in page.items], page.cursor)


def _from_item(item: Item) -> Exchanged:
    return Exchanged(
        received_at=parse_timestamp(item["received_at"]),
        initiator=item["initiator"],
        action=item.get("action"),
        request=item["request"],
        response=item.get("response"),
    )
