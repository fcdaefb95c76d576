"""Meter values: one item a message, the payload kept verbatim (signed data is evidence)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from csms.digest import digest
from csms.ids import ChargePointId, TransactionId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.json_text import read_array
from csms.store.table import Cursor, Item, Table

_KEEP_OUTSIDE_TRANSACTIONS: Final = timedelta(days=400)


@dataclass(frozen=True)
class MeterMessage:
    """The samples of one MeterValues, or of one StopTransaction's transactionData."""

    connector_id: int | None
    timestamp: datetime
    """Of its first sample."""
    received_at: datetime
    meter_value: list[dict[str, Any]]
    """`meterValue` as the station sent it [S 7.33]."""


@dataclass(frozen=True)
class MeterPage:
    """Some messages in time order; `cursor` is None when that was all."""

    messages: list[MeterMessage]
    cursor: Cursor | None


class MeterValues:
    """The meter value rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def record_for_transaction(
        self, charge_point_id: ChargePointId, transaction_id: TransactionId, message: MeterMessage
    ) -> None:
        """Keep samples of a transaction for good. The same message, told again, overwrites itself."""
        self._record(keys.transaction_meter_partition(charge_point_id, transaction_id), message, {})

    def record_for_connector(self, charge_point_id: ChargePointId, connector_id: int, message: MeterMessage) -> None:
        """Keep samples outside transactions for a little over a year."""
        expires_at = int((message.received_at + _KEEP_OUTSIDE_TRANSACTIONS).timestamp())
        self._record(
            keys.connector_meter_partition(charge_point_id, connector_id, message.timestamp),
            message,
            {keys.TTL_ATTRIBUTE: expires_at},
        )

    def of_transaction(
        self,
        charge_point_id: ChargePointId,
        transaction_id: TransactionId,
        *,
        limit: int | None = None,
        after: Cursor | None = None,
        newest_first: bool = False,
    ) -> MeterPage:
        """The messages of one transaction."""
        page = self._table.query(
            keys.transaction_meter_partition(charge_point_id, transaction_id),
            limit=limit,
            after=after,
            newest_first=newest_first,
        )
        return MeterPage([_from_item(item) for item in page.items], page.cursor)

    def all_of_transaction(
        self, charge_point_id: ChargePointId, transaction_id: TransactionId
    ) -> Iterator[MeterMessage]:
        """Every message of one transaction, in time order."""
        partition = keys.transaction_meter_partition(charge_point_id, transaction_id)
        return map(_from_item, self._table.query_all(partition))

    def _record(self, partition: str, message: MeterMessage, extra: dict[str, Any]) -> None:
        sort = keys.timed(message.timestamp, digest([message.connector_id, message.meter_value]))
        self._table.put(
            keys.Key(partition, sort),
            {
                "connector_id": message.connector_id,
                "timestamp": format_timestamp(message.timestamp),
                "received_at": format_timestamp(message.received_at),
                "meter_value": json.dumps(message.meter_value, separators=(",", ":"), ensure_ascii=False),
                **extra,
            },
        )


def _from_item(item: Item) -> MeterMessage:
    return MeterMessage(
        connector_id=item.get("connector_id"),
        timestamp=parse_timestamp(item["timestamp"]),
        received_at=parse_timestamp(item["received_at"]),
        meter_value=read_array(item["meter_value"]),
    )
