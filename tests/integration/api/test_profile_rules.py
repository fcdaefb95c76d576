"""What is wrong with a charging profile is told field by field, before anything goes out."""

from typing import Any

import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.configuration import Reported
from tests.called_station import CalledStation
from tests.integration.commands.test_set_charging_profile import PERIODS, order
from tests.lambda_operator import LambdaOperator, claims_of

CP001 = ChargePointId("CP001")
PATH = "/charge-points/CP001/commands/SetChargingProfile"
PROFILE = "csChargingProfiles"
SCHEDULE = f"{PROFILE}.chargingSchedule"
TX = {"chargingProfilePurpose": "TxProfile"}


@pytest.fixture
def operator(called: CalledStation) -> LambdaOperator:
    """Somebody who may command, on the station's clock."""
    return LambdaOperator(claims_of("operate"), now=called.now)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (order(1, chargingProfilePurpose="ChargePointMaxProfile"), ["connectorId"]),
        (order(0, **TX, transactionId=1), ["connectorId", f"{PROFILE}.transactionId"]),
        (order(1, **TX), [f"{PROFILE}.transactionId"]),
        (order(1, transactionId=1), [f"{PROFILE}.transactionId"]),
        (order(3), ["connectorId"]),
        (order(1, stackLevel=9), [f"{PROFILE}.stackLevel"]),
        (order(1, recurrencyKind="Daily"), [f"{PROFILE}.recurrencyKind"]),
        (order(1, chargingProfileKind="Relative"), [f"{SCHEDULE}.startSchedule"]),
        (order(1, validTo="2026-03-05T00:00:00Z"), [f"{PROFILE}.validTo"]),
        (order(1, schedule={"chargingRateUnit": "W"}), [f"{SCHEDULE}.chargingRateUnit"]),
        (order(1, schedule={PERIODS: []}), [f"{SCHEDULE}.{PERIODS}"]),
        (order(1, schedule={"duration": 0}), [f"{SCHEDULE}.duration"]),
        (
            order(
                1,
                stackLevel=-1,
                schedule={
                    PERIODS: [
                        {"startPeriod": 5, "limit": 6},
                        {"startPeriod": 5, "limit": -1, "numberPhases": 4},
                    ]
                },
            ),
            [
                f"{PROFILE}.stackLevel",
                f"{SCHEDULE}.{PERIODS}.0.startPeriod",
                f"{SCHEDULE}.{PERIODS}.1.startPeriod",
                f"{SCHEDULE}.{PERIODS}.1.limit",
                f"{SCHEDULE}.{PERIODS}.1.numberPhases",
                f"{SCHEDULE}.{PERIODS}",
            ],
        ),
        (order(1, schedule={PERIODS: [{"startPeriod": 0, "limit": 6.05}]}), [f"{SCHEDULE}.{PERIODS}.0.limit"]),
    ],
)
def test_every_wrong_field_is_named(
    csms: Runtime, called: CalledStation, operator: LambdaOperator, body: dict[str, Any], fields: list[str]
) -> None:
    known = {
        "NumberOfConnectors": "2",
        "ChargeProfileMaxStackLevel": "8",
        "ChargingScheduleAllowedChargingRateUnit": "Current",
        "ConnectorSwitch3to1PhaseSupported": "false",
    }
    csms.store.configuration.report(CP001, [Reported(key, value) for key, value in known.items()], called.now)
    refused = operator.post(PATH, body)
    assert refused.status == 422
    assert [error["field"] for error in refused.json["errors"]] == fields
    assert called.posted == []


def test_a_profile_in_a_remote_start_is_checked_likewise(called: CalledStation, operator: LambdaOperator) -> None:
    profile = order(1)[PROFILE]
    body = {"connectorId": 1, "idTag": "TAG1", "chargingProfile": profile}
    refused = operator.post("/charge-points/CP001/commands/RemoteStartTransaction", body)
    assert [error["field"] for error in refused.json["errors"]] == ["chargingProfile.chargingProfilePurpose"]
    body["chargingProfile"] = profile | TX | {"validTo": profile["validFrom"]}
    refused = operator.post("/charge-points/CP001/commands/RemoteStartTransaction", body)
    assert (refused.status, refused.json["errors"]) == (
        422,
        [{"field": "chargingProfile.validTo", "reason": "not after validFrom"}],
    )
    assert called.posted == []


def test_what_is_odd_goes_out_with_a_warning(called: CalledStation, operator: LambdaOperator) -> None:
    body = order(1, schedule={"duration": 60})
    placed = operator.post(PATH, body)
    assert (placed.status, called.posted[-1][3]) == (202, body)
    assert placed.json["warnings"] == ["duration: has passed, the profile limits nothing"]
    assert operator.get(placed.headers["location"]).json["warnings"] == placed.json["warnings"]
