"""The link row: which connection a charge point is reached by, whether it may speak, when it last did.

Small and hot. Only ever changed by conditional updates, because connect, disconnect and every message race for it.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from boto3.dynamodb.conditions import Attr, ConditionBase

from csms.ids import ChargePointId, ConnectionId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.table import Item, Table


class Registration(StrEnum):
    """Whether a charge point belongs to us [S 4.2]; the specification's words."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


@dataclass(frozen=True)
class Link:
    """The link of one charge point as it was read."""

    charge_point_id: ChargePointId
    registration: Registration
    connection_id: ConnectionId | None = None
    connected_at_ms: int | None = None
    last_seen: datetime | None = None

    def is_online(self, now: datetime, heartbeat_interval_s: int) -> bool:
        """Whether it is connected and spoke lately; `$disconnect` is best effort, so silence counts as well."""
        patience = max(3 * timedelta(seconds=heartbeat_interval_s), _LEAST_PATIENCE)
        return self.connection_id is not None and self.last_seen is not None and now - self.last_seen <= patience


_LEAST_PATIENCE: Final = timedelta(minutes=15)
_EXISTS: Final = Attr(keys.PARTITION_KEY).exists()


class Links:
    """The link rows of all charge points."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, charge_point_id: ChargePointId, registration: Registration) -> None:
        """Make the row of a new charge point; an existing one stays as it is."""
        self._table.update(
            keys.link(charge_point_id),
            assign_once={"charge_point_id": charge_point_id, "registration": registration.value},
        )

    def get(self, charge_point_id: ChargePointId) -> Link | None:
        """The link, or None for an unknown charge point."""
        item = self._table.get(keys.link(charge_point_id))
        return _from_item(item) if item else None

    def get_many(self, charge_point_ids: list[ChargePointId]) -> dict[ChargePointId, Link]:
        """The links of those that exist."""
        items = self._table.get_many([keys.link(charge_point_id) for charge_point_id in charge_point_ids])
        return {link.charge_point_id: link for link in map(_from_item, items)}

    def take(
        self, charge_point_id: ChargePointId, connection_id: ConnectionId, connected_at_ms: int, now: datetime
    ) -> ConnectionId | None:
        """Make this the charge point's connection; returns the one it replaces.

        Raises:
            ConditionFailed: a newer connection has the link, or the charge point is gone.
        """
        is_newest = Attr("connected_at_ms").not_exists() | Attr("connected_at_ms").lt(connected_at_ms)
        is_repetition = Attr("connection_id").eq(connection_id)
        old = self._table.update(
            keys.link(charge_point_id),
            assign=_connection(connection_id, connected_at_ms, now),
            condition=_EXISTS & (is_newest | is_repetition),
            returning="ALL_OLD",
        )
        previous = old.get("connection_id")
        return ConnectionId(previous) if previous and previous != connection_id else None

    def touch(
        self, charge_point_id: ChargePointId, connection_id: ConnectionId, connected_at_ms: int, now: datetime
    ) -> Link:
        """Note that the station spoke, re-asserting its connection if the link lost it; returns the whole link.

        A superseded or closed connection changes nothing and gets the link as it is: it may still finish speaking.

        Raises:
            ConditionFailed: the charge point is gone.
        """
        is_not_older = Attr("connected_at_ms").not_exists() | Attr("connected_at_ms").lte(connected_at_ms)
        try:
            item = self._table.update(
                keys.link(charge_point_id),
                assign=_connection(connection_id, connected_at_ms, now),
                condition=_EXISTS & is_not_older & _is_not_closed(connection_id),
                returning="ALL_NEW",
            )
        except ConditionFailed as failed:
            if failed.item is None:
                raise
            item = failed.item
        return _from_item(item)

    def release(self, charge_point_id: ChargePointId, connection_id: ConnectionId) -> None:
        """Note that the connection is closed for good; another one that has the link stays."""
        with suppress(ConditionFailed):
            self._table.update(
                keys.link(charge_point_id),
                assign={"closed_connection_id": connection_id},
                remove=("connection_id",),
                condition=Attr("connection_id").eq(connection_id),
            )

    def set_registration(self, charge_point_id: ChargePointId, registration: Registration) -> None:
        """Accept, hold or reject a charge point.

        Raises:
            ConditionFailed: there is no such charge point.
        """
        self._table.update(keys.link(charge_point_id), assign={"registration": registration.value}, condition=_EXISTS)

    def delete(self, charge_point_id: ChargePointId) -> None:
        """Forget the link together with its charge point."""
        self._table.delete(keys.link(charge_point_id))


def _is_not_closed(connection_id: ConnectionId) -> ConditionBase:
    return Attr("closed_connection_id").not_exists() | Attr("closed_connection_id").ne(connection_id)


def _connection(connection_id: ConnectionId, connected_at_ms: int, now: datetime) -> Item:
    return {
        "connection_id": connection_id,
        "connected_at_ms": connected_at_ms,
        "last_seen": format_timestamp(now),
    }


def _from_item(item: Item) -> Link:
    return Link(
        charge_point_id=ChargePointId(item["charge_point_id"]),
        registration=Registration(item["registration"]),
        connection_id=item.get("connection_id"),
        connected_at_ms=item.get("connected_at_ms"),
        last_seen=parse_timestamp(item["last_seen"]) if "last_seen" in item else None,
    )
