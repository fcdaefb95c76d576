"""Transactions: lists, one, CSV for billing, and ending one by hand."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import Field

from csms.api.closing import close_by_hand
from csms.api.csv_text import MEDIA_TYPE, csv_response
from csms.api.cursors import CursorText, decode_place, encode_place
from csms.api.identities import Identity
from csms.api.models import IdTagText, LongText, Page, PathIdentity, PathTransaction, QueryMoment, RequestModel
from csms.api.paging import AnyLimit, next_page, page_size
from csms.api.problems import Finding, InvalidRequest
from csms.api.request import Current
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.api.transaction_lists import list_matching
from csms.api.transaction_views import COLUMNS, TransactionView, row_of, view_of
from csms.ocpp.primitives import Integer
from csms.store.transactions import TransactionFilter, TransactionState

routes = Routes("Transactions")

_USUAL_SPAN: Final = timedelta(days=7)
_LONGEST_SPAN: Final = timedelta(days=366)
_ANSWERS: Final = {
    200: {"application/json": {"model": Page[TransactionView]}, MEDIA_TYPE: {"schema": {"type": "string"}}}
}


class Closing(RequestModel):
    """Why a transaction is ended by hand, and what the meter showed if anybody knows."""

    reason: LongText
    meter_stop: Annotated[Integer, Field(description="Wh")] | None = None


@routes.get("/transactions", Scope.READ, answers=_ANSWERS)
def list_transactions(
    current: Current,
    charge_point_id: Annotated[Identity | None, Query(alias="chargePointId")] = None,
    id_tag: Annotated[IdTagText | None, Query(alias="idTag")] = None,
    state: Annotated[TransactionState | None, Query()] = None,
    since: Annotated[QueryMoment | None, Query(alias="from", description="Started then or later.")] = None,
    until: Annotated[QueryMoment | None, Query(alias="to", description="Started before; now.")] = None,
    limit: AnyLimit = None,
    cursor: CursorText = None,
) -> Response[Any]:
    """Transactions by start: the open ones first, then the ended ones, those of the latest day first.

    With `Accept: text/csv` a file for billing; pages may then be longer, and the `Link` header leads to the next one.
    A page can be short, even empty, and still have a cursor: go on until there is none.
    """
    wanted = TransactionFilter(
        *_span(current.now, since, until),
        charge_point_id=None if charge_point_id is None else current.identity(charge_point_id),
        id_tag=id_tag,
        state=state,
    )
    page = list_matching(current, wanted, page_size(current, limit), decode_place(cursor))
    following = encode_place(page.cursor)
    if current.wants_csv:
        return csv_response("transactions", COLUMNS, map(row_of, page.things), next_page(current, following))
    views = [view_of(transaction) for transaction in page.things]
    return Response(200, "application/json", Page[TransactionView](items=views, cursor=following))


@routes.get("/transactions/<identity>/<transaction>", Scope.READ)
def read_transaction(current: Current, identity: PathIdentity, transaction: PathTransaction) -> TransactionView:
    """One transaction."""
    return view_of(current.transaction(identity, transaction))


@routes.post("/transactions/<identity>/<transaction>/close", Scope.OPERATE)
def close_transaction(
    current: Current, identity: PathIdentity, transaction: PathTransaction, closing: Annotated[Closing, Body()]
) -> TransactionView:
    """End a transaction that its station will not end any more; who did it and why stays on record.

    Should its own StopTransaction arrive after all, that one counts. 409 if it has ended.
    """
    found = current.transaction(identity, transaction)
    return view_of(close_by_hand(current, found, closing.reason, closing.meter_stop))


def _span(now: datetime, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    end = until or now + timedelta(minutes=1)
    start = since or end - _USUAL_SPAN
    if start > end:
        raise InvalidRequest(Finding("from", "after `to`"))
    if end - start > _LONGEST_SPAN:
        raise InvalidRequest(Finding("from", f"more than {_LONGEST_SPAN.days} days before `to`"))
    return start, end
