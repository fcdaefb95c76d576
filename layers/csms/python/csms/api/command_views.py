"""A command as the API shows it: with what it is, without what is secret in it."""

from typing import Any

from pydantic import Field

from csms.api.models import Moment, View
from csms.redaction import redact
from csms.store.calls import Call, CallState
from csms.v16.operations import WARNINGS


class CommandView(View):
    """A command and what became of it."""

    id: str
    charge_point_id: str
    action: str
    payload: dict[str, Any] = Field(description="What is sent; secrets are hidden.")
    state: CallState
    status: str | None = Field(description="The status the station answered, or why the command ended otherwise.")
    response: Any = Field(description="What the station answered, as it came.")
    late_response: Any = Field(description="What it answered when its time was up.")
    flagged: bool = Field(description="The answer violates the schema.")
    warnings: list[str] = Field(description="What is allowed, but probably not meant; it was sent all the same.")
    forced: bool
    created_at: Moment
    sent_at: Moment | None
    ended_at: Moment | None
    expires_at: Moment = Field(description="It is not sent later than this.")
    requested_by: str
    bulk_id: str | None


def view_of(call: Call) -> CommandView:
    """The command as JSON shows it."""
    return CommandView(
        id=call.id,
        charge_point_id=call.charge_point_id,
        action=call.action,
        payload=redact(call.payload),
        state=call.state,
        status=call.status,
        response=redact(call.response),
        late_response=redact(call.late_response),
        flagged=call.is_flagged,
        warnings=(call.context or {}).get(WARNINGS, []),
        forced=call.is_forced,
        created_at=call.created_at,
        sent_at=call.sent_at,
        ended_at=call.ended_at,
        expires_at=call.expires_at,
        requested_by=call.requested_by,
        bulk_id=call.bulk_id,
    )
