"""What became of each UpdateFirmware and GetDiagnostics: what the station told, whether it fetched or sent anything.

The files themselves are in `csms.store.received_files`.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from boto3.dynamodb.conditions import Attr, ConditionBase

from csms.ids import CallId, ChargePointId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.calls import CallState
from csms.store.errors import ConditionFailed
from csms.store.table import Cursor, Item, Table

MOST_FILES: Final = 1000
MOST_BYTES: Final = 2**30
"""Of one request: whoever has the token cannot fill the bucket without end."""
_MOST_STATUSES: Final = 200
_RECENT: Final = 5
FINAL_STATUSES: Final = frozenset({"Installed", "Uploaded"})
"""After a failure a station may try again."""


class FileKind(StrEnum):
    """Which way a file goes."""

    FIRMWARE = "firmware"
    DIAGNOSTICS = "diagnostics"


class TransferState(StrEnum):
    """Where a transfer is, as far as anybody knows."""

    REQUESTED = "requested"
    """The call was sent, and its answer is awaited."""
    UNDER_WAY = "under way"
    COMPLETED = "completed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    """Its time is over, and nobody knows how it ended."""


@dataclass(frozen=True)
class ToldStatus:
    """What a station said in a status notification, and when it arrived."""

    status: str
    at: datetime


@dataclass(frozen=True)
class FileTransfer:
    """One transfer, known by the id of its call; there is none before the call was sent."""

    charge_point_id: ChargePointId
    call_id: CallId
    kind: FileKind
    created_at: datetime
    open_until: datetime
    """Until then statuses belong to it, unless it was completed before."""
    token_hash: str | None = None
    """Of the short URL; None where the operator gave a location of their own."""
    image_id: str | None = None
    version: str | None = None
    """The firmwareVersion that the next boot is to report, where that is known and would be news."""
    call_state: CallState | None = None
    """How the call ended; None before."""
    announced_name: str | None = None
    """The fileName of GetDiagnostics.conf; stations omit or invent it."""
    fetched_at: datetime | None = None
    """When the station first asked for the image."""
    statuses: tuple[ToldStatus, ...] = ()
    has_files: bool = False
    """Whether the station sent any."""
    completed_at: datetime | None = None
    withdrawn_at: datetime | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the station was asked, as far as we know: its answer was no refusal."""
        return self.call_state not in _NEVER_HAPPENED

    def awaits_status(self, now: datetime) -> bool:
        """Whether a status notification may belong to it. A boot that completes it may come before the last one."""
        is_final = bool(self.statuses) and self.statuses[-1].status in FINAL_STATUSES
        return self.has_begun and not is_final and now < self.open_until

    def state(self, now: datetime) -> TransferState:
        """Where it is now."""
        if self.completed_at or self.has_files:
            return TransferState.COMPLETED
        if self.withdrawn_at or self.call_state is CallState.CANCELLED:
            return TransferState.WITHDRAWN
        if not self.has_begun or (self.statuses and self.statuses[-1].status.endswith("Failed")):
            return TransferState.FAILED
        if now >= self.open_until:
            return TransferState.LAPSED
        is_under_way = self.call_state or self.statuses or self.fetched_at
        return TransferState.UNDER_WAY if is_under_way else TransferState.REQUESTED


@dataclass(frozen=True)
class TransferPage:
    """Some transfers, newest first; `cursor` is None when that was all."""

    transfers: list[FileTransfer]
    cursor: Cursor | None


_NEVER_HAPPENED: Final = frozenset({CallState.REJECTED, CallState.FAILED, CallState.EXPIRED, CallState.CANCELLED})
_EXISTS: Final = Attr(keys.PARTITION_KEY).exists()


