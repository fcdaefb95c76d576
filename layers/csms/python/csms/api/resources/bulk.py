"""Bulk commands: one command to many charge points."""

import os
import uuid
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final, Self
from urllib.parse import quote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import Field, model_validator

from csms.api.command_views import CommandView, view_of
from csms.api.commanding import check_words, settled
from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_key, encode_key
from csms.api.models import Moment, RequestModel, ShortText, View
from csms.api.problems import Conflict, Finding, InvalidRequest, NotFound
from csms.api.request import Current, CurrentRequest
from csms.api.resources.commands import LONGEST_LIFETIME_S, IdempotencyKey
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.ids import ChargePointId
from csms.redaction import redact
from csms.store.bulks import Bulk, BulkResult, Selection
from csms.store.calls import Call
from csms.v16.operations import operations

routes = Routes("Commands")

MOST_NAMED: Final = 1000
_KEYS: Final = uuid.UUID("6f0d5e0b-3c1e-4a55-9f7c-0b6d3a1c2e4f")
"""The name space of bulk ids made of idempotency keys."""

Identity = Annotated[str, Field(min_length=1, max_length=48)]
PathBulk = Annotated[str, Path(description="`id` of the bulk command.")]


class BulkFilter(RequestModel):
    """Charge points that meet every condition given."""

    site: ShortText | None = None
    charge_point_vendor: ShortText | None = Field(default=None, description="As in its last BootNotification.")
    charge_point_model: ShortText | None = Field(default=None, description="As in its last BootNotification.")

    @model_validator(mode="after")
    def _has_a_condition(self) -> Self:
        if not any((self.site, self.charge_point_vendor, self.charge_point_model)):
            raise ValueError("at least one condition; every charge point is meant by all=true")
        return self


class NewBulk(RequestModel):
    """A command, and who is to get it: the charge points named and those that fit the filter, or all."""

    action: str = Field(max_length=50, description="As OCPP spells it.")
    payload: dict[str, Any] = Field(
        default_factory=dict, description="As for `/charge-points/{identity}/commands/{action}`."
    )
    charge_point_ids: list[Identity] = Field(default_factory=list, max_length=MOST_NAMED)
    filter: BulkFilter | None = None
    all: bool = False
    expires_in: Annotated[int, Field(ge=1, le=LONGEST_LIFETIME_S)] | None = None
    force: bool = False

    @model_validator(mode="after")
    def _is_for_somebody(self) -> Self:
        if not (self.charge_point_ids or self.filter or self.all):
            raise ValueError("for whom? chargePointIds, filter or all=true")
        return self

    @property
    def selection(self) -> Selection:
        """Which charge points are meant."""
        named = {text.casefold(): ChargePointId(text) for text in self.charge_point_ids}
        wanted = self.filter or BulkFilter.model_construct()
        return Selection(
            tuple(named.values()), wanted.site, wanted.charge_point_vendor, wanted.charge_point_model, self.all
        )


class BulkResultView(View):
    """What became of it at one charge point."""

    charge_point_id: str
    command: CommandView | None
    refusal: str | None = Field(description="Why there is no command.")


class BulkView(View):
    """A bulk command and a page of what became of it."""

    id: str
    action: str
    payload: dict[str, Any]
    requested_by: str
    created_at: Moment
    expected: int | None = Field(description="For how many charge points it is; null while they are being looked up.")
    items: list[BulkResultView] = Field(description="Those it has been tried at, in order of identity.")
    cursor: str | None = Field(description="Where the next page begins; null on the last one.")


@routes.post("/commands", Scope.OPERATE, status=HTTPStatus.ACCEPTED)
def start_bulk(
    current: Current, new: Annotated[NewBulk, Body()], idempotency_key: IdempotencyKey = None
) -> Response[BulkView]:
    """Send a command to many charge points.

    Each is treated as if it alone were commanded; the rules are checked for each by itself.
    """
    if new.action not in operations():
        raise InvalidRequest(Finding("action", f"one of {', '.join(sorted(operations()))}"))
    check_words(new.action, new.payload)
    if redact(new.payload) != new.payload:
        raise InvalidRequest(Finding("payload", "something secret is in it: command each charge point by itself"))
    wanted = Bulk(
        id=_id_of(current, idempotency_key),
        action=new.action,
        payload=new.payload,
        selection=new.selection,
        requested_by=current.caller,
        created_at=current.now,
        is_forced=new.force,
        lifetime=timedelta(seconds=new.expires_in) if new.expires_in else None,
    )
    bulk = current.runtime.bulk.start(wanted)
    if not bulk.asks_the_same_as(wanted):
        raise Conflict("the Idempotency-Key was used for another command")
    return Response(202, "application/json", _view(bulk, [], None), headers={"Location": f"/bulk/{quote(bulk.id)}"})


@routes.get("/bulk/<bulk>", Scope.READ)
def read_bulk(current: Current, bulk: PathBulk, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None) -> BulkView:
    """What became of a bulk command; it is kept for 90 days."""
    found = current.store.bulks.get(bulk) if len(bulk) <= len(_id_of(current, None)) else None
    if found is None:
        raise NotFound("there is no such bulk command")
    page = current.store.bulks.results(bulk, limit=limit, after=decode_key(cursor))
    called = [(result.charge_point_id, result.call_id) for result in page.results if result.call_id]
    calls = current.store.calls.get_many(called)
    items = [
        _result_view(current, result, calls.get(result.call_id) if result.call_id else None) for result in page.results
    ]
    return _view(found, items, encode_key(page.cursor))


def _id_of(current: CurrentRequest, idempotency_key: str | None) -> str:
    """The same for the same key of the same caller."""
    return uuid.uuid5(_KEYS, f"{current.caller} {idempotency_key}").hex if idempotency_key else os.urandom(16).hex()


def _result_view(current: CurrentRequest, result: BulkResult, call: Call | None) -> BulkResultView:
    command = view_of(settled(current, call)) if call else None
    return BulkResultView(charge_point_id=result.charge_point_id, command=command, refusal=result.refusal)


def _view(bulk: Bulk, items: list[BulkResultView], cursor: str | None) -> BulkView:
    return BulkView(
        id=bulk.id,
        action=bulk.action,
        payload=redact(bulk.payload),
        requested_by=bulk.requested_by,
        created_at=bulk.created_at,
        expected=bulk.expected,
        items=items,
        cursor=cursor,
    )
