"""What a simulated station answers, over a real socket, in real time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.fleet.clock import DayClock
from local.fleet.day import MODELS, StationDay
from local.fleet.life import Life
from local.fleet.plan import FleetPlan
from local.fleet.report import Recorder
from local.fleet.station import Station
from tests.unit.fleet.central_system import CentralSystem, central_system

IDENTITY = "CP-1"
DUO = MODELS[1]
FAST_DAY_S = 8640.0
"""Ten times as fast as reality: a test is over long before the day is."""
HOUR_AHEAD = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@asynccontextmanager
async def idle_station() -> AsyncIterator[CentralSystem]:
    """A booted station with two connectors and no visitors."""
    day = StationDay(IDENTITY, DUO, 0, (), None, None, None, (1000, 2000))
    async with central_system() as system:
        plan = FleetPlan(stations=1, url=system.url, day_s=FAST_DAY_S)
        station = Station(day, plan, DayClock(plan.day_s), Recorder(), asyncio.Semaphore())
        life = asyncio.create_task(Life(station, 5).live())
        await system.booted()
        try:
            yield system
        finally:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
            await station.network.close()


async def arrival(system: CentralSystem, action: str, **fields: Any) -> dict[str, Any]:
    """Wait for a message of the station with these fields."""
    async with asyncio.timeout(5):
        while True:
            for payload in system.payloads(action):
                if fields.items() <= payload.items():
                    return payload
            await asyncio.sleep(0.01)


def profile(**changes: Any) -> dict[str, Any]:
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "startSchedule": "2020-01-01T00:00:00Z",
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.5}],
        },
    } | changes


async def test_remote_start_is_authorized_started_and_stopped_remotely() -> None:
    async with idle_station() as system:
        answer = await system.call(IDENTITY, "RemoteStartTransaction", {"idTag": "TAG", "connectorId": 2})
        assert answer == {"status": "Accepted"}
        start = await arrival(system, "StartTransaction", connectorId=2, idTag="TAG")
        assert start["meterStart"] == 2000
        await arrival(system, "StatusNotification", connectorId=2, status="Charging")
        assert await system.call(IDENTITY, "RemoteStopTransaction", {"transactionId": 99}) == {"status": "Rejected"}
        assert await system.call(IDENTITY, "RemoteStopTransaction", {"transactionId": 1}) == {"status": "Accepted"}
        await arrival(system, "StopTransaction", transactionId=1, reason="Remote")
        assert "Authorize" in system.actions(IDENTITY)


async def test_busy_connector_rejects_a_remote_start() -> None:
    async with idle_station() as system:
        await system.call(IDENTITY, "RemoteStartTransaction", {"idTag": "TAG", "connectorId": 1})
        await arrival(system, "StatusNotification", connectorId=1, status="Charging")
        answer = await system.call(IDENTITY, "RemoteStartTransaction", {"idTag": "TAG", "connectorId": 1})
        assert answer == {"status": "Rejected"}


async def test_reset_stops_the_transaction_and_boots_again() -> None:
    async with idle_station() as system:
        await system.call(IDENTITY, "RemoteStartTransaction", {"idTag": "TAG", "connectorId": 1})
        await arrival(system, "StatusNotification", connectorId=1, status="Charging")
        assert await system.call(IDENTITY, "Reset", {"type": "Soft"}) == {"status": "Accepted"}
        await arrival(system, "StopTransaction", reason="SoftReset")
        async with asyncio.timeout(5):
            while len(system.payloads("BootNotification")) < 2:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("action", "request_", "expected"),
    [
        ("UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"}),
        ("UnlockConnector", {"connectorId": 3}, {"status": "NotSupported"}),
        ("ClearCache", {}, {"status": "Accepted"}),
        ("ChangeAvailability", {"connectorId": 3, "type": "Inoperative"}, {"status": "Rejected"}),
        ("ChangeConfiguration", {"key": "heartbeatinterval", "value": "60"}, {"status": "Accepted"}),
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "-1"}, {"status": "Rejected"}),
        ("ChangeConfiguration", {"key": "NumberOfConnectors", "value": "3"}, {"status": "Rejected"}),
        ("ChangeConfiguration", {"key": "NoSuchKey", "value": "3"}, {"status": "NotSupported"}),
        ("GetLocalListVersion", {}, {"listVersion": 0}),
        ("DataTransfer", {"vendorId": "Nobody"}, {"status": "UnknownVendorId"}),
        ("CancelReservation", {"reservationId": 1}, {"status": "Rejected"}),
        ("ClearChargingProfile", {}, {"status": "Unknown"}),
        ("GetDiagnostics", {"location": "ftp://example.com/"}, {"fileName": "CP-1.log"}),
        ("UpdateFirmware", {"location": "ftp://example.com/", "retrieveDate": HOUR_AHEAD}, {}),
        ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile()}, {"status": "Accepted"}),
        (
            "SetChargingProfile",
            {"connectorId": 1, "csChargingProfiles": profile(chargingProfilePurpose="ChargePointMaxProfile")},
            {"status": "Rejected"},
        ),
        (
            "SetChargingProfile",
            {"connectorId": 1, "csChargingProfiles": profile(chargingProfilePurpose="TxProfile")},
            {"status": "Rejected"},
        ),
    ],
)
async def test_idle_station_answers(action: str, request_: dict[str, Any], expected: dict[str, Any]) -> None:
    async with idle_station() as system:
        assert await system.call(IDENTITY, action, request_) == expected


async def test_get_configuration_separates_known_from_unknown_keys() -> None:
    async with idle_station() as system:
        answer = await system.call(IDENTITY, "GetConfiguration", {"key": ["NumberOfConnectors", "Nonsense"]})
    assert answer == {
        "configurationKey": [{"key": "NumberOfConnectors", "readonly": True, "value": "2"}],
        "unknownKey": ["Nonsense"],
    }


async def test_trigger_message_is_followed_by_the_message() -> None:
    async with idle_station() as system:
        answer = await system.call(IDENTITY, "TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 2})
        assert answer == {"status": "Accepted"}
        values = await arrival(system, "MeterValues", connectorId=2)
    assert values["meterValue"][0]["sampledValue"][0]["value"] == "2000"
    assert "transactionId" not in values


async def test_reservation_is_kept_for_its_tag_and_used_up() -> None:
    request = {"connectorId": 1, "expiryDate": HOUR_AHEAD, "idTag": "TAG", "reservationId": 5}
    async with idle_station() as system:
        assert await system.call(IDENTITY, "ReserveNow", request) == {"status": "Accepted"}
        await arrival(system, "StatusNotification", connectorId=1, status="Reserved")
        other = await system.call(IDENTITY, "ReserveNow", request | {"reservationId": 6, "idTag": "OTHER"})
        assert other == {"status": "Occupied"}
        foreign = await system.call(IDENTITY, "RemoteStartTransaction", {"idTag": "OTHER", "connectorId": 1})
        assert foreign == {"status": "Rejected"}
        await system.call(IDENTITY, "RemoteStartTransaction", {"idTag": "TAG", "connectorId": 1})
        await arrival(system, "StartTransaction", reservationId=5)
        assert await system.call(IDENTITY, "CancelReservation", {"reservationId": 5}) == {"status": "Rejected"}


async def test_cancelled_reservation_frees_the_connector() -> None:
    request = {"connectorId": 1, "expiryDate": HOUR_AHEAD, "idTag": "TAG", "reservationId": 5}
    async with idle_station() as system:
        await system.call(IDENTITY, "ReserveNow", request)
        await arrival(system, "StatusNotification", connectorId=1, status="Reserved")
        before = len(system.payloads("StatusNotification"))
        assert await system.call(IDENTITY, "CancelReservation", {"reservationId": 5}) == {"status": "Accepted"}
        async with asyncio.timeout(5):
            while len(system.payloads("StatusNotification")) == before:
                await asyncio.sleep(0.01)
    assert system.payloads("StatusNotification")[-1]["status"] == "Available"


async def test_unavailable_station_refuses_what_needs_a_connector() -> None:
    async with idle_station() as system:
        answer = await system.call(IDENTITY, "ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
        assert answer == {"status": "Accepted"}
        await arrival(system, "StatusNotification", connectorId=0, status="Unavailable")
        await arrival(system, "StatusNotification", connectorId=2, status="Unavailable")
        assert await system.call(IDENTITY, "RemoteStartTransaction", {"idTag": "TAG"}) == {"status": "Rejected"}


async def test_local_list_takes_full_then_newer_differential_updates() -> None:
    full = {"listVersion": 3, "updateType": "Full", "localAuthorizationList": [_entry("A"), _entry("B")]}
    removal = {"listVersion": 4, "updateType": "Differential", "localAuthorizationList": [{"idTag": "A"}]}
    async with idle_station() as system:
        assert await system.call(IDENTITY, "SendLocalList", full) == {"status": "Accepted"}
        assert await system.call(IDENTITY, "SendLocalList", removal) == {"status": "Accepted"}
        assert await system.call(IDENTITY, "SendLocalList", removal) == {"status": "VersionMismatch"}
        assert await system.call(IDENTITY, "GetLocalListVersion", {}) == {"listVersion": 4}


async def test_composite_schedule_of_the_station_is_the_sum_of_its_connectors() -> None:
    async with idle_station() as system:
        await system.call(IDENTITY, "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": profile()})
        answer = await system.call(
            IDENTITY, "GetCompositeSchedule", {"connectorId": 0, "duration": 600, "chargingRateUnit": "A"}
        )
    assert answer["chargingSchedule"] == {
        "duration": 600,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 21.0}],
    }


async def test_limit_below_six_amperes_suspends_charging() -> None:
    schedule = profile()["chargingSchedule"] | {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": 5}]}
    async with idle_station() as system:
        await system.call(IDENTITY, "RemoteStartTransaction", {"idTag": "TAG", "connectorId": 1})
        await arrival(system, "StatusNotification", connectorId=1, status="Charging")
        limit = profile(chargingProfilePurpose="TxProfile", transactionId=1, chargingSchedule=schedule)
        answer = await system.call(IDENTITY, "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": limit})
        assert answer == {"status": "Accepted"}
        await arrival(system, "StatusNotification", connectorId=1, status="SuspendedEVSE")


def _entry(id_tag: str) -> dict[str, Any]:
    return {"idTag": id_tag, "idTagInfo": {"status": "Accepted"}}
