"""Connectors: status in the station's order, and the transaction that runs on each. 0 is the charge point itself."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from csms.ids import ChargePointId, SiteId, TransactionId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.table import Item, Table

PAUSED_BY_VEHICLE: Final = "SuspendedEV"
"""The status of a connector whose vehicle takes nothing of what it is offered."""


@dataclass(frozen=True)
class ConnectorStatus:
    """One reported status. `since` orders it; `timestamp` is what the station said, if anything."""

    status: str
    error_code: str
    since: datetime
    timestamp: datetime | None = None
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None


@dataclass(frozen=True)
class Connector:
    """One connector as it was last known."""

    connector_id: int
    status: ConnectorStatus | None
    transaction_id: TransactionId | None
    """The latest transaction, while it runs."""
    reserved_until: datetime | None = None
    """No reservation that concerns this connector, or for 0 the charge point, expires later. It may have ended since:
    this only says when it is worth looking for one."""
    site_id: SiteId | None = None
    """The site whose charging plan hears of its changes."""

    def may_be_reserved(self, moment: datetime) -> bool:
        """Whether a reservation may have held it then."""
        return self.reserved_until is not None and moment < self.reserved_until


@dataclass(frozen=True)
class Occupation:
    """What `occupy` found: is there a later start already, and which transaction was running before."""

    is_current: bool
    previous_id: TransactionId | None


class Connectors:
    """The connector rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def all(self, charge_point_id: ChargePointId, *, consistent: bool = False) -> list[Connector]:
        """Every connector heard of, lowest number first."""
        items = self._table.query_all(
            keys.charge_point_partition(charge_point_id), prefix=keys.CONNECTOR_PREFIX, consistent=consistent
        )
        return sorted(map(_from_item, items), key=lambda connector: connector.connector_id)

    def get(self, charge_point_id: ChargePointId, connector_id: int) -> Connector | None:
        """One connector, or None if it was never heard of."""
        item = self._table.get(keys.connector(charge_point_id, connector_id))
        return _from_item(item) if item else None

    def report(self, charge_point_id: ChargePointId, connector_id: int, status: ConnectorStatus) -> Connector | None:
        """Record a status unless a later one is known: then None, else the connector as it is now."""
        reported: dict[str, Any] = {
            "connector_id": connector_id,
            "status": status.status,
            "error_code": status.error_code,
            "since": format_timestamp(status.since),
            "timestamp": format_timestamp(status.timestamp) if status.timestamp else None,
            "info": status.info,
            "vendor_id": status.vendor_id,
            "vendor_error_code": status.vendor_error_code,
        }
        try:
            item = self._table.update(
                keys.connector(charge_point_id, connector_id),
                assign=reported,
                remove=[name for name, value in reported.items() if value is None],
                condition=Attr("since").not_exists() | Attr("since").lte(reported["since"]),
                returning="ALL_NEW",
            )
        except ConditionFailed:
            return None
        return _from_item(item)

    def reserve(self, charge_point_id: ChargePointId, connector_id: int, until: datetime) -> Connector | None:
        """Note that there may be a reservation until then; returns the connector as it is afterwards."""
        try:
            item = self._table.update(
                keys.connector(charge_point_id, connector_id),
                assign={"connector_id": connector_id, "reserved_until": format_timestamp(until)},
                condition=Attr("reserved_until").not_exists() | Attr("reserved_until").lt(format_timestamp(until)),
                returning="ALL_NEW",
            )
        except ConditionFailed as failed:  # it is noted already
            return _from_item(failed.item) if failed.item else None
        return _from_item(item)

    def note_profiles(self, charge_point_id: ChargePointId, at: datetime) -> None:
        """Note on the connectors of a site that somebody else than its plan has changed their charging profiles."""
        for connector in self.all(charge_point_id):
            if connector.site_id is not None:
                with suppress(ConditionFailed):
                    self._table.update(
                        keys.connector(charge_point_id, connector.connector_id),
                        assign={"profiles_changed_at": format_timestamp(at)},
                        condition=Attr("site_id").exists(),
                    )

    def occupy(
        self, charge_point_id: ChargePointId, connector_id: int, transaction_id: TransactionId, started_at: datetime
    ) -> Occupation:
        """Make this the connector's running transaction, unless a later one has started there."""
        try:
            old = self._table.update(
                keys.connector(charge_point_id, connector_id),
                assign={
                    "connector_id": connector_id,
                    "transaction_id": transaction_id,
                    "transaction_started_at": format_timestamp(started_at),
                },
                condition=Attr("transaction_started_at").not_exists()
                | Attr("transaction_started_at").lte(format_timestamp(started_at)),
                returning="ALL_OLD",
            )
        except ConditionFailed:
            return Occupation(is_current=False, previous_id=None)
        previous = old.get("transaction_id")
        return Occupation(is_current=True, previous_id=previous if previous != transaction_id else None)

    def vacate(self, charge_point_id: ChargePointId, connector_id: int, transaction_id: TransactionId) -> None:
        """End the transaction's hold on its connector; another transaction's stays."""
        with suppress(ConditionFailed):
            self._table.update(
                keys.connector(charge_point_id, connector_id),
                remove=("transaction_id",),
                condition=Attr("transaction_id").eq(transaction_id),
            )


def _from_item(item: Item) -> Connector:
    return Connector(
        connector_id=item["connector_id"],
        status=ConnectorStatus(
            status=item["status"],
            error_code=item["error_code"],
            since=parse_timestamp(item["since"]),
            timestamp=parse_timestamp(item["timestamp"]) if "timestamp" in item else None,
            info=item.get("info"),
            vendor_id=item.get("vendor_id"),
            vendor_error_code=item.get("vendor_error_code"),
        )
        if "status" in item
        else None,
        transaction_id=item.get("transaction_id"),
        reserved_until=parse_timestamp(item["reserved_until"]) if "reserved_until" in item else None,
        site_id=item.get("site_id"),
    )
