"""Refused connection attempts, each with the request that would let the station in."""

from typing import Any, Final
from urllib.parse import quote

from pydantic import Field

from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_place, encode_place
from csms.api.identities import is_new_identity
from csms.api.models import Moment, Page, View
from csms.api.request import Current
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.connections import IDENTITY
from csms.store.connection_attempts import MOST_SOURCES, MOST_STRANGERS, ConnectionAttempt

routes = Routes("Connection attempts")


class RemedyView(View):
    """A request of this API."""

    method: str
    path: str
    body: dict[str, Any]
    note: str | None = Field(description="What to know before.")


class ConnectionAttemptView(View):
    """The refused attempts of a charge point for one reason, or some of those of strangers from one address."""

    identity: str
    reason: str
    count: int
    is_shared: bool = Field(
        description="Identities that no charge point had share the rows of their address, "
        f"{MOST_STRANGERS} at most: `count` and `firstAt` are of all of them, the rest is of the last one."
    )
    first_at: Moment
    last_at: Moment
    source_ip: str | None = Field(description="Where the last one came from.")
    sources: dict[str, int] = Field(
        description=f"How many came from where, strangers with IPv6 from which /64; beyond {MOST_SOURCES} addresses "
        "only `count` counts them."
    )
    user_agent: str | None
    with_credentials: bool | None = Field(description="Whether the last one offered a password; null: not known.")
    accept: RemedyView | None = Field(description="What would let it in; null where only the station can do better.")


@routes.get("/connection-attempts", Scope.READ)
def list_connection_attempts(
    current: Current, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[ConnectionAttemptView]:
    """The attempts of the last 30 days that were refused."""
    page = current.store.connection_attempts.list(limit=limit, cursor=decode_place(cursor))
    identities = {attempt.identity for attempt in page.things if IDENTITY.fullmatch(attempt.identity)}
    known = current.store.charge_points.known(identities)
    views = [
        ConnectionAttemptView(
            identity=attempt.identity,
            reason=attempt.reason,
            count=attempt.count,
            is_shared=attempt.is_shared,
            first_at=attempt.first_at,
            last_at=attempt.last_at,
            source_ip=attempt.source_ip,
            sources=dict(attempt.sources),
            user_agent=attempt.user_agent,
            with_credentials=attempt.with_credentials,
            accept=_remedy(attempt, is_known=attempt.identity in known),
        )
        for attempt in page.things
    ]
    return Page[ConnectionAttemptView](items=views, cursor=encode_place(page.cursor))


_TELL_STATION: Final = "The station must be told the new password, which is shown only in the answer."
_UNGUARDED: Final = (
    "The station offers no password: with security profile 0 whoever knows its identity can connect in its place."
)
_Change = tuple[str, str, dict[str, Any], str | None]
_NEW_PASSWORD: Final[_Change] = ("POST", "/credentials", {}, _TELL_STATION)
_CHANGES: Final[dict[str, _Change]] = {
    "no sub-protocol offered": ("PATCH", "", {"allowsMissingSubprotocol": True}, None),
    "no credentials for this identity": _NEW_PASSWORD,
    "wrong password": _NEW_PASSWORD,
}
"""What to change at a known charge point, by the reasons of `csms.connections`."""


def _remedy(attempt: ConnectionAttempt, *, is_known: bool) -> RemedyView | None:
    if is_known and attempt.reason in _CHANGES:
        method, below, body, note = _CHANGES[attempt.reason]
        path = f"/charge-points/{quote(attempt.identity, safe='')}{below}"
        return RemedyView(method=method, path=path, body=body, note=note)
    if not is_known and attempt.reason == "unknown charge point" and is_new_identity(attempt.identity):
        return _creation(attempt)
    return None


def _creation(attempt: ConnectionAttempt) -> RemedyView:
    has_none = attempt.with_credentials is False
    return RemedyView(
        method="POST",
        path="/charge-points",
        body={"id": attempt.identity, "securityProfile": 0 if has_none else 1},
        note=_UNGUARDED if has_none else f"{_TELL_STATION} If you know the one it has, add it as `password`.",
    )
