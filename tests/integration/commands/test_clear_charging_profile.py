"""ClearChargingProfile: by id, by criteria, all (TC_067)."""

from typing import Any

import pytest

from csms.calls import CallRefused
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.charging_profiles import InstalledProfile, ProfileState
from csms.v16.installed_profiles import installed_profiles, profiles_of
from tests.called_station import CalledStation

CP001 = ChargePointId("CP001")


@pytest.fixture
def loaded(csms: Runtime, called: CalledStation) -> CalledStation:
    """Three profiles are installed: the whole charge point's, and two levels on connector 1."""
    for number, connector_id, purpose, level in (
        (1, 0, "ChargePointMaxProfile", 0),
        (2, 1, "TxDefaultProfile", 0),
        (3, 1, "TxDefaultProfile", 1),
    ):
        csms.store.charging_profiles.put(
            InstalledProfile(
                charge_point_id=CP001,
                id=number,
                connector_id=connector_id,
                purpose=purpose,
                stack_level=level,
                profile={},
                state=ProfileState.INSTALLED,
                as_of=called.now,
                call_id=called.is_called("ClearCache").id,
            )
        )
        called.reply({"status": "Accepted"})
    called.wait(seconds=1)
    return called


def installed(csms: Runtime, called: CalledStation) -> set[int]:
    return {profile.id for profile in installed_profiles(csms.store, CP001, called.now)}


@pytest.mark.parametrize(
    ("criteria", "left"),
    [
        ({"id": 2}, {1, 3}),
        ({"id": 99}, {1, 2, 3}),
        ({"connectorId": 0}, {2, 3}),
        ({"connectorId": 1}, {1}),
        ({"stackLevel": 0}, {3}),
        ({"connectorId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1}, {1, 2}),
        ({"chargingProfilePurpose": "TxProfile"}, {1, 2, 3}),
        ({}, set()),
    ],
)
@pytest.mark.parametrize("status", ["Accepted", "Unknown"])
def test_what_fits_is_gone_also_where_the_station_knows_nothing_of_it(
    csms: Runtime, loaded: CalledStation, criteria: dict[str, Any], left: set[int], status: str
) -> None:
    loaded.is_called("ClearChargingProfile", criteria)
    assert loaded.posted[-1][3] == criteria
    loaded.reply({"status": status})
    assert installed(csms, loaded) == left


def test_after_silence_what_fits_may_be_gone(csms: Runtime, loaded: CalledStation) -> None:
    loaded.is_called("ClearChargingProfile", {"id": 2})
    loaded.wait(seconds=31)
    loaded.run_wakes()
    states = {profile.id: profile.state for profile in profiles_of(csms.store, CP001, loaded.now)}
    assert states == {1: ProfileState.INSTALLED, 2: ProfileState.UNKNOWN, 3: ProfileState.INSTALLED}


def test_a_callerror_clears_nothing(csms: Runtime, loaded: CalledStation) -> None:
    loaded.is_called("ClearChargingProfile", {})
    loaded.refuse("NotSupported")
    assert installed(csms, loaded) == {1, 2, 3}


def test_an_id_stands_alone(loaded: CalledStation) -> None:
    with pytest.raises(CallRefused, match="id: the charge point ignores what else is given"):
        loaded.is_called("ClearChargingProfile", {"id": 1, "stackLevel": 0})
    loaded.is_called("ClearChargingProfile", {"id": 1, "stackLevel": 0}, is_forced=True)
