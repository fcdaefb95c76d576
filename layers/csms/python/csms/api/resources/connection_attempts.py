"""Refused connection attempts, each with the request that would let the station in."""

from typing import Any, Final
from urllib.parse import quote

from pydantic import Field

from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_place, encode_place
from csms.api.models import Moment, Page, View
from csms.api.request import Current
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.connections import IDENTITY
from csms.store.connection_attempts import ConnectionAttempt

routes = Routes("Connection attempts")


class RemedyView(View):
    """A request of this API."""

    method: str
    path: str
    body: dict[str, Any]


class ConnectionAttemptView(View):
    """The refused attempts of one identity for one reason."""

    identity: str
    reason: str
    count: int
    first_at: Moment
    last_at: Moment
    source_ip: str | None
    user_agent: str | None
    accept: RemedyView | None = Field(description="What would let it in; null where only the station can do better.")


@routes.get("/connection-attempts", Scope.READ)
def list_connection_attempts(
    current: Current, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[ConnectionAttemptView]:
    """The attempts of the last 30 days that were refused."""
    page = current.store.connection_attempts.list(limit=limit, cursor=decode_place(cursor))
    views = [
        ConnectionAttemptView(
            identity=attempt.identity,
            reason=attempt.reason,
            count=attempt.count,
            first_at=attempt.first_at,
            last_at=attempt.last_at,
            source_ip=attempt.source_ip,
            user_agent=attempt.user_agent,
            accept=_remedy(attempt),
        )
        for attempt in page.things
    ]
    return Page[ConnectionAttemptView](items=views, cursor=encode_place(page.cursor))


_NEW_PASSWORD: Final[tuple[str, str, dict[str, Any]]] = ("POST", "/credentials", {})
_CHANGE_OF_REASON: Final[dict[str, tuple[str, str, dict[str, Any]]]] = {
    "no sub-protocol offered": ("PATCH", "", {"allowsMissingSubprotocol": True}),
    "no credentials for this identity": _NEW_PASSWORD,
    "wrong password": _NEW_PASSWORD,
}
"""What to change at a known charge point, by the reasons of `csms.connections`."""


def _remedy(attempt: ConnectionAttempt) -> RemedyView | None:
    if not IDENTITY.fullmatch(attempt.identity):
        return None
    if attempt.reason == "unknown charge point":
        return RemedyView(method="POST", path="/charge-points", body={"id": attempt.identity})
    if attempt.reason not in _CHANGE_OF_REASON:
        return None
    method, below, body = _CHANGE_OF_REASON[attempt.reason]
    return RemedyView(method=method, path=f"/charge-points/{quote(attempt.identity, safe='')}{below}", body=body)
