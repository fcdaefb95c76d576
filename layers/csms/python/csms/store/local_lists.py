"""Local authorization lists: what each charge point last acknowledged holding, and the synchronisation under way.

One row per charge point, entries compressed. The ends of calls change it in the order in which the calls were sent.
"""

import json
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from csms.ids import CallId, ChargePointId
from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.calls import Call
from csms.store.errors import ConditionFailed
from csms.store.table import Item, Table

NOT_SUPPORTED: Final = -1
"""The version of a charge point that has no local list [S 5.10]."""
LARGEST_VERSION: Final = 2**31 - 1

_DOUBTS: Final = ("needs_full", "doubtful_version", "conflict_at")

_LARGEST: Final = 180 * 1024
"""Bytes; an item takes 400 KB, and ours may hold two lists."""

Entries = tuple[JsonObject, ...]
"""Entries of the list as they went over the wire; idTagInfo is always there."""


class SyncState(StrEnum):
    """How far a synchronisation has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Sync:
    """One synchronisation, step by step until the charge point holds `wanted`."""

    id: str
    state: SyncState
    requested_by: str
    started_at: datetime
    adopts: bool = False
    """A list that is not ours may be overwritten."""
    wanted: Entries = ()
    reason: str | None = None
    """Why it failed."""


@dataclass(frozen=True)
class LocalList:
    """What is known of one charge point's list."""

    charge_point_id: ChargePointId
    version: int | None = None
    """The version it holds as far as it has said; None if it never did, -1 if it has no list."""
    entries: Entries | None = None
    """What it acknowledged holding; None while that is unknown."""
    entries_version: int | None = None
    """The version at which it acknowledged `entries`."""
    sent_version: int = 0
    """The highest version it was ever sent."""
    doubtful_version: int | None = None
    """The version of a list that was ours as a whole and was not answered: it may hold that."""
    needs_full: bool = False
    """It did not take a change, or did not say so: what it holds is doubtful."""
    conflict_at: datetime | None = None
    """When it last reported a LocalListConflict that no full list has answered since."""
    reported_at: datetime | None = None
    acknowledged_at: datetime | None = None
    failure: str | None = None
    """What the last list that was sent came to, if not Accepted."""
    call_id: CallId | None = None
    """The last call whose end changed this."""
    sync: Sync | None = None

    @property
    def is_supported(self) -> bool:
        """False only once the charge point has said so."""
        return self.version != NOT_SUPPORTED

    @property
    def is_foreign(self) -> bool:
        """Whether it holds a list that somebody else has sent."""
        is_somebodys = self.version is not None and self.version > 0
        return is_somebodys and not self.is_as_acknowledged and self.version != self.doubtful_version

    @property
    def is_as_acknowledged(self) -> bool:
        """Whether the version it holds is the one it acknowledged; an empty list has version 0 [S 5.10]."""
        if self.entries is None:
            return False
        return self.version == self.entries_version or (self.version == 0 and not self.entries)

    @property
    def is_trusted(self) -> bool:
        """Whether changes can build on what it acknowledged."""
        return self.is_as_acknowledged and not self.needs_full and self.conflict_at is None

    @property
    def next_version(self) -> int:
        """Above every version it was sent or has reported; after the largest there is, a full list begins anew."""
        latest = max(self.version or 0, self.sent_version, 0)
        return latest + 1 if latest < LARGEST_VERSION else 1


