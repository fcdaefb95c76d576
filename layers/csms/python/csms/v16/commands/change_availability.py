"""ChangeAvailability [S 5.2]: whether a connector, or with 0 the whole charge point, may be used.

Scheduled means after the running transaction. The real effect is the StatusNotification that follows.
"""

from enum import StrEnum
from typing import Literal

from csms.store.calls import CallState
from csms.store.charge_points import Quirk
from csms.v16.capabilities import learn_quirk
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Settled, Situation
from csms.v16.rules import check_connector
from csms.v16.types import Integer32


class AvailabilityType(StrEnum):
    """May it be used [S 7.4]."""

    INOPERATIVE = "Inoperative"
    OPERATIVE = "Operative"


class ChangeAvailabilityRequest(CommandRequest):
    """ChangeAvailability.req [S 6.7]."""

    connector_id: Integer32
    type: AvailabilityType


class ChangeAvailabilityResponse(CommandResponse):
    """ChangeAvailability.conf [S 6.8]: Accepted, Rejected or Scheduled."""

    status: Literal["Accepted", "Rejected", "Scheduled"]


CHANGE_AVAILABILITY = Operation(
    "ChangeAvailability",
    ChangeAvailabilityRequest,
    ChangeAvailabilityResponse,
    concerns=lambda payload: payload["connectorId"] == 0,
)


@CHANGE_AVAILABILITY.applies
def apply(
    request: ChangeAvailabilityRequest,  # noqa: ARG001
    response: ChangeAvailabilityResponse | None,  # noqa: ARG001
    settled: Settled,
) -> None:
    """Learn whether the charge point takes it for the whole of itself."""
    if settled.was_answered and settled.call.state is not CallState.FAILED:
        learn_quirk(settled, Quirk.NO_AVAILABILITY_OF_ALL, has_it=not settled.is_accepted)


@CHANGE_AVAILABILITY.checks
def check(request: ChangeAvailabilityRequest, situation: Situation) -> None:
    """Only connectors that can exist."""
    check_connector(request.connector_id, situation)
