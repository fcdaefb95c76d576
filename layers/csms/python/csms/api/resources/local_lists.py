"""Local authorization lists: what a charge point holds, how that differs from what it should, and making it so."""

from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import Field

from csms.api.bulk_bodies import NewListSync
from csms.api.bulk_starting import start_list_sync
from csms.api.bulk_views import BulkView, started
from csms.api.command_views import CommandView, view_of
from csms.api.commanding import location_of
from csms.api.models import Moment, PathIdentity, View
from csms.api.problems import Conflict, TooManyRequests
from csms.api.request import Current
from csms.api.resources.commands import IdempotencyKey
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.calls import CallRefused
from csms.store.links import WaitingListFull
from csms.store.local_lists import LocalList, Sync, SyncState
from csms.v16.local_list import difference, wanted_entries
from csms.v16.local_list_sync import SyncWish, every_tag, start_sync

routes = Routes("Local lists")


class SyncView(View):
    """The latest synchronisation."""

    state: SyncState
    reason: str | None = Field(description="Why it failed.")
    requested_by: str
    started_at: Moment
    adopt: bool


class LocalListView(View):
    """What a charge point holds, as far as it has said, and how that compares with what it should hold."""

    charge_point_id: str
    supported: bool | None = Field(description="null: it was never asked.")
    version: int | None = Field(description="The version it holds as far as it has said.")
    foreign: bool = Field(description="It holds a list that somebody else has sent: only with `adopt` is it replaced.")
    drift: list[str] = Field(description="What speaks against it holding what it acknowledged.")
    differences: int = Field(description="How many tags differ between what it acknowledged and what it should hold.")
    entries: list[dict[str, Any]] | None = Field(description="What it acknowledged; null while that is unknown.")
    entries_version: int | None
    acknowledged_at: Moment | None
    reported_at: Moment | None
    sync: SyncView | None


@routes.get("/charge-points/<identity>/local-list", Scope.READ)
def read_local_list(current: Current, identity: PathIdentity) -> LocalListView:
    """The list of a charge point as it last acknowledged it, and its drift.

    It should hold the id tags of its site and of its groups, blocked ones included.
    """
    charge_point = current.charge_point(identity)
    known = current.store.local_lists.get(charge_point.id)
    wanted = wanted_entries(charge_point, every_tag(current.store), current.now)
    return LocalListView(
        charge_point_id=charge_point.id,
        supported=None if known.version is None else known.is_supported,
        version=known.version,
        foreign=known.is_foreign,
        drift=_drift(known),
        differences=len(difference(known.entries or (), wanted)),
        entries=None if known.entries is None else list(known.entries),
        entries_version=known.entries_version,
        acknowledged_at=known.acknowledged_at,
        reported_at=known.reported_at,
        sync=_sync_view(known.sync) if known.sync else None,
    )


@routes.post(
    "/charge-points/<identity>/local-list/sync",
    Scope.OPERATE,
    status=HTTPStatus.ACCEPTED,
)
def sync_local_list(
    current: Current,
    identity: PathIdentity,
    adopt: Annotated[bool, Query(description="Replace also a list that somebody else has sent.")] = False,
) -> Response[CommandView]:
    """Bring the list of a charge point to what it should be.

    It is asked for its version, then sent what differs, or the whole list where that is shorter or what it holds is
    doubtful, in as many messages as it takes. Answers with the first command; `sync` of the list says how it went.
    409 if it has no list, cannot hold one so long, or holds one that is not ours.
    """
    charge_point = current.charge_point(identity)
    try:
        call = start_sync(
            current.store, current.calls, charge_point, SyncWish(current.caller, adopts=adopt), current.now
        )
    except CallRefused as refused:
        raise Conflict(str(refused)) from refused
    except WaitingListFull as full:
        raise TooManyRequests("too many commands wait for the charge point already") from full
    return Response(202, "application/json", view_of(call), headers={"Location": location_of(call)})


@routes.post("/local-lists/sync", Scope.OPERATE, status=HTTPStatus.ACCEPTED)
def sync_local_lists(
    current: Current, new: Annotated[NewListSync, Body()], idempotency_key: IdempotencyKey = None
) -> Response[BulkView]:
    """Bring the lists of many charge points to what they should be.

    A bulk command: its result names the first command at each charge point, or why there is none.
    """
    return started(start_list_sync(current, new, idempotency_key))


def _drift(known: LocalList) -> list[str]:
    reasons = {
        "the charge point reported a LocalListConflict": known.conflict_at is not None,
        f"the last list sent: {known.failure}": known.needs_full,
        f"it holds version {known.version}, not what it acknowledged": known.version not in (None, -1)
        and not known.is_as_acknowledged,
    }
    return [reason for reason, holds in reasons.items() if holds]


def _sync_view(sync: Sync) -> SyncView:
    return SyncView(
        state=sync.state,
        reason=sync.reason,
        requested_by=sync.requested_by,
        started_at=sync.started_at,
        adopt=sync.adopts,
    )
