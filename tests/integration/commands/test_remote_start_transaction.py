"""RemoteStartTransaction: accepted is no start (TC_010, 011_1, 011_2, 026, 059)."""

from typing import Any

import pytest

from csms.calls import CallRefused, NotConnected
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import CallState
from csms.store.charging_profiles import InstalledProfile
from csms.store.links import Registration
from csms.v16.installed_profiles import installed_profiles
from tests.called_station import CalledStation

CP001 = ChargePointId("CP001")
START = {"connectorId": 1, "idTag": "TAG1"}
PROFILE: dict[str, Any] = {
    "chargingProfileId": 7,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.0}]},
}


def installed(csms: Runtime, called: CalledStation) -> list[InstalledProfile]:
    return installed_profiles(csms.store, CP001, called.now)


@pytest.mark.parametrize("body", [START, {"idTag": "TAG1"}, START | {"chargingProfile": PROFILE}])
@pytest.mark.parametrize(("status", "state"), [("Accepted", CallState.ACCEPTED), ("Rejected", CallState.REJECTED)])
def test_no_answer_is_a_transaction(
    csms: Runtime, called: CalledStation, body: dict[str, Any], status: str, state: CallState
) -> None:
    call = called.is_called("RemoteStartTransaction", body)
    assert called.posted[-1][3] == body
    called.reply({"status": status})
    assert called.stored(call).state is state
    assert list(csms.store.transactions.open_of_tag("TAG1")) == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"connectorId": 0, "idTag": "TAG1"}, "connectorId 0: must be at least 1"),
        ({"idTag": ""}, "idTag: empty"),
        (START | {"chargingProfile": PROFILE | {"chargingProfilePurpose": "TxDefaultProfile"}}, "must be TxProfile"),
        (START | {"chargingProfile": PROFILE | {"transactionId": 1}}, "transactionId: .* leave it out"),
        (START | {"chargingProfile": PROFILE | {"stackLevel": -1}}, "stackLevel"),
    ],
)
def test_what_contradicts_the_standard_is_refused_and_goes_out_by_force(
    called: CalledStation, body: dict[str, Any], reason: str
) -> None:
    with pytest.raises(CallRefused, match=reason):
        called.is_called("RemoteStartTransaction", body)
    called.is_called("RemoteStartTransaction", body, is_forced=True)
    assert called.posted[-1][3] == body


def test_a_pending_station_is_not_told_to_start(csms: Runtime, called: CalledStation) -> None:
    csms.store.links.set_registration(CP001, Registration.PENDING)
    with pytest.raises(CallRefused, match="pending"):
        called.is_called("RemoteStartTransaction", START)


def test_a_station_that_is_offline_is_not_told_to_start_later(called: CalledStation) -> None:
    called.disconnect()
    called.wait(minutes=5)
    with pytest.raises(NotConnected):
        called.is_called("RemoteStartTransaction", START)


def test_its_profile_becomes_that_of_the_transaction_that_the_tag_starts(csms: Runtime, called: CalledStation) -> None:
    called.is_called("RemoteStartTransaction", {"idTag": "TAG1", "chargingProfile": PROFILE})
    called.reply({"status": "Accepted"})
    called.wait(seconds=20)
    (waiting,) = installed(csms, called)
    assert (waiting.transaction_id, waiting.connector_id) == (None, None)

    number = called.start(connectorId=2)["transactionId"]
    called.wait(hours=1)
    (running,) = installed(csms, called)
    assert (running.transaction_id, running.connector_id) == (number, 2)

    called.stop(number)
    assert installed(csms, called) == []


@pytest.mark.parametrize(("tag", "connector_id"), [("STRANGER", 1), ("TAG1", 2)])
def test_its_profile_is_not_that_of_another_transaction(
    csms: Runtime, called: CalledStation, tag: str, connector_id: int
) -> None:
    called.is_called("RemoteStartTransaction", START | {"chargingProfile": PROFILE})
    called.reply({"status": "Accepted"})
    called.start(idTag=tag, connectorId=connector_id)
    called.wait(minutes=11)
    assert installed(csms, called) == []


def test_its_profile_is_gone_if_nothing_starts(csms: Runtime, called: CalledStation) -> None:
    called.is_called("RemoteStartTransaction", START | {"chargingProfile": PROFILE})
    called.reply({"status": "Accepted"})
    called.wait(minutes=11)
    assert installed(csms, called) == []
