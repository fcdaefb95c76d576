"""GetCompositeSchedule [S 5.7]: what a charge point expects to follow; of connector 0, what it draws from the grid."""

from typing import Annotated, Literal

from csms.ocpp.primitives import Timestamp
from csms.smart_charging.profiles import ChargingRateUnit
from csms.v16 import official
from csms.v16.charging_profiles import known_limits, unit_faults
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Situation
from csms.v16.payload import Payload
from csms.v16.rules import Fault, FieldsRefused, check_connector
from csms.v16.types import Integer32


class GetCompositeScheduleRequest(CommandRequest):
    """GetCompositeSchedule.req [S 6.19]. `duration` in s."""

    connector_id: Integer32
    duration: Integer32
    charging_rate_unit: ChargingRateUnit | None = None


class CompositePeriod(Payload):
    """A limit from `start_period` s after the start."""

    start_period: int
    limit: Annotated[float, official.tenths()]
    number_phases: int | None = None


class CompositeSchedule(Payload):
    """The schedule of the answer; its start stands beside it [ER 3.57]."""

    duration: int | None = None
    start_schedule: Timestamp | None = None
    charging_rate_unit: Annotated[str, official.word("A", "W")]
    charging_schedule_period: tuple[CompositePeriod, ...]
    min_charging_rate: Annotated[float | None, official.tenths()] = None


class GetCompositeScheduleResponse(CommandResponse):
    """GetCompositeSchedule.conf [S 6.20]: Accepted with a schedule, or Rejected without."""

    status: Literal["Accepted", "Rejected"]
    connector_id: int | None = None
    schedule_start: Timestamp | None = None
    charging_schedule: CompositeSchedule | None = None


GET_COMPOSITE_SCHEDULE = Operation(
    "GetCompositeSchedule", GetCompositeScheduleRequest, GetCompositeScheduleResponse, is_immediate=True
)


@GET_COMPOSITE_SCHEDULE.checks
def check(request: GetCompositeScheduleRequest, situation: Situation) -> None:
    """A length of time, and a unit that the charge point takes."""
    check_connector(request.connector_id, situation)
    if request.duration <= 0:
        raise FieldsRefused(Fault("duration", "must be more than 0 s", request.duration))
    if request.charging_rate_unit is not None:
        faults = list(unit_faults(request.charging_rate_unit, known_limits(situation)))
        if faults:
            raise FieldsRefused(*faults)