class LocalLists:
    """The rows of the local lists."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, charge_point_id: ChargePointId) -> LocalList:
        """What is known of a charge point's list, strongly consistent."""
        item = self._table.get(keys.local_list(charge_point_id), consistent=True)
        return _from_item(charge_point_id, item or {})

    def report(self, call: Call, version: int) -> None:
        """Note the version a charge point says it holds: 0 is an empty list, -1 none at all."""
        known = {"version": version, "reported_at": format_timestamp(call.ended_at or call.created_at)}
        empty = {"entries": _pack(()), "entries_version": 0} if version == 0 else {}
        self._settle(call, {**known, **empty}, remove=_DOUBTS if empty else ())

    def acknowledge(
        self, call: Call, before: LocalList, version: int, entries: Entries | None, *, is_full: bool
    ) -> None:
        """Note that a charge point has taken a list: what it holds now, None if part of that is unknown."""
        assign = {
            "version": version,
            "sent_version": version if is_full else max(before.sent_version, version),
            "acknowledged_at": format_timestamp(call.ended_at or call.created_at),
        }
        if entries is not None:
            assign |= {"entries": _pack(entries), "entries_version": version}
        self._settle(call, assign, remove=("failure", *(_DOUBTS if is_full else ())))

    def fail(self, call: Call, before: LocalList, version: int, *, may_hold_it: bool) -> None:
        """Note that a list was not taken, or that nobody knows: then it may hold this one, a whole list of ours."""
        assign = {
            "failure": call.status or call.state.value,
            "needs_full": True,
            "sent_version": max(before.sent_version, version),
            "doubtful_version": version if may_hold_it else None,
        }
        self._settle(call, assign)

    def is_not_supported(self, call: Call) -> None:
        """Note that the charge point has no local list."""
        self._settle(call, {"version": NOT_SUPPORTED})

    def mark_conflict(self, charge_point_id: ChargePointId, at: datetime) -> None:
        """Note that the list contradicts our answers, as the charge point noticed."""
        self._table.update(keys.local_list(charge_point_id), assign={"conflict_at": format_timestamp(at)})

    @staticmethod
    def can_keep(entries: Entries) -> bool:
        """Whether a list of this length can be kept."""
        return len(_pack(entries)) <= _LARGEST

    def begin(self, charge_point_id: ChargePointId, sync: Sync) -> None:
        """Start a synchronisation; one that runs already goes no further."""
        self._table.update(keys.local_list(charge_point_id), assign=_sync_to_item(sync), remove=("sync_reason",))

    def end_sync(self, charge_point_id: ChargePointId, sync: Sync, reason: str | None = None) -> None:
        """End a synchronisation, as failed if there is a reason; a later one stays as it is."""
        state = SyncState.FAILED if reason else SyncState.DONE
        with suppress(ConditionFailed):
            self._table.update(
                keys.local_list(charge_point_id),
                assign={"sync_state": state.value, "sync_reason": reason},
                remove=("sync_wanted",),
                condition=Attr("sync_id").eq(sync.id) & Attr("sync_state").eq(SyncState.RUNNING.value),
            )

    def _settle(self, call: Call, assign: dict[str, Any], *, remove: Iterable[str] = ()) -> None:
        sent_at = format_timestamp(call.sent_at or call.created_at)
        with suppress(ConditionFailed):
            self._table.update(
                keys.local_list(call.charge_point_id),
                assign={**assign, "call_id": call.id, "call_sent_at": sent_at},
                remove=tuple(remove),
                condition=Attr("call_sent_at").not_exists() | Attr("call_sent_at").lt(sent_at),
            )


def _pack(entries: Entries) -> bytes:
    return zlib.compress(json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode())


def _unpack(packed: bytes) -> Entries:
    return tuple(json.loads(zlib.decompress(packed)))


def _sync_to_item(sync: Sync) -> dict[str, Any]:
    return {
        "sync_id": sync.id,
        "sync_state": sync.state.value,
        "sync_requested_by": sync.requested_by,
        "sync_started_at": format_timestamp(sync.started_at),
        "sync_adopts": sync.adopts,
        "sync_wanted": _pack(sync.wanted),
    }


def _from_item(charge_point_id: ChargePointId, item: Item) -> LocalList:
    return LocalList(
        charge_point_id=charge_point_id,
        version=item.get("version"),
        entries=_unpack(item["entries"]) if "entries" in item else None,
        entries_version=item.get("entries_version"),
        sent_version=item.get("sent_version", 0),
        doubtful_version=item.get("doubtful_version"),
        needs_full=item.get("needs_full", False),
        conflict_at=_moment(item, "conflict_at"),
        reported_at=_moment(item, "reported_at"),
        acknowledged_at=_moment(item, "acknowledged_at"),
        failure=item.get("failure"),
        call_id=item.get("call_id"),
        sync=_sync_from_item(item) if "sync_id" in item else None,
    )


def _sync_from_item(item: Item) -> Sync:
    return Sync(
        id=item["sync_id"],
        state=SyncState(item["sync_state"]),
        requested_by=item["sync_requested_by"],
        started_at=parse_timestamp(item["sync_started_at"]),
        adopts=item["sync_adopts"],
        wanted=_unpack(item["sync_wanted"]) if "sync_wanted" in item else (),
        reason=item.get("sync_reason"),
    )


def _moment(item: Item, name: str) -> datetime | None:
    return parse_timestamp(item[name]) if name in item else None
