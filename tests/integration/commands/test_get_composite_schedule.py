"""GetCompositeSchedule: what a station expects to follow (TC_066)."""

from typing import Any

import pytest

from csms.calls import CallRefused
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import CallState
from csms.store.configuration import Reported
from tests.called_station import CalledStation

CP001 = ChargePointId("CP001")
ORDER = {"connectorId": 1, "duration": 300, "chargingRateUnit": "A"}


@pytest.mark.parametrize(
    ("response", "state", "is_flagged"),
    [
        (
            {
                "status": "Accepted",
                "connectorId": 1,
                "scheduleStart": "2026-03-05T12:00:00Z",
                "chargingSchedule": {
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}],
                },
            },
            CallState.ACCEPTED,
            False,
        ),
        ({"status": "Accepted", "chargingSchedule": {}}, CallState.ACCEPTED, True),
        ({"status": "Rejected"}, CallState.REJECTED, False),
    ],
)
def test_the_answer_is_kept_as_it_came(
    called: CalledStation, response: dict[str, Any], state: CallState, is_flagged: bool
) -> None:
    call = called.is_called("GetCompositeSchedule", ORDER)
    assert called.posted[-1][3] == ORDER
    called.reply(response)
    ended = called.stored(call)
    assert (ended.state, ended.response, ended.is_flagged) == (state, response, is_flagged)


@pytest.mark.parametrize(
    ("changes", "reason"), [({"connectorId": -1}, "at least 0"), ({"duration": 0}, "more than 0 s")]
)
def test_a_schedule_has_a_length_and_a_connector(called: CalledStation, changes: dict[str, int], reason: str) -> None:
    with pytest.raises(CallRefused, match=reason):
        called.is_called("GetCompositeSchedule", ORDER | changes)


def test_a_unit_that_the_station_does_not_take_is_not_asked_for(csms: Runtime, called: CalledStation) -> None:
    reported = [Reported("ChargingScheduleAllowedChargingRateUnit", "Power")]
    csms.store.configuration.report(CP001, reported, called.now)
    with pytest.raises(CallRefused, match="the charge point takes Power"):
        called.is_called("GetCompositeSchedule", ORDER)
    called.is_called("GetCompositeSchedule", ORDER | {"chargingRateUnit": "W"})
