"""What an endpoint may know of the request it answers, beside its own parameters."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Depends, Request

from csms import configuration_keys, password_change, profile_upgrade
from csms.api.problems import NotAllowed, NotFound
from csms.api.scopes import Scope, caller_of, granted
from csms.api.tokens import verified_claims
from csms.calls import CallEngine
from csms.connections import IDENTITY
from csms.gateway import Gateway
from csms.ids import ChargePointId, TransactionId
from csms.runtime import Runtime, runtime
from csms.settings import Settings
from csms.store import Store
from csms.store.charge_points import ChargePoint
from csms.store.links import Link
from csms.store.transactions import Transaction

_FOR_ADMINS: Final = (password_change.KEY, profile_upgrade.KEY)
RESPOND_BY: Final = "respondBy"
"""Where the resolver puts, beside what API Gateway says, how long there is to answer."""


@dataclass(frozen=True)
class CurrentRequest:
    """Who asks, when, and what there is to answer with."""

    caller: str
    scopes: frozenset[Scope]
    """What the caller may do."""
    now: datetime
    path: str
    query: str
    headers: dict[str, str]
    """Lower-case names; the content type without its parameters."""
    body: str
    content: bytes
    """The body, where the route takes anything; it is no text then."""
    content_type: str
    """With its parameters, and as the client wrote it."""
    respond_by: float
    """When the function is stopped, on the monotonic clock."""
    runtime: Runtime

    @property
    def store(self) -> Store:
        """State."""
        return self.runtime.store

    @property
    def settings(self) -> Settings:
        """What the deployment sets."""
        return self.runtime.settings

    @property
    def gateway(self) -> Gateway | None:
        """The way to connected charge points, where one is configured."""
        return self.runtime.gateway if self.settings.callback_url else None

    @property
    def calls(self) -> CallEngine:
        """What calls charge points."""
        return self.runtime.calls

    @property
    def wants_csv(self) -> bool:
        """Whether the client asked for `text/csv` rather than JSON."""
        return "text/csv" in self.headers.get("accept", "").lower()

    @property
    def wants_chart(self) -> bool:
        """Whether the client asked for a drawing rather than JSON."""
        return "image/svg+xml" in self.headers.get("accept", "").lower()

    def check_may_set(self, action: str, payload: Mapping[str, Any]) -> None:
        """How a charge point authenticates is for admins, also where it is told so by a command that others may give.

        Raises:
            NotAllowed: the command changes it, and the caller is none.
        """
        told = str(payload.get("key"))
        key = next((key for key in _FOR_ADMINS if configuration_keys.names(told, key)), None)
        if action == "ChangeConfiguration" and key and Scope.ADMIN not in self.scopes:
            raise NotAllowed(f"the scope {Scope.ADMIN} is needed to change {key}")

    def charge_point(self, identity: str) -> ChargePoint:
        """The charge point a path names.

        Raises:
            NotFound: there is none.
        """
        found = self.store.charge_points.find(identity) if IDENTITY.fullmatch(identity) else None
        if found is None:
            raise NotFound(f"there is no charge point {identity}")
        return found

    def link(self, identity: str, *, consistent: bool = False) -> Link:
        """The link of the charge point a path names.

        Raises:
            NotFound: there is no such charge point.
        """
        links = self.store.links
        exact = links.get(ChargePointId(identity), consistent=consistent) if IDENTITY.fullmatch(identity) else None
        found = exact or links.get(self.charge_point(identity).id, consistent=consistent)
        if found is None:
            raise NotFound(f"there is no charge point {identity}")
        return found

    def identity(self, text: str) -> ChargePointId:
        """The identity as its charge point spells it; as it was given where there is no such charge point any more.

        Raises:
            NotFound: there never was one.
        """
        if not IDENTITY.fullmatch(text):
            raise NotFound(f"there is no charge point {text}")
        found = self.store.charge_points.find(text)
        return found.id if found else ChargePointId(text)

    def transaction(self, identity: str, number: int) -> Transaction:
        """The transaction a path names, whether or not its charge point still exists.

        Raises:
            NotFound: there is none.
        """
        found = self.store.transactions.get(self.identity(identity), TransactionId(number))
        if found is None:
            raise NotFound(f"{identity} has no transaction {number}")
        return found

    def open_transactions(self, charge_point_id: ChargePointId) -> list[Transaction]:
        """The open transactions of a charge point, as its connectors name them, lowest id first."""
        running = [
            connector.transaction_id
            for connector in self.store.connectors.all(charge_point_id)
            if connector.transaction_id is not None
        ]
        found = self.store.transactions.get_many(charge_point_id, running)
        return sorted((each for each in found if each.is_open), key=lambda transaction: transaction.id)


def with_time_left(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The event with how long there is to answer it; without end where no Lambda service keeps the time."""
    left_s = context.get_remaining_time_in_millis() / 1000 if context else math.inf
    return {**event, RESPOND_BY: time.monotonic() + left_s}


def _current_request(request: Request) -> CurrentRequest:
    event = request.resolved_event.raw_event
    context, csms, claims = event["requestContext"], runtime(), verified_claims(event) or {}
    return CurrentRequest(
        caller=caller_of(claims),
        scopes=granted(claims, csms.settings.permissions_claim),
        now=datetime.fromtimestamp(context["timeEpoch"] / 1000, UTC),
        path=event["rawPath"],
        query=event.get("rawQueryString", ""),
        headers=event["headers"],
        body=event["body"] or "",
        content=event["content"],
        content_type=event["contentType"],
        respond_by=event[RESPOND_BY],
        runtime=csms,
    )


Current = Annotated[CurrentRequest, Depends(_current_request)]
