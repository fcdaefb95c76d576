"""Refused connection attempts, counted, so that an operator can see and accept them.

Charge points of ours have a row for each reason. Anybody can make up identities, so all others share a few rows of the
address that they came from.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
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
MOST_STRANGERS: Final = 16
"""Rows that one address can make with identities that nobody has; an identity always has the same one of them."""
_NETWORK_BITS: Final = 64
"""What a subscriber is given at least, and may number as he likes, of IPv6."""


@dataclass(frozen=True)
class ConnectionAttempt:
    """The refused attempts of a charge point for one reason, or some of those of strangers from one address."""

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
    is_shared: bool = False
    """Strangers': counted are all, and told is of the last one."""


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
        is_stranger: bool = False,
    ) -> ConnectionAttempt:
        """Count one more refusal; returns all that there were in its row.

        Args:
            identity: the charge point's own, or what somebody said who was not found to be one.
            reason: why.
            now: when.
            source_ip: where from.
            user_agent: what it says it is.
            with_credentials: whether it offered a password or certificate.
            is_stranger: count it with others of its address.
        """
        key, name, source = keys.connection_attempt(identity, reason), f"{identity}#{reason}", source_ip
        if is_stranger:
            source, number = _network(source_ip), zlib.crc32(identity.encode()) % MOST_STRANGERS
            key, name = keys.stranger(source or "unknown", number), f"{source}#{number}"
        assign = {
            "identity": identity,
            "reason": reason,
            "last_at": format_timestamp(now),
            "source_ip": source_ip,
            "user_agent": user_agent,
            "with_credentials": with_credentials,
            "is_shared": is_stranger or None,
            keys.TTL_ATTRIBUTE: int((now + _KEEP).timestamp()),
            **keys.listed(_KIND, name).attributes(),
        }
        try:
            return self._count(key, assign, now, source)
        except ConditionFailed:  # one source too many
            return self._count(key, assign, now, None)

    def _count(self, key: keys.Key, assign: dict[str, Any], now: datetime, source: str | None) -> ConnectionAttempt:
        once, add = {"first_at": format_timestamp(now)}, {"attempts": 1}
        if source is None:
            return _from_item(self._table.update(key, assign=assign, assign_once=once, add=add, returning="ALL_NEW"))
        known = Attr("sources")
        item = self._table.update(
            key,
            assign=assign,
            assign_once=once,
            add={**add, f"{_SOURCE}{source}": 1, "sources": {source}},
            condition=known.not_exists() | known.contains(source) | known.size().lt(MOST_SOURCES),
            returning="ALL_NEW",
        )
        return _from_item(item)

    def list(self, *, limit: int, cursor: ShardCursor | None = None) -> ListPage[ConnectionAttempt]:
        """All refusals of the last weeks."""
        return list_partitions(self._table, partitions_of(_KIND), _from_item, limit=limit, cursor=cursor)


def _network(source_ip: str | None) -> str | None:
    """The address, or for IPv6 the network that whoever has it may number as he likes."""
    try:
        address = ip_address(source_ip or "")
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Network((address.packed, _NETWORK_BITS), strict=False))
    return str(address)


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
        is_shared=item.get("is_shared", False),
    )
