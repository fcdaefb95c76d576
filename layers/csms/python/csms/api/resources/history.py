"""What happened to a charge point: status changes, sessions, security events, notices."""

from typing import Any

from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_key, encode_key
from csms.api.models import Moment, Page, PathIdentity, View
from csms.api.request import Current, CurrentRequest
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.redaction import redact
from csms.store.history import EventKind

routes = Routes("Charge points")


class EventView(View):
    """One entry; `details` is what the station said, in the specification's names, without secrets."""

    occurred_at: Moment
    received_at: Moment
    details: dict[str, Any]


@routes.get("/charge-points/<identity>/status-history", Scope.READ)
def list_status_history(
    current: Current, identity: PathIdentity, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[EventView]:
    """Its StatusNotifications, newest first."""
    return _list(current, identity, EventKind.STATUS, limit, cursor)


@routes.get("/charge-points/<identity>/sessions", Scope.READ)
def list_sessions(
    current: Current, identity: PathIdentity, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[EventView]:
    """Its connections, newest first."""
    return _list(current, identity, EventKind.SESSION, limit, cursor)


@routes.get("/charge-points/<identity>/security-events", Scope.READ)
def list_security_events(
    current: Current, identity: PathIdentity, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[EventView]:
    """Its SecurityEventNotifications, and what concerns its security otherwise (`reportedBy`), newest first."""
    return _list(current, identity, EventKind.SECURITY, limit, cursor)


@routes.get("/charge-points/<identity>/notices", Scope.READ)
def list_notices(
    current: Current, identity: PathIdentity, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[EventView]:
    """What went wrong between it and us, newest first, each with what helps: a message that was too large."""
    return _list(current, identity, EventKind.NOTICE, limit, cursor)


def _list(current: CurrentRequest, identity: str, kind: EventKind, limit: int, cursor: str | None) -> Page[EventView]:
    charge_point = current.charge_point(identity)
    page = current.store.history.list(charge_point.id, kind, limit=limit, after=decode_key(cursor))
    views = [
        EventView(occurred_at=event.occurred_at, received_at=event.received_at, details=redact(event.details))
        for event in page.events
    ]
    return Page[EventView](items=views, cursor=encode_key(page.cursor))
