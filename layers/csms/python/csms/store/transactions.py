"""Transactions: one item each, started and stopped once however often a station says so.

The id comes from what the station reports, so that a repetition finds the same item (DESIGN: idempotency comes from
keys). An open transaction is in the list of open ones; an ended one in the lists by start time.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from csms.authorization import AuthorizationStatus, is_same_tag
from csms.ids import ChargePointId, TransactionId
from csms.ocpp.primitives import LARGEST_TRANSACTION_ID, format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.listing import ENOUGH_BYTES, MOST_QUERIES, ListPage, Partition, ShardCursor, list_partitions
from csms.store.table import Item, Table

_NEW: Final = Attr(keys.PARTITION_KEY).not_exists()
_EXISTS: Final = Attr(keys.PARTITION_KEY).exists()
_NOT_STOPPED: Final = Attr("stopped_at").not_exists()


class TransactionState(StrEnum):
    """Where a transaction is in its life."""

    OPEN = "open"
    STOPPED = "stopped"
    SUPERSEDED = "superseded"
    """A later start on the same connector says it must have ended; its own stop may still come."""
    CLOSED = "closed"
    """Ended by an operator; its own stop may still come."""


@dataclass(frozen=True)
class Start:
    """What a station reported with StartTransaction."""

    connector_id: int
    id_tag: str
    timestamp: datetime
    meter_start_wh: int
    reservation_id: int | None = None


@dataclass(frozen=True)
class Stop:
    """What a station reported with StopTransaction, or an operator in its place."""

    timestamp: datetime
    meter_stop_wh: int | None
    received_at: datetime
    reason: str = "Local"
    id_tag: str | None = None
    tag_status: AuthorizationStatus | None = None
    """What the stopping tag was worth then; a repetition gets the same answer."""

    def is_repeated_by(self, other: "Stop") -> bool:
        """Whether the station reports the same end once more."""
        return (self.timestamp, self.meter_stop_wh, self.id_tag) == (
            other.timestamp,
            other.meter_stop_wh,
            other.id_tag,
        )


@dataclass(frozen=True)
class Transaction:
    """One transaction."""

    charge_point_id: ChargePointId
    id: TransactionId
    start: Start
    started_at: datetime
    """Orders starts: the station's time, or the arrival where its clock cannot be believed."""
    received_at: datetime
    tag_status: AuthorizationStatus
    parent_id_tag: str | None = None
    state: TransactionState = TransactionState.OPEN
    stop: Stop | None = None
    closed_by: str | None = None
    closed_reason: str | None = None
    flags: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it still runs as far as we know."""
        return self.state is TransactionState.OPEN

    @property
    def energy_wh(self) -> int | None:
        """Energy drawn, once the final register is known; None where the meter ran backwards."""
        if self.stop is None or self.stop.meter_stop_wh is None:
            return None
        energy_wh = self.stop.meter_stop_wh - self.start.meter_start_wh
        return energy_wh if energy_wh >= 0 else None


@dataclass(frozen=True)
class TransactionFilter:
    """Which transactions to list: those that started in [since, until) and fit what is not None."""

    since: datetime
    until: datetime
    charge_point_id: ChargePointId | None = None
    id_tag: str | None = None
    state: TransactionState | None = None

    def matches(self, transaction: Transaction) -> bool:
        """Whether the transaction is wanted."""
        return (
            self.since <= transaction.started_at < self.until
            and self.charge_point_id in (None, transaction.charge_point_id)
            and self.state in (None, transaction.state)
            and (self.id_tag is None or is_same_tag(self.id_tag, transaction.start.id_tag))
        )


def transaction_id_for(charge_point_id: ChargePointId, start: Start, salt: str = "", probe: int = 0) -> TransactionId:
    """The id of a start: positive, 31 bits, the same for the same report.

    Args:
        charge_point_id: who reports.
        start: what it reports.
        salt: joins the report where its clock cannot tell two starts apart.
        probe: goes up while a different start holds the id.
    """
    report = "\x1f".join(
        (
            charge_point_id,
            str(start.connector_id),
            start.id_tag.upper(),
            format_timestamp(start.timestamp),
            str(start.meter_start_wh),
            salt,
            str(probe),
        )
    )
    number = int.from_bytes(hashlib.blake2b(report.encode(), digest_size=4).digest(), "big")
    return TransactionId(number % LARGEST_TRANSACTION_ID + 1)


class Transactions:
    """The transaction rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(
        self, charge_point_id: ChargePointId, transaction_id: TransactionId, *, consistent: bool = True
    ) -> Transaction | None:
        """One transaction; strongly consistent unless asked otherwise: it may have been written a moment ago."""
        item = self._table.get(keys.transaction(charge_point_id, transaction_id), consistent=consistent)
        return _from_item(item) if item else None

    def exists(self, charge_point_id: ChargePointId, transaction_id: TransactionId) -> bool:
        """Whether the transaction is known; the dearer read only where the cheap one finds nothing."""
        return any(self.get(charge_point_id, transaction_id, consistent=consistent) for consistent in (False, True))

    def get_many(
        self, charge_point_id: ChargePointId, transaction_ids: list[TransactionId], *, consistent: bool = False
    ) -> list[Transaction]:
        """Those of the transactions that exist."""
        return self.get_each([(charge_point_id, number) for number in transaction_ids], consistent=consistent)

    def get_each(
        self, transactions: list[tuple[ChargePointId, TransactionId]], *, consistent: bool = False
    ) -> list[Transaction]:
        """The same, of any charge points."""
        items = self._table.get_many([keys.transaction(*each) for each in transactions], consistent=consistent)
        return [_from_item(item) for item in items]

    def begin(self, transaction: Transaction, salt: str = "") -> Transaction:
        """Store a start once. A repetition returns what was stored the first time, status and all.

        The transaction's own id is replaced by the one that its report hashes to.
        """
        probe = 0
        while True:
            number = transaction_id_for(transaction.charge_point_id, transaction.start, salt, probe)
            candidate = replace(transaction, id=number)
            try:
                self._table.put(
                    keys.transaction(transaction.charge_point_id, number),
                    _to_item(candidate, salt),
                    condition=_NEW,
                )
            except ConditionFailed as taken:
                stored = taken.item or {}
                if _is_same_report(stored, candidate.start, salt):
                    return _from_item(stored)
                probe += 1
            else:
                return candidate

    def end(self, transaction: Transaction, stop: Stop, flags: tuple[str, ...] = ()) -> Transaction:
        """Store the stop once; the first one stays.

        Raises:
            ConditionFailed: it was stopped before; carries the item.
        """
        item = self._table.update(
            keys.transaction(transaction.charge_point_id, transaction.id),
            assign=_stop_to_item(stop) | {"state": TransactionState.STOPPED.value} | _ended_attributes(transaction),
            append={"flags": list(flags)} if flags else {},
            remove=keys.index_attributes("GSI1"),
            condition=_EXISTS & _NOT_STOPPED,
            returning="ALL_NEW",
        )
        return _from_item(item)

    def supersede(self, transaction: Transaction) -> None:
        """Note that a later start on its connector ended the transaction, unless it ended otherwise meanwhile."""
        with suppress(ConditionFailed):
            self._table.update(
                keys.transaction(transaction.charge_point_id, transaction.id),
                assign={"state": TransactionState.SUPERSEDED.value, **_ended_attributes(transaction)},
                remove=keys.index_attributes("GSI1"),
                condition=_EXISTS & Attr("state").eq(TransactionState.OPEN.value),
            )

    def close(
        self, transaction: Transaction, *, by: str, reason: str, at: datetime, meter_stop_wh: int | None
    ) -> Transaction:
        """End a transaction by hand.

        Raises:
            ConditionFailed: it is stopped or closed already.
        """
        item = self._table.update(
            keys.transaction(transaction.charge_point_id, transaction.id),
            assign={
                "state": TransactionState.CLOSED.value,
                "closed_at": format_timestamp(at),
                "closed_by": by,
                "closed_reason": reason,
                "closed_meter_wh": meter_stop_wh,
                **_ended_attributes(transaction),
            },
            remove=keys.index_attributes("GSI1"),
            condition=_EXISTS & _NOT_STOPPED & Attr("closed_at").not_exists(),
            returning="ALL_NEW",
        )
        return _from_item(item)

    def count_open(self, shard: int) -> int:
        """How many are open in a shard."""
        return self._table.count(keys.open_partition(shard), index="GSI1")

    def open_of_tag(self, id_tag: str) -> Iterator[Transaction]:
        """The open transactions of a tag, eventually consistent."""
        items = self._table.query_all(
            keys.open_partition(keys.shard_of(id_tag.upper())), index="GSI1", prefix=keys.open_tag_prefix(id_tag)
        )
        return (found for found in map(_from_item, items) if is_same_tag(found.start.id_tag, id_tag))

    def ended_around(self, charge_point_id: ChargePointId, moment: datetime, *, limit: int = 25) -> list[Transaction]:
        """The charge point's latest ended transactions that started by then, latest first."""
        page = self._table.query(
            keys.charge_point_partition(charge_point_id),
            index="GSI2",
            between=(keys.FIRST_MOMENT, keys.timed(moment, "~")),
            limit=limit,
            newest_first=True,
        )
        return [_from_item(item) for item in page.items]

    def list(
        self,
        wanted: "TransactionFilter",
        *,
        limit: int,
        cursor: ShardCursor | None = None,
        most_queries: int = MOST_QUERIES,
        enough_bytes: int = ENOUGH_BYTES,
    ) -> ListPage[Transaction]:
        """The transactions that fit: the open ones, then the ended ones, of the latest day first.

        The open ones of a single charge point are not among them: its connectors name them.
        """
        return list_partitions(
            self._table,
            _partitions(wanted),
            _from_item,
            limit=limit,
            cursor=cursor,
            matches=wanted.matches,
            most_queries=most_queries,
            enough_bytes=enough_bytes,
        )


