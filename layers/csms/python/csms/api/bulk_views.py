"""Bulk commands as answers show them."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from aws_lambda_powertools.event_handler import Response
from pydantic import Field

from csms.api.command_views import CommandView
from csms.api.models import Moment, View
from csms.redaction import redact
from csms.store.bulks import Bulk


class BulkResultView(View):
    """What became of it at one charge point."""

    charge_point_id: str
    command: CommandView | None
    refusal: str | None = Field(description="Why there is no command.")


class BulkView(View):
    """A bulk command and a page of what became of it."""

    id: str
    action: str = Field(description="As OCPP spells it; `SyncLocalList` where local lists are synchronised.")
    payload: dict[str, Any]
    requested_by: str
    created_at: Moment
    expected: int | None = Field(description="For how many charge points it is; null while they are being looked up.")
    items: list[BulkResultView] = Field(description="Those it has been tried at, in order of identity.")
    cursor: str | None = Field(description="Where the next page begins; null on the last one.")


def view_of(bulk: Bulk, items: Sequence[BulkResultView] = (), cursor: str | None = None) -> BulkView:
    """The bulk command as answers show it."""
    return BulkView(
        id=bulk.id,
        action=bulk.action,
        payload=redact(bulk.payload),
        requested_by=bulk.requested_by,
        created_at=bulk.created_at,
        expected=bulk.expected,
        items=list(items),
        cursor=cursor,
    )


def started(bulk: Bulk) -> Response[BulkView]:
    """202, and where it is found."""
    return Response(202, "application/json", view_of(bulk), headers={"Location": f"/bulk/{quote(bulk.id)}"})
