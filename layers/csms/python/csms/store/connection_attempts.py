"""Refused connection attempts, counted per identity, reason and source, so that an operator can see and accept them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.listing import ListPage, ShardCursor, list_partitions, partitions_of
from csms.store.table import Item, Table

_KIND: Final = "ATTEMPT"
_KEEP: Final = timedelta(days=30)
_SOURCE: Final = "source:"
MOST_SOURCES: Final = 20
"""Addresses that are counted each by itself; there is no end to those that a stranger may come from."""


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
    sources: Mapping[str, int] = field(default_factory=dict)
    """How many came from each of the first addresses; the others are in `count` alone."""


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
    ) -> ConnectionAttempt:
        """Count one more refusal; returns all that there were."""
        assign = {
            "identity": identity,
            "reason": reason,
            "last_at": format_timestamp(now),
            "source_ip": source_ip,
            "user_agent": user_agent,
            "with_credentials": with_credentials,
            keys.TTL_ATTRIBUTE: int((now + _KEEP).timestamp()),
            **keys.listed(_KIND, f"{identity}#{reason}").attributes(),
        }
        try:
            return self._count(assign, now, source_ip)
        except ConditionFailed:  # one source too many
            return self._count(assign, now, None)

    def _count(self, assign: dict[str, Any], now: datetime, source_ip: str | None) -> ConnectionAttempt:
        key = keys.connection_attempt(assign["identity"], assign["reason"])
        once, add = {"first_at": format_timestamp(now)}, {"attempts": 1}
        if source_ip is None:
            return _from_item(self._table.update(key, assign=assign, assign_once=once, add=add, returning="ALL_NEW"))
        known = Attr("sources")
        item = self._table.update(
            key,
            assign=assign,
            assign_once=once,
            add={**add, f"{_SOURCE}{source_ip}": 1, "sources": {source_ip}},
            condition=known.not_exists() | known.contains(source_ip) | known.size().lt(MOST_SOURCES),
            returning="ALL_NEW",
        )
        return _from_item(item)

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
        sources={source: item[f"{_SOURCE}{source}"] for source in sorted(item.get("sources", ()))},
    )