def _partitions(wanted: TransactionFilter) -> list[Partition]:
    partitions = []
    if wanted.state in {None, TransactionState.OPEN} and wanted.charge_point_id is None:
        partitions += _open_partitions(wanted.id_tag)
    if wanted.state is not TransactionState.OPEN:
        partitions += _ended_partitions(wanted)
    return partitions


def _open_partitions(id_tag: str | None) -> list[Partition]:
    if id_tag is None:
        return [Partition(keys.open_partition(shard)) for shard in range(keys.SHARDS)]
    return [Partition(keys.open_partition(keys.shard_of(id_tag.upper())), prefix=keys.open_tag_prefix(id_tag))]


def _ended_partitions(wanted: TransactionFilter) -> list[Partition]:
    between = (keys.moment_bound(wanted.since), keys.moment_bound(wanted.until))
    if wanted.charge_point_id is not None:
        names, index = [keys.charge_point_partition(wanted.charge_point_id)], "GSI2"
    else:
        last = wanted.until.date()
        days = [last - timedelta(days=age) for age in range((last - wanted.since.date()).days + 1)]
        names, index = [keys.day_partition(day, shard) for day in days for shard in range(keys.DAY_SHARDS)], "GSI3"
    return [Partition(name, index=index, between=between, newest_first=True) for name in names]


