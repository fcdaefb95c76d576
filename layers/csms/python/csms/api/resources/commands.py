"""Commands: what operators have a charge point do. One route per operation of OCPP, found by itself."""

import sys
from collections.abc import Callable
from inspect import cleandoc
from typing import Annotated, Any, Final, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Header, Path, Query
from pydantic import Field

from csms.api.bodies import parse_object
from csms.api.command_views import CommandView, view_of
from csms.api.commanding import Options, carry_out, find_command, settled, withdraw, withdraw_all
from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_key, encode_key
from csms.api.models import Page, PathIdentity, View
from csms.api.problems import NotFound
from csms.api.request import Current
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.api.waiting import LONGEST_WAIT_S
from csms.store.calls import Call, CallState
from csms.store.listing import ENOUGH_BYTES, size_of
from csms.v16.operations import Operation, operations

routes = Routes("Commands")

LONGEST_LIFETIME_S: Final = 30 * 24 * 3600
_MOST_QUERIES: Final = 20

PathCommand = Annotated[str, Path(description="`id` of the command.")]
Wait = Annotated[
    float,
    Query(
        ge=0,
        le=LONGEST_WAIT_S,
        allow_inf_nan=False,
        description="Seconds to wait for the command to end: 200 if it does, else 202.",
    ),
]
ExpiresIn = Annotated[
    int | None,
    Query(
        alias="expiresIn",
        ge=1,
        le=LONGEST_LIFETIME_S,
        description="Seconds that the command may wait for its charge point. If left out: a day for settings; what is"
        " meant for this moment goes to a charge point that is there, or was there a minute ago.",
    ),
]
Force = Annotated[bool, Query(description="Skip the rules of the protocol and what is known of the charge point.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,200}$",
        description="Of your choice: a repetition within a day gets the command that the first request became.",
    ),
]


class WithdrawnView(View):
    """What was taken back."""

    withdrawn: list[CommandView] = Field(description="The commands that waited, in their order.")


def _endpoint(operation: Operation[Any, Any]) -> Callable[..., Response[CommandView]]:
    def order(
        current: Current,
        identity: PathIdentity,
        wait: Wait = 0,
        expires_in: ExpiresIn = None,
        force: Force = False,
        idempotency_key: IdempotencyKey = None,
    ) -> Response[CommandView]:
        body = parse_object(current.body or "{}")
        return carry_out(current, identity, operation.name, body, Options(wait, expires_in, force, idempotency_key))

    order.__name__ = f"command_{operation.name}"
    order.__doc__ = f"{_title(operation)}\n\n{_EXPLANATION}"
    return order


def _title(operation: Operation[Any, Any]) -> str:
    """The first sentence of its module."""
    text = cleandoc(sys.modules[operation.request.__module__].__doc__ or operation.name)
    return " ".join(text.partition("\n\n")[0].split()).removesuffix(".")


_EXPLANATION: Final = """The body goes out as it is, once what may be left out was filled in; no body is `{}`.

404 if there is no such charge point; 422 with the fields that break the schema or the rules; 409 if another rule stands
against it, or if the charge point is offline and the command is meant for this moment; 429 if a hundred commands wait
already. What is allowed but probably not meant is sent all the same, and told in `warnings`. What the station makes of
it is in `state`, whatever it is."""

for _operation in operations().values():
    routes.post(
        f"/charge-points/<identity>/commands/{_operation.name}",
        Scope.OPERATE,
        answers={
            200: {"application/json": {"model": CommandView}},
            202: {"application/json": {"model": CommandView}},
        },
        reads=_operation.request,
        fills=_operation.fills,
    )(_endpoint(_operation))


@routes.post("/charge-points/<identity>/commands/<command>", Scope.OPERATE, is_documented=False)
def command_unknown(current: Current, identity: PathIdentity, command: PathCommand) -> None:
    """Say that there is no such command."""
    current.link(identity)
    raise NotFound(f"OCPP 1.6 has no {command} for a charge point; there are {', '.join(sorted(operations()))}")


@routes.get("/charge-points/<identity>/commands", Scope.READ)
def list_commands(
    current: Current,
    identity: PathIdentity,
    action: Annotated[str | None, Query(max_length=50, description="Only this one, exactly as OCPP spells it.")] = None,
    state: Annotated[CallState | None, Query(description="Only those in this state.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[CommandView]:
    """The commands to a charge point, newest first; they are kept for 90 days."""
    charge_point_id = current.link(identity).charge_point_id
    calls: list[Call] = []
    size = 0
    after = decode_key(cursor)
    for _ in range(_MOST_QUERIES):
        page = current.store.calls.list(
            charge_point_id, limit=limit - len(calls), after=after, action=action, state=state
        )
        found = [settled(current, call) for call in page.calls]
        calls += [call for call in found if state in {None, call.state}]
        after = page.cursor
        size += sum(map(size_of, found))
        if after is None or len(calls) >= limit or size > ENOUGH_BYTES:
            break
    return Page[CommandView](items=[view_of(call) for call in calls], cursor=encode_key(after))


@routes.get("/charge-points/<identity>/commands/<command>", Scope.READ)
def read_command(current: Current, identity: PathIdentity, command: PathCommand) -> CommandView:
    """One command."""
    return view_of(find_command(current, identity, command))


@routes.delete("/charge-points/<identity>/commands/<command>", Scope.OPERATE)
def withdraw_command(current: Current, identity: PathIdentity, command: PathCommand) -> CommandView:
    """Take back a command that waits; 409 if it was sent, or has ended."""
    return view_of(withdraw(current, find_command(current, identity, command)))


@routes.delete("/charge-points/<identity>/commands", Scope.OPERATE)
def withdraw_commands(
    current: Current,
    identity: PathIdentity,
    state: Annotated[Literal["queued"], Query(description="Only those can be taken back.")],  # noqa: ARG001
) -> WithdrawnView:
    """Take back every command that waits for a charge point."""
    withdrawn = withdraw_all(current, current.link(identity).charge_point_id)
    return WithdrawnView(withdrawn=[view_of(call) for call in withdrawn])
