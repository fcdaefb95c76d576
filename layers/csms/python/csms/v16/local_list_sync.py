"""Synchronising a station's local authorization list, one call after the other.

First it is asked which list it holds. Every answer then leads to the next SendLocalList, until it holds what it should
or will not take it. The row of the list (`csms.store.local_lists`) is the only state: another synchronisation, begun
meanwhile, takes over, and a list that the station did not take is sent as a whole, once.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from csms.authorization import IdTag
from csms.calls import CallEngine, CallRefused, Order
from csms.ids import ChargePointId
from csms.store import Store
from csms.store.calls import Call, CallState
from csms.store.charge_points import ChargePoint
from csms.store.links import WaitingListFull
from csms.store.local_lists import Entries, LocalList, Sync, SyncState
from csms.v16.local_list import Limits, UpdateType, next_update, wanted_entries
from csms.v16.operations import LARGEST_MESSAGE, Settled
from csms.v16.rules import limit_of

_NO_LIST: Final = "the charge point has no local authorization list; GetLocalListVersion asks it again"
_TAGS_AT_ONCE: Final = 1000


@dataclass(frozen=True)
class SyncWish:
    """A synchronisation that somebody asks for."""

    requested_by: str
    adopts: bool = False
    """A list that is not ours may be overwritten."""
    only_existing: bool = False
    """A station that has taken no list of ours is left alone."""
    bulk_id: str | None = None
    """The bulk command it belongs to: asked for again, it is the same one."""
    idempotency_key: str | None = None
    """Goes with `bulk_id`."""


def start_sync(
    store: Store,
    calls: CallEngine,
    charge_point: ChargePoint,
    wish: SyncWish,
    now: datetime,
    tags: Iterable[IdTag] | None = None,
) -> Call:
    """Begin to bring a station's list to what it should hold; returns the first call.

    Args:
        store: state.
        calls: what places the first call.
        charge_point: whose list.
        wish: who asks for it, and how.
        now: tags are worth what they are worth now.
        tags: all tags that are in any group; None has them read.

    Raises:
        CallRefused: it has no list, holds somebody else's, or cannot hold one of that length.
        WaitingListFull: too many calls wait for it.
    """
    sync_id = wish.bulk_id or os.urandom(8).hex()
    order = Order(
        charge_point.id,
        "GetLocalListVersion",
        {},
        wish.requested_by,
        context={"sync": sync_id},
        idempotency_key=wish.idempotency_key,
        bulk_id=wish.bulk_id,
    )
    if earlier := calls.repeated(order):
        return earlier
    known = store.local_lists.get(charge_point.id)
    if refusal := _refusal(known, adopts=wish.adopts, only_existing=wish.only_existing):
        raise CallRefused(refusal)
    wanted = wanted_entries(charge_point, every_tag(store) if tags is None else tags, now)
    _check_length(store, charge_point.id, wanted)
    sync = Sync(sync_id, SyncState.RUNNING, wish.requested_by, now, wish.adopts, wanted)
    store.local_lists.begin(charge_point.id, sync)
    try:
        return calls.place(order)
    except (CallRefused, WaitingListFull) as refused:
        store.local_lists.end_sync(charge_point.id, sync, _reason(refused))
        raise


def go_on(settled: Settled) -> None:
    """Make the next step of the synchronisation that an ended call belongs to, if it belongs to the latest one."""
    context, lists = settled.call.context or {}, settled.store.local_lists
    known = lists.get(settled.call.charge_point_id)
    sync = known.sync
    if sync is None or sync.id != context.get("sync") or sync.state is not SyncState.RUNNING:
        return
    failure = _failure(settled.call) or _refusal(known, adopts=sync.adopts)
    if failure:
        lists.end_sync(known.charge_point_id, sync, failure)
    elif known.call_id == settled.call.id:  # else effects run again after the next step was made
        _make_next_step(settled, known, sync)


def limits_of(store: Store, charge_point_id: ChargePointId) -> Limits:
    """What one SendLocalList to the station may hold."""
    known = store.configuration.values(charge_point_id, "SendLocalListMaxLength")
    most = limit_of(known.get("SendLocalListMaxLength"))
    return Limits(LARGEST_MESSAGE, most if most and most > 0 else None)


def longest_list(store: Store, charge_point_id: ChargePointId) -> int | None:
    """How many entries the station can hold, if it ever said so."""
    known = store.configuration.values(charge_point_id, "LocalAuthListMaxLength")
    return limit_of(known.get("LocalAuthListMaxLength"))


def every_tag(store: Store) -> Iterator[IdTag]:
    """All id tags there are."""
    page = store.id_tags.list(limit=_TAGS_AT_ONCE)
    yield from page.things
    while page.cursor:
        page = store.id_tags.list(limit=_TAGS_AT_ONCE, cursor=page.cursor)
        yield from page.things


def _make_next_step(settled: Settled, known: LocalList, sync: Sync) -> None:
    call, lists = settled.call, settled.store.local_lists
    update = next_update(known, sync.wanted, limits_of(settled.store, known.charge_point_id))
    if update is None:
        lists.end_sync(known.charge_point_id, sync)
        return
    is_retry = call.state is CallState.REJECTED or (call.context or {}).get("is_retry", False)
    order = Order(
        known.charge_point_id,
        "SendLocalList",
        update.payload(known.next_version),
        sync.requested_by,
        context={"sync": sync.id, "is_retry": is_retry},
        idempotency_key=f"local-list-after-{call.id}",
        words={"sync": sync.id},
    )
    try:
        settled.place(order)
    except (CallRefused, WaitingListFull) as refused:
        lists.end_sync(known.charge_point_id, sync, _reason(refused))
    except ValidationError:
        lists.end_sync(known.charge_point_id, sync, "an entry of the list breaks the schema of SendLocalList [S 6.43]")


def _failure(call: Call) -> str | None:
    """Why nothing more can be sent after this call. A Differential that was not taken is followed by a Full, once."""
    if call.state is CallState.ACCEPTED:
        return None
    may_be_repeated = call.payload.get("updateType") == UpdateType.DIFFERENTIAL and not (call.context or {})["is_retry"]
    if call.state is CallState.REJECTED and may_be_repeated:
        return None
    return f"{call.action}: {call.status}"


def _refusal(known: LocalList, *, adopts: bool, only_existing: bool = False) -> str | None:
    if not known.is_supported:
        return _NO_LIST
    if only_existing and not (known.sent_version or (known.sync and known.sync.state is SyncState.RUNNING)):
        return "the charge point was sent no list of ours"
    if known.is_foreign and not adopts:
        return f"the charge point holds version {known.version} of a list that is not ours; adopt it to overwrite it"
    return None


def _check_length(store: Store, charge_point_id: ChargePointId, wanted: Entries) -> None:
    most = longest_list(store, charge_point_id)
    if most is not None and len(wanted) > most:
        raise CallRefused(f"the list has {len(wanted)} entries, the charge point takes {most} (LocalAuthListMaxLength)")
    if not store.local_lists.can_keep(wanted):
        raise CallRefused(f"the list has {len(wanted)} entries: that is more than can be kept of it")


def _reason(refused: CallRefused | WaitingListFull) -> str:
    return "too many calls wait" if isinstance(refused, WaitingListFull) else str(refused)