def _is_same_report(item: Item, start: Start, salt: str) -> bool:
    return (
        item.get("connector_id") == start.connector_id
        and is_same_tag(item.get("id_tag", ""), start.id_tag)
        and item.get("start_timestamp") == format_timestamp(start.timestamp)
        and item.get("meter_start_wh") == start.meter_start_wh
        and item.get("salt", "") == salt
    )


def _ended_attributes(transaction: Transaction) -> dict[str, str]:
    number, started_at = transaction.id, transaction.started_at
    return {
        **keys.ended_of_charge_point(transaction.charge_point_id, started_at, number).attributes(),
        **keys.ended_on_day(transaction.charge_point_id, started_at, number).attributes(),
    }


def _to_item(transaction: Transaction, salt: str) -> dict[str, Any]:
    start = transaction.start
    return {
        "charge_point_id": transaction.charge_point_id,
        "transaction_id": transaction.id,
        "connector_id": start.connector_id,
        "id_tag": start.id_tag,
        "start_timestamp": format_timestamp(start.timestamp),
        "meter_start_wh": start.meter_start_wh,
        "reservation_id": start.reservation_id,
        "started_at": format_timestamp(transaction.started_at),
        "received_at": format_timestamp(transaction.received_at),
        "tag_status": transaction.tag_status.value,
        "parent_id_tag": transaction.parent_id_tag,
        "state": transaction.state.value,
        "flags": list(transaction.flags) or None,
        "salt": salt or None,
        **keys.open_transaction(start.id_tag, transaction.charge_point_id, transaction.id).attributes(),
    }


def _stop_to_item(stop: Stop) -> dict[str, Any]:
    return {
        "stopped_at": format_timestamp(stop.timestamp),
        "meter_stop_wh": stop.meter_stop_wh,
        "stop_received_at": format_timestamp(stop.received_at),
        "stop_reason": stop.reason,
        "stop_id_tag": stop.id_tag,
        "stop_tag_status": stop.tag_status.value if stop.tag_status else None,
    }


def _from_item(item: Item) -> Transaction:
    return Transaction(
        charge_point_id=ChargePointId(item["charge_point_id"]),
        id=TransactionId(item["transaction_id"]),
        start=Start(
            connector_id=item["connector_id"],
            id_tag=item["id_tag"],
            timestamp=parse_timestamp(item["start_timestamp"]),
            meter_start_wh=item["meter_start_wh"],
            reservation_id=item.get("reservation_id"),
        ),
        started_at=parse_timestamp(item["started_at"]),
        received_at=parse_timestamp(item["received_at"]),
        tag_status=AuthorizationStatus(item["tag_status"]),
        parent_id_tag=item.get("parent_id_tag"),
        state=TransactionState(item["state"]),
        stop=_stop_from_item(item),
        closed_by=item.get("closed_by"),
        closed_reason=item.get("closed_reason"),
        flags=tuple(item.get("flags", ())),
    )


def _stop_from_item(item: Item) -> Stop | None:
    """The station's own stop, else the operator's."""
    if "stopped_at" in item:
        status = item.get("stop_tag_status")
        return Stop(
            timestamp=parse_timestamp(item["stopped_at"]),
            meter_stop_wh=item["meter_stop_wh"],
            received_at=parse_timestamp(item["stop_received_at"]),
            reason=item["stop_reason"],
            id_tag=item.get("stop_id_tag"),
            tag_status=AuthorizationStatus(status) if status else None,
        )
    if "closed_at" in item:
        closed_at = parse_timestamp(item["closed_at"])
        return Stop(
            timestamp=closed_at, meter_stop_wh=item.get("closed_meter_wh"), received_at=closed_at, reason="Other"
        )
    return None
