"""The files that charge points sent for their GetDiagnostics: each has a place of its own.

Its name and its content make its key. Another file of the same name does not take its place, and a station that tries
again because it did not hear the answer changes nothing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from csms.ids import CallId, ChargePointId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.file_transfers import FileTransfer
from csms.store.table import Cursor, Item, Table


@dataclass(frozen=True)
class ReceivedFile:
    """A file that a charge point sent. `size` in bytes."""

    charge_point_id: ChargePointId
    call_id: CallId
    digest: str
    name: str
    """What we call it: harmless, and not necessarily the only one of that name."""
    size: int
    received_at: datetime
    sent_as: str | None = None
    """What the station called it, path and all."""

    @property
    def key(self) -> str:
        """The key of its object."""
        return f"diagnostics/{self.call_id}/{self.digest}/{self.name}"


@dataclass(frozen=True)
class ReceivedFilePage:
    """Some files; `cursor` is None when that was all."""

    files: list[ReceivedFile]
    cursor: Cursor | None


def digest_of(sent_as: str | None, content: bytes) -> str:
    """What tells a file from every other one of its request."""
    return hashlib.sha256((sent_as or "").encode() + b"\0" + content).hexdigest()[:32]


class ReceivedFiles:
    """The rows of received files, deleted by TTL."""

    def __init__(self, table: Table, keep_days: int) -> None:
        self._table = table
        self._keep = timedelta(days=keep_days)

    def missing(self, files: Sequence[ReceivedFile]) -> list[ReceivedFile]:
        """Those of the files that are not there yet, each once."""
        known = {item["digest"] for item in self._table.get_many([_key(file) for file in _distinct(files)])}
        return [file for file in _distinct(files) if file.digest not in known]

    def add(self, file: ReceivedFile, transfer: FileTransfer) -> None:
        """Say that the file is there; for as long as its transfer."""
        self._table.put(_key(file), self._to_item(file, transfer))

    def list(
        self, charge_point_id: ChargePointId, call_id: CallId, *, limit: int, after: Cursor | None = None
    ) -> ReceivedFilePage:
        """The files of one request; those of a page by the time they came."""
        page = self._table.query(
            keys.charge_point_partition(charge_point_id),
            prefix=keys.received_file_prefix(call_id),
            limit=limit,
            after=after,
            consistent=True,
        )
        return ReceivedFilePage(sorted(map(_from_item, page.items), key=lambda file: file.received_at), page.cursor)

    def _to_item(self, file: ReceivedFile, transfer: FileTransfer) -> dict[str, Any]:
        return {
            "charge_point_id": file.charge_point_id,
            "call_id": file.call_id,
            "digest": file.digest,
            "name": file.name,
            "size": file.size,
            "received_at": format_timestamp(file.received_at),
            "sent_as": file.sent_as,
            keys.TTL_ATTRIBUTE: int((transfer.open_until + self._keep).timestamp()),
        }


def _distinct(files: Sequence[ReceivedFile]) -> list[ReceivedFile]:
    return list({file.digest: file for file in files}.values())


def _key(file: ReceivedFile) -> keys.Key:
    return keys.received_file(file.charge_point_id, file.call_id, file.digest)


def _from_item(item: Item) -> ReceivedFile:
    return ReceivedFile(
        charge_point_id=ChargePointId(item["charge_point_id"]),
        call_id=CallId(item["call_id"]),
        digest=item["digest"],
        name=item["name"],
        size=item["size"],
        received_at=parse_timestamp(item["received_at"]),
        sent_as=item.get("sent_as"),
    )
