"""Placing commands and finding them again; what stands against a command as a problem."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from aws_lambda_powertools.event_handler import Response
from pydantic import ValidationError

from csms.api.command_views import CommandView, view_of
from csms.api.problems import Conflict, Finding, InvalidRequest, NotFound, TooManyRequests, findings_of
from csms.api.request import CurrentRequest
from csms.api.waiting import wait_until_ended
from csms.calls import CallRefused
from csms.ids import CallId, ChargePointId
from csms.ocpp import frames
from csms.ocpp.json_types import JsonObject
from csms.store.calls import Call, CallState
from csms.store.errors import ConditionFailed
from csms.store.links import Link, WaitingListFull
from csms.v16.operations import operations
from csms.v16.orders import Command
from csms.v16.rules import FieldsRefused

_COMMAND_ID: Final = re.compile(r"[0-9a-f-]{1,50}")
_TIME_TO_ANSWER_S: Final = 1.5


@dataclass(frozen=True)
class Options:
    """How a command is to be carried out."""

    wait_s: float
    expires_in_s: int | None
    is_forced: bool
    idempotency_key: str | None
    context: JsonObject | None = None
    """What is to be known when the answer comes."""

    @property
    def lifetime(self) -> timedelta | None:
        """How long the command may wait for its charge point."""
        return None if self.expires_in_s is None else timedelta(seconds=self.expires_in_s)


def carry_out(
    current: CurrentRequest, identity: str, action: str, body: JsonObject, options: Options
) -> Response[CommandView]:
    """Place a command; 200 with its end if that comes within the wait, else 202.

    Raises as `place_and_wait` does.
    """
    call = place_and_wait(current, identity, action, body, options)
    status = HTTPStatus.OK if call.state.is_ended else HTTPStatus.ACCEPTED
    return Response(int(status), "application/json", view_of(call), headers={"Location": location_of(call)})


def place_and_wait(current: CurrentRequest, identity: str, action: str, body: JsonObject, options: Options) -> Call:
    """Place a command; as it is when it has ended, or when the wait is over.

    Raises:
        NotFound: there is no such charge point.
        NotAllowed: it changes how the charge point authenticates, and the caller is no admin.
        InvalidRequest: the payload does not satisfy the schema, or the rules for its fields.
        Conflict: a rule stands against it, or the charge point is offline.
        TooManyRequests: too many calls wait already.
    """
    link = current.link(identity, consistent=True)
    current.check_may_set(action, body)
    wanted = Command(
        action,
        body,
        current.caller,
        is_forced=options.is_forced,
        lifetime=options.lifetime,
        idempotency_key=options.idempotency_key,
        context=options.context,
    )
    call = _place(current, link, wanted)
    begin = time.monotonic()
    wait_s = min(options.wait_s, current.respond_by - begin - _TIME_TO_ANSWER_S)
    return wait_until_ended(
        call, lambda placed: _look_again(current, placed, timedelta(seconds=time.monotonic() - begin)), wait_s
    )


def find_command(current: CurrentRequest, identity: str, text: str) -> Call:
    """The command a path names.

    Raises:
        NotFound: there is none.
    """
    charge_point_id = current.link(identity).charge_point_id
    call = current.store.calls.get(charge_point_id, CallId(text)) if _COMMAND_ID.fullmatch(text) else None
    if call is None:
        raise NotFound(f"{charge_point_id} has no command {text}")
    return settled(current, call)


def settled(current: CurrentRequest, call: Call, elapsed: timedelta = timedelta()) -> Call:
    """The call, which is expired now if its time is up and nobody has noticed."""
    if call.state is not CallState.QUEUED or current.now + elapsed < call.expires_at:
        return call
    return current.calls.expire(call) or current.store.calls.get(call.charge_point_id, call.id) or call


def withdraw(current: CurrentRequest, call: Call) -> Call:
    """Take back a command that was not sent.

    Raises:
        Conflict: it was sent, or has ended.
    """
    withdrawn = current.calls.cancel(call.charge_point_id, call.id)
    if withdrawn is None:
        now = current.store.calls.get(call.charge_point_id, call.id) or call
        raise Conflict(f"the command is not queued any more: {now.state}")
    return withdrawn


def withdraw_all(current: CurrentRequest, charge_point_id: ChargePointId) -> list[Call]:
    """Take back every command that waits for the charge point; those that are just being sent are left out."""
    link = current.store.links.get(charge_point_id, consistent=True)
    waiting = link.waiting if link else ()
    return [call for call_id in waiting if (call := current.calls.cancel(charge_point_id, call_id))]


def check_words(action: str, body: JsonObject) -> None:
    """Check a payload that is completed later, for each charge point by itself.

    Raises:
        InvalidRequest: something other than what can be filled in is missing or wrong.
    """
    operation = operations()[action]
    try:
        operation.request.model_validate_json(frames.dumps(body))
    except ValidationError as error:
        findings = [found for found in error.errors() if not _is_filled_in(found, operation.fills)]
        if findings:
            raise _invalid(findings, "payload") from error


def location_of(call: Call) -> str:
    """Where the command is found."""
    return f"/charge-points/{quote(call.charge_point_id, safe='')}/commands/{call.id}"


def _place(current: CurrentRequest, link: Link, wanted: Command) -> Call:
    try:
        return current.runtime.commands.place(link, wanted, current.now)
    except ValidationError as error:
        raise _invalid(error.errors()) from error
    except FieldsRefused as refused:
        raise InvalidRequest(*(Finding(fault.field, fault.reason) for fault in refused.faults)) from refused
    except (LookupError, ConditionFailed) as gone:
        raise NotFound(f"there is no charge point {link.charge_point_id}") from gone
    except CallRefused as refused:
        raise Conflict(str(refused)) from refused
    except WaitingListFull as full:
        raise TooManyRequests("too many commands wait for the charge point already") from full


def _look_again(current: CurrentRequest, call: Call, elapsed: timedelta) -> Call:
    return settled(current, current.store.calls.get(call.charge_point_id, call.id) or call, elapsed)


def _invalid(errors: Sequence[Any], *above: str) -> InvalidRequest:
    return InvalidRequest(*findings_of([{**error, "loc": ("body", *above, *error["loc"])} for error in errors]))


def _is_filled_in(finding: Any, fills: tuple[str, ...]) -> bool:
    return finding["type"] == "missing" and ".".join(str(part) for part in finding["loc"]) in fills
