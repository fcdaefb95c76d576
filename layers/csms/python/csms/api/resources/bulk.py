"""Bulk commands: one command to many charge points."""

from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from csms.api.bulk_bodies import NewBulk
from csms.api.bulk_starting import LONGEST_ID, start_command
from csms.api.bulk_views import BulkResultView, BulkView, started, view_of
from csms.api.command_views import view_of as command_view_of
from csms.api.commanding import settled
from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_key, encode_key
from csms.api.problems import NotFound
from csms.api.request import Current, CurrentRequest
from csms.api.resources.commands import IdempotencyKey
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.store.bulks import BulkResult
from csms.store.calls import Call

routes = Routes("Commands")

PathBulk = Annotated[str, Path(description="`id` of the bulk command.")]


@routes.post("/commands", Scope.OPERATE, status=HTTPStatus.ACCEPTED)
def start_bulk(
    current: Current, new: Annotated[NewBulk, Body()], idempotency_key: IdempotencyKey = None
) -> Response[BulkView]:
    """Send a command to many charge points.

    Each is treated as if it alone were commanded; the rules are checked for each by itself.
    """
    return started(start_command(current, new, idempotency_key))


@routes.get("/bulk/<bulk>", Scope.READ)
def read_bulk(current: Current, bulk: PathBulk, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None) -> BulkView:
    """What became of a bulk command; it is kept for 90 days."""
    found = current.store.bulks.get(bulk) if len(bulk) <= LONGEST_ID else None
    if found is None:
        raise NotFound("there is no such bulk command")
    page = current.store.bulks.results(bulk, limit=limit, after=decode_key(cursor))
    called = [(result.charge_point_id, result.call_id) for result in page.results if result.call_id]
    calls = current.store.calls.get_many(called)
    items = [
        _result_view(current, result, calls.get(result.call_id) if result.call_id else None) for result in page.results
    ]
    return view_of(found, items, encode_key(page.cursor))


def _result_view(current: CurrentRequest, result: BulkResult, call: Call | None) -> BulkResultView:
    command = command_view_of(settled(current, call)) if call else None
    return BulkResultView(charge_point_id=result.charge_point_id, command=command, refusal=result.refusal)
