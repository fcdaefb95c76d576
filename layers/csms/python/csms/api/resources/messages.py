"""The message log of a charge point: both frames of every exchange, as they went over the wire, without secrets."""

from datetime import UTC, datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_key, encode_key
from csms.api.models import Day, Moment, Page, PathIdentity, View
from csms.api.request import Current
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.redaction import redact_frame

routes = Routes("Charge points")


class MessageView(View):
    """One exchange."""

    received_at: Moment
    initiator: str
    action: str | None
    request: str
    response: str | None


@routes.get("/charge-points/<identity>/messages", Scope.READ)
def list_messages(
    current: Current,
    identity: PathIdentity,
    day: Annotated[Day | None, Query(description="A UTC day, YYYY-MM-DD; today if left out.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[MessageView]:
    """What it and we said on one day, newest first."""
    charge_point = current.charge_point(identity)
    midnight = datetime.combine(day or current.now.date(), datetime.min.time(), UTC)
    page = current.store.messages.list(charge_point.id, midnight, limit=limit, after=decode_key(cursor))
    views = [
        MessageView(
            received_at=message.received_at,
            initiator=message.initiator,
            action=message.action,
            request=redact_frame(message.request),
            response=redact_frame(message.response) if message.response is not None else None,
        )
        for message in page.messages
    ]
    return Page[MessageView](items=views, cursor=encode_key(page.cursor))
