"""One command, or a synchronisation of local lists, to many charge points, fanned out through the queue.

Everything runs at least once and may run again: each charge point's call is found again by an idempotency key, and a
result that is noted twice says the same. A selection is looked up a page at a time; each page goes on in chunks, which
the queue hands out at once, and the next page in a message of its own.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Final

from pydantic import ValidationError

from csms.authorization import IdTag
from csms.call_queue import BulkChunk, BulkSelection, CallQueue
from csms.calls import CallEngine, CallRefused
from csms.ids import ChargePointId
from csms.store import Store
from csms.store.bulks import LIST_SYNC, Bulk, BulkResult
from csms.store.calls import Call
from csms.store.charge_points import ChargePoint
from csms.store.links import Link, WaitingListFull
from csms.v16.local_list_sync import SyncWish, every_tag, start_sync
from csms.v16.orders import Command, Commands

logger = logging.getLogger(__name__)

CHUNK: Final = 10
"""Charge points a message: some hundred milliseconds, so that other wake-ups in its batch do not wait for long."""
_PAGE: Final = 100
_NOBODY: Final = "there is no such charge point"


class ChunkFailed(Exception):  # noqa: N818  reads better where it is raised
    """Some charge points could not be called; the message comes again, and does nothing twice."""


class BulkCommands:
    """Starts bulk commands and carries them out."""

    def __init__(
        self,
        store: Store,
        queue: Callable[[], CallQueue],
        commands: Commands,
        calls: CallEngine,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._queue = queue
        self._commands = commands
        self._calls = calls
        self._clock = clock

    def start(self, bulk: Bulk) -> Bulk:
        """Store it and set it going; returns the stored one if it was there, set going again if need be."""
        stored = self._store.bulks.create(bulk)
        if stored.expected is None:
            self._queue().send(BulkSelection(stored.id))
        return stored

    def select(self, wake: BulkSelection) -> None:
        """Find the charge points, or the next page of them, and hand them out in chunks."""
        bulk = self._store.bulks.get(wake.bulk_id)
        if bulk is None:
            return
        named = bulk.selection.charge_point_ids
        if wake.after is None:
            self._hand_out(bulk, named)
        found = len(named) if wake.after is None else wake.found
        if bulk.selection.is_search:
            page = self._store.charge_points.list(limit=_PAGE, cursor=wake.after)
            matching = [
                each.id for each in page.things if bulk.selection.fits(each) and not bulk.selection.names(each.id)
            ]
            self._hand_out(bulk, matching)
            found += len(matching)
            if page.cursor:
                self._queue().send(BulkSelection(bulk.id, page.cursor, found))
                return
        self._store.bulks.expect(bulk, found)

    def place(self, wake: BulkChunk) -> None:
        """Call each of some charge points."""
        bulk = self._store.bulks.get(wake.bulk_id)
        if bulk is None:
            return
        tags = cache(lambda: tuple(tag for tag in every_tag(self._store) if tag.groups))
        failed = [each for each in wake.charge_point_ids if not self._place(bulk, each, tags)]
        if failed:
            raise ChunkFailed(f"{len(failed)} charge points of bulk command {bulk.id} could not be called")

    def _hand_out(self, bulk: Bulk, charge_point_ids: Sequence[ChargePointId]) -> None:
        for first in range(0, len(charge_point_ids), CHUNK):
            self._queue().send(BulkChunk(bulk.id, tuple(charge_point_ids[first : first + CHUNK])))

    def _place(self, bulk: Bulk, named: ChargePointId, tags: Callable[[], Iterable[IdTag]]) -> bool:
        """Call one charge point; whether that could be done. What cannot be done of one keeps nobody else waiting."""
        try:
            self._store.bulks.record(bulk, self._call(bulk, named, tags))
        except Exception:
            logger.exception("a bulk command failed", extra={"bulk_id": bulk.id, "charge_point_id": named})
            return False
        return True

    def _call(self, bulk: Bulk, named: ChargePointId, tags: Callable[[], Iterable[IdTag]]) -> BulkResult:
        charge_point = self._store.charge_points.find(named)
        link = self._store.links.get(charge_point.id, consistent=True) if charge_point else None
        if charge_point is None or link is None:
            return BulkResult(named, refusal=_NOBODY)
        try:
            is_sync = bulk.action == LIST_SYNC
            call = self._sync(bulk, charge_point, tags()) if is_sync else self._command(bulk, link)
        except CallRefused as refused:
            return BulkResult(link.charge_point_id, refusal=str(refused))
        except WaitingListFull:
            return BulkResult(link.charge_point_id, refusal="too many calls wait already")
        except ValidationError as invalid:
            findings = [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in invalid.errors()]
            return BulkResult(link.charge_point_id, refusal="; ".join(findings))
        except LookupError:
            return BulkResult(link.charge_point_id, refusal=_NOBODY)
        return BulkResult(link.charge_point_id, call_id=call.id)

    def _command(self, bulk: Bulk, link: Link) -> Call:
        command = Command(
            bulk.action,
            bulk.payload,
            bulk.requested_by,
            is_forced=bulk.is_forced,
            lifetime=bulk.lifetime,
            idempotency_key=_idempotency_key(bulk),
            bulk_id=bulk.id,
        )
        return self._commands.place(link, command, self._clock())

    def _sync(self, bulk: Bulk, charge_point: ChargePoint, tags: Iterable[IdTag]) -> Call:
        wish = SyncWish(
            bulk.requested_by,
            adopts=bulk.payload.get("adopt", False),
            only_existing=bulk.payload.get("onlyExisting", False),
            bulk_id=bulk.id,
            idempotency_key=_idempotency_key(bulk),
        )
        return start_sync(self._store, self._calls, charge_point, wish, self._clock(), tags)


def _idempotency_key(bulk: Bulk) -> str:
    """What each of its calls is found again by. A client's key has no space."""
    return f"bulk {bulk.id}"