class FileTransfers:
    """The transfer rows, deleted by TTL."""

    def __init__(self, table: Table, keep_days: int) -> None:
        self._table = table
        self._keep = timedelta(days=keep_days)

    def create(self, transfer: FileTransfer) -> None:
        """Add a transfer; one that is there stays as it is."""
        with suppress(ConditionFailed):
            self._table.put(_key(transfer), self._to_item(transfer), condition=Attr(keys.PARTITION_KEY).not_exists())

    def get(self, charge_point_id: ChargePointId, kind: FileKind, call_id: CallId) -> FileTransfer | None:
        """One transfer, strongly consistent."""
        item = self._table.get(keys.file_transfer(charge_point_id, kind, call_id), consistent=True)
        return _from_item(item) if item else None

    def list(
        self,
        charge_point_id: ChargePointId,
        kind: FileKind,
        *,
        limit: int,
        after: Cursor | None = None,
        consistent: bool = False,
    ) -> TransferPage:
        """The charge point's transfers of one kind, newest first."""
        page = self._table.query(
            keys.charge_point_partition(charge_point_id),
            prefix=keys.file_transfer_prefix(kind),
            limit=limit,
            newest_first=True,
            after=after,
            consistent=consistent,
        )
        return TransferPage([_from_item(item) for item in page.items], page.cursor)

    def latest(
        self, charge_point_id: ChargePointId, kind: FileKind, *, consistent: bool = False
    ) -> FileTransfer | None:
        """The last one that the station did not refuse, among the last few: one query, whatever it finds."""
        recent = self.list(charge_point_id, kind, limit=_RECENT, consistent=consistent).transfers
        return next((transfer for transfer in recent if transfer.has_begun), None)

    def settle(self, ended: FileTransfer) -> None:
        """Note how the call ended."""
        state = ended.call_state.value if ended.call_state else None
        self._change(ended, {"call_state": state, "announced_name": ended.announced_name})

    def add_status(self, transfer: FileTransfer, told: ToldStatus) -> bool:
        """Add what the station said; a final status completes the transfer.

        False if it has other statuses by now than `transfer`, one of which may be this: the client repeats a request
        whose answer was lost, and a list would take the status again.
        """
        if len(transfer.statuses) >= _MOST_STATUSES:
            return True
        entry = {"status": told.status, "at": format_timestamp(told.at)}
        return self._change(
            transfer,
            {"completed_at": format_timestamp(told.at)} if told.status in FINAL_STATUSES else {},
            append={"statuses": [entry]},
            condition=_is_as_long("statuses", len(transfer.statuses)),
        )

    def make_room(self, transfer: FileTransfer, count: int, size: int) -> bool:
        """Count files that are about to be stored, of so many bytes together; False if they would be too many."""
        if count > MOST_FILES or size > MOST_BYTES:
            return False
        has_room = _is_at_most("file_count", MOST_FILES - count) & _is_at_most("file_bytes", MOST_BYTES - size)
        return self._change(transfer, {}, add={"file_count": count, "file_bytes": size}, condition=has_room)

    def note_fetch(self, charge_point_id: ChargePointId, kind: FileKind, call_id: CallId, now: datetime) -> None:
        """Note that the station asks for the file, if it is the first time."""
        with suppress(ConditionFailed):
            self._table.update(
                keys.file_transfer(charge_point_id, kind, call_id),
                assign={"fetched_at": format_timestamp(now)},
                condition=_EXISTS & Attr("fetched_at").not_exists(),
            )

    def complete(self, transfer: FileTransfer, now: datetime) -> None:
        """Note that it is done, where the station did not say so itself."""
        self._change(transfer, {"completed_at": format_timestamp(now)})

    def withdraw(self, transfer: FileTransfer, now: datetime) -> None:
        """Note that the operator no longer wants it."""
        self._change(transfer, {"withdrawn_at": format_timestamp(now)})

    def unsettled(self, charge_point_id: ChargePointId, now: datetime) -> Iterator[FileTransfer]:
        """Those that something may still be counted to."""
        partition = keys.charge_point_partition(charge_point_id)
        for kind in FileKind:
            items = self._table.query_all(partition, prefix=keys.file_transfer_prefix(kind), consistent=True)
            yield from (each for each in map(_from_item, items) if now < each.open_until)

    def close(self, transfer: FileTransfer, now: datetime) -> None:
        """Count nothing to it from now on."""
        self._change(transfer, {"open_until": format_timestamp(now)})

    def _change(
        self,
        transfer: FileTransfer,
        assign: dict[str, Any],
        *,
        append: dict[str, Any] | None = None,
        add: dict[str, int] | None = None,
        condition: ConditionBase = _EXISTS,
    ) -> bool:
        """Whether the condition held; a row that TTL has removed is not brought back."""
        try:
            self._table.update(_key(transfer), assign=assign, append=append, add=add, condition=_EXISTS & condition)
        except ConditionFailed:
            return False
        return True

    def _to_item(self, transfer: FileTransfer) -> dict[str, Any]:
        return {
            "charge_point_id": transfer.charge_point_id,
            "call_id": transfer.call_id,
            "kind": transfer.kind.value,
            "created_at": format_timestamp(transfer.created_at),
            "open_until": format_timestamp(transfer.open_until),
            "token_hash": transfer.token_hash,
            "image_id": transfer.image_id,
            "version": transfer.version,
            keys.TTL_ATTRIBUTE: int((transfer.open_until + self._keep).timestamp()),
        }


def _key(transfer: FileTransfer) -> keys.Key:
    return keys.file_transfer(transfer.charge_point_id, transfer.kind, transfer.call_id)


def _is_as_long(name: str, length: int) -> ConditionBase:
    return Attr(name).size().eq(length) if length else Attr(name).not_exists() | Attr(name).size().eq(0)


def _is_at_most(name: str, number: int) -> ConditionBase:
    return Attr(name).not_exists() | Attr(name).lte(number)


def _moment(item: Item, name: str) -> datetime | None:
    return parse_timestamp(item[name]) if name in item else None


def _from_item(item: Item) -> FileTransfer:
    return FileTransfer(
        charge_point_id=ChargePointId(item["charge_point_id"]),
        call_id=CallId(item["call_id"]),
        kind=FileKind(item["kind"]),
        created_at=parse_timestamp(item["created_at"]),
        open_until=parse_timestamp(item["open_until"]),
        token_hash=item.get("token_hash"),
        image_id=item.get("image_id"),
        version=item.get("version"),
        call_state=CallState(item["call_state"]) if "call_state" in item else None,
        announced_name=item.get("announced_name"),
        fetched_at=_moment(item, "fetched_at"),
        statuses=tuple(ToldStatus(told["status"], parse_timestamp(told["at"])) for told in item.get("statuses", ())),
        has_files="file_count" in item,
        completed_at=_moment(item, "completed_at"),
        withdrawn_at=_moment(item, "withdrawn_at"),
    )
