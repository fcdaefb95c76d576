"""Orphans: charge data that belongs to no transaction until an operator says where it goes."""

from typing import Annotated, Any, Self

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import Field, model_validator

from csms.api.assignment import assign, dismiss
from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_place, encode_place
from csms.api.models import AsSent, Flag, LongText, Moment, Page, RequestModel, View
from csms.api.problems import NotFound
from csms.api.request import Current, CurrentRequest
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.api.words import from_word, to_word
from csms.connections import IDENTITY
from csms.digest import DIGEST
from csms.ids import ChargePointId, TransactionId
from csms.ocpp.primitives import LARGEST_TRANSACTION_ID, Integer
from csms.store.orphans import Orphan, Resolution

routes = Routes("Orphans")

PathOrphan = Annotated[str, Path(description="`id` of the orphan.")]


class OrphanView(View):
    """One message nobody could place."""

    id: str
    charge_point_id: str
    action: str
    reason: str
    received_at: Moment
    transaction_id: int | None = Field(description="The unknown transaction it names.")
    payload: Annotated[dict[str, Any], AsSent]
    resolution: Resolution | None
    resolved_by: str | None
    assigned_to: int | None = Field(description="Where it goes; not all is done yet while there is no `resolution`.")


class Assignment(RequestModel):
    """Where an orphan goes: to a transaction of its charge point, or nowhere."""

    transaction_id: Annotated[Integer, Field(ge=1, le=LARGEST_TRANSACTION_ID)] | None = None
    dismiss: Flag = False
    reason: LongText | None = Field(default=None, description="Needed to dismiss it.")

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if self.dismiss is (self.transaction_id is not None):
            raise ValueError("either transactionId or dismiss=true")
        if self.dismiss and self.reason is None:
            raise ValueError("to dismiss it takes a reason")
        return self


@routes.get("/orphans", Scope.READ)
def list_orphans(current: Current, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None) -> Page[OrphanView]:
    """The orphans nobody has dealt with."""
    page = current.store.orphans.list(limit=limit, cursor=decode_place(cursor))
    return Page[OrphanView](items=[_view(orphan) for orphan in page.things], cursor=encode_place(page.cursor))


@routes.get("/orphans/<orphan>", Scope.READ)
def read_orphan(current: Current, orphan: PathOrphan) -> OrphanView:
    """One orphan, also after it was dealt with."""
    return _view(_find(current, orphan))


@routes.post("/orphans/<orphan>/assign", Scope.OPERATE)
def assign_orphan(current: Current, orphan: PathOrphan, to: Annotated[Assignment, Body()]) -> OrphanView:
    """Say where an orphan belongs, or that it belongs nowhere.

    A StopTransaction ends the transaction with the figures it reports; the samples of MeterValues move to it.
    409 if the orphan was dealt with otherwise, or if it does not fit the transaction. Safe to repeat: what was begun
    for one transaction is finished by the same request, and by no other.
    """
    found = _find(current, orphan)
    if to.transaction_id is None:
        dismiss(current, found, to.reason or "")
    else:
        assign(current, found, current.transaction(found.charge_point_id, TransactionId(to.transaction_id)))
    return _view(_find(current, orphan))


def _find(current: CurrentRequest, word: str) -> Orphan:
    try:
        charge_point_id, _, orphan_id = from_word(word).rpartition("#")
    except ValueError as error:
        raise NotFound("there is no such orphan") from error
    is_possible = IDENTITY.fullmatch(charge_point_id) and DIGEST.fullmatch(orphan_id)
    found = current.store.orphans.get(ChargePointId(charge_point_id), orphan_id) if is_possible else None
    if found is None:
        raise NotFound("there is no such orphan")
    return found


def _view(orphan: Orphan) -> OrphanView:
    return OrphanView(
        id=to_word(f"{orphan.charge_point_id}#{orphan.id}"),
        charge_point_id=orphan.charge_point_id,
        action=orphan.action,
        reason=orphan.reason,
        received_at=orphan.received_at,
        transaction_id=orphan.transaction_id,
        payload=orphan.payload,
        resolution=orphan.resolution,
        resolved_by=orphan.resolved_by,
        assigned_to=orphan.assigned_to,
    )
