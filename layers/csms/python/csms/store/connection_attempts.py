"""Refused connection attempts, counted per identity and reason, so that an operator can see and accept them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.listing import ListPage, ShardCursor, list_partitions, partitions_of
from csms.store.table import Item, Table

_KIND: Final = "ATTEMPT"
_KEEP: Final = timedelta(days=30)


@dataclass(frozen=True)
class ConnectionAttempt:
    """The refused attempts of one identity for one reason."""

    identity: str
    reason: str
    count: int
    first_at: datetime
    last_at: datetime
    source_ip: str | None
    user_agent: str | None
    with_credentials: bool | None = None
    """Whether the last one offered a password or certificate; None where that was not noted."""


class ConnectionAttempts:
    """The refused attempt rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def record(
        self,
        identity: str,
        reason: str,
        now: datetime,
        source_ip: str | None,
        user_agent: str | None,
        *,
        with_credentials: bool | None = None,
    ) -> None:
        """Count one more refusal."""
        self._table.update(
            keys.connection_attempt(identity, reason),
            assign={
                "identity": identity,
                "reason": reason,
                "last_at": format_timestamp(now),
                "source_ip": source_ip,
                "user_agent": user_agent,
                "with_credentials": with_credentials,
                keys.TTL_ATTRIBUTE: int((now + _KEEP).timestamp()),
                **keys.listed(_KIND, f"{identity}#{reason}").attributes(),
            },
            assign_once={"first_at": format_timestamp(now)},
            add={"attempts": 1},
        )

    def list(self, *, limit: int, cursor: ShardCursor | None = None) -> ListPage[ConnectionAttempt]:
        """All refusals of the last weeks."""
        return list_partitions(self._table, partitions_of(_KIND), _from_item, limit=limit, cursor=cursor)


def _from_item(item: Item) -> ConnectionAttempt:
    return ConnectionAttempt(
        identity=item["identity"],
        reason=item["reason"],
        count=item["attempts"],
        first_at=parse_timestamp(item["first_at"]),
        last_at=parse_timestamp(item["last_at"]),
        source_ip=item.get("source_ip"),
        user_agent=item.get("user_agent"),
        with_credentials=item.get("with_credentials"),
    )
