"""Smart Charging once more, with profiles that a charging plan makes and sends instead of an operator."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.operator_client import Json, Operator
from tests.conformance.states import CONNECTOR, reach_authorized, reach_booted, send_accepted_start, send_status
from tests.stack import Stack
from tests.station import Call, Payload, Station, timestamp

SITE_A = 20
SAFE_A = 6
LIMIT_A = SITE_A - SAFE_A
"""What the only transaction gets: a place for one that begins at the other connector is kept."""
ABSOLUTE = frozenset({"validFrom", "validTo", "chargingSchedule"})
_PATIENCE_S = 30
ANSWERS: dict[str, Payload] = {
    "GetConfiguration": {"configurationKey": [], "unknownKey": []},
    "ChangeConfiguration": {"status": "NotSupported"},
}


@dataclass
class PlannedStation:
    """A booted charge point of a site that a plan runs. It accepts whatever it is told."""

    identity: str
    operator: Operator
    station: Station
    plan: Json

    async def answer_next(self) -> Call:
        """Answer the next call that is about charging."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                call = await self.station.calls.get()
                await self.station.answer(call, ANSWERS.get(call.action, {"status": "Accepted"}))
                if call.action not in ANSWERS:
                    return call

    async def profile(self, purpose: str) -> Payload:
        """The next profile of a purpose that it is sent."""
        while True:
            call = await self.answer_next()
            assert call.action == "SetChargingProfile", call
            if call.payload["csChargingProfiles"]["chargingProfilePurpose"] == purpose:
                return call.payload

    async def composite(self) -> list[Json]:
        """The limits on the connector in the next minute, as the Central System has them."""
        await asyncio.sleep(0.5)  # the answer to the last profile has been read by then
        query = {"connectorId": str(CONNECTOR), "duration": "60", "unit": "A"}
        found = await asyncio.to_thread(self.operator.composite_schedule, self.identity, **query)
        periods: list[Json] = found["periods"]
        return periods


@pytest.fixture
async def planned(stack: Stack, operator: Operator) -> AsyncIterator[PlannedStation]:
    """At a site of one charge point, whose plan has begun."""
    identity = await asyncio.to_thread(operator.create_charge_point)
    await asyncio.to_thread(operator.leave_quiet_mode, identity)
    async with Station.connected(stack.ocpp_url, identity) as station:
        await reach_booted(station)
        plan = await asyncio.to_thread(operator.start_plan, [identity], SITE_A, SAFE_A)
        yield PlannedStation(identity, operator, station, plan)
        await asyncio.to_thread(operator.stop_plan, plan["id"])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                while True:
                    call = await station.calls.get()
                    await station.answer(call, ANSWERS.get(call.action, {"status": "Accepted"}))
        station.assert_clean()


async def test_tc_056_csms_when_planned(planned: PlannedStation) -> None:
    """Central Smart Charging – TxDefaultProfile: the failsafe that a station gets when its plan begins."""
    sent = await planned.profile("TxDefaultProfile")
    profile = sent["csChargingProfiles"]
    assert (sent["connectorId"], profile["stackLevel"], profile["chargingProfileKind"]) == (0, 0, "Absolute")
    assert profile.keys().isdisjoint({"transactionId", "recurrencyKind"})
    assert_absolute(profile, SAFE_A)


async def test_tc_057_csms_when_planned(planned: PlannedStation, id_tag: str) -> None:
    """Central Smart Charging – TxProfile: what a transaction gets."""
    await planned.profile("TxDefaultProfile")
    await reach_authorized(planned.station, id_tag)
    transaction_id = await send_accepted_start(planned.station, id_tag, datetime.now(UTC))
    sent = await planned.profile("TxProfile")
    profile = sent["csChargingProfiles"]
    assert (sent["connectorId"], profile["transactionId"]) == (CONNECTOR, transaction_id)
    assert "recurrencyKind" not in profile
    assert_absolute(profile, LIMIT_A)


async def test_tc_059_csms_when_planned(planned: PlannedStation, id_tag: str) -> None:
    """Remote Start Transaction with Charging Profile: the plan's own takes the place of the one it came with."""
    await planned.profile("TxDefaultProfile")
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}]}
    brought = {
        "chargingProfileId": 7,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
    }
    body = {"connectorId": CONNECTOR, "idTag": id_tag, "chargingProfile": brought}
    told = asyncio.create_task(
        asyncio.to_thread(planned.operator.command, planned.identity, "RemoteStartTransaction", body)
    )
    assert (await planned.answer_next()).payload == body
    assert (await told)["state"] == "accepted"
    await reach_authorized(planned.station, id_tag)
    await send_status(planned.station, "Preparing")
    transaction_id = await send_accepted_start(planned.station, id_tag, datetime.now(UTC))
    profile = (await planned.profile("TxProfile"))["csChargingProfiles"]
    assert (profile["transactionId"], profile["stackLevel"]) == (transaction_id, 0)
    assert [period["limit"] for period in await planned.composite()] == [LIMIT_A]


async def test_tc_066_csms_when_planned(planned: PlannedStation, id_tag: str) -> None:
    """Get Composite Schedule: what the plan has installed is what the Central System reckons with."""
    await planned.profile("TxDefaultProfile")
    await reach_authorized(planned.station, id_tag)
    await send_accepted_start(planned.station, id_tag, datetime.now(UTC))
    await planned.profile("TxProfile")
    periods = [{"startPeriod": 0, "limit": LIMIT_A}]
    answer = {
        "status": "Accepted",
        "connectorId": CONNECTOR,
        "scheduleStart": timestamp(),
        "chargingSchedule": {"duration": 60, "chargingRateUnit": "A", "chargingSchedulePeriod": periods},
    }
    planned.station.will_answer("GetCompositeSchedule", answer)
    body = {"connectorId": CONNECTOR, "duration": 60, "chargingRateUnit": "A"}
    told = await asyncio.to_thread(planned.operator.command, planned.identity, "GetCompositeSchedule", body)
    assert told["response"] == answer
    assert [period["limit"] for period in await planned.composite()] == [LIMIT_A]


async def test_tc_067_csms_when_planned(planned: PlannedStation, id_tag: str) -> None:
    """Clear Charging Profile: a plan that is stopped takes back the profiles of its transactions, by their ids."""
    await planned.profile("TxDefaultProfile")
    await reach_authorized(planned.station, id_tag)
    await send_accepted_start(planned.station, id_tag, datetime.now(UTC))
    profile = (await planned.profile("TxProfile"))["csChargingProfiles"]
    await asyncio.sleep(0.5)
    await asyncio.to_thread(planned.operator.stop_plan, planned.plan["id"])
    call = await planned.answer_next()
    assert (call.action, call.payload) == ("ClearChargingProfile", {"id": profile["chargingProfileId"]})


def assert_absolute(profile: Payload, limit_a: float) -> None:
    """With every field that the newest edition wants of an absolute profile, and in force."""
    now, schedule = timestamp(), profile["chargingSchedule"]
    assert profile.keys() >= ABSOLUTE
    assert profile["validFrom"] <= schedule["startSchedule"] <= now < profile["validTo"]
    assert schedule["duration"] >= timedelta(days=1).total_seconds()
    first = schedule["chargingSchedulePeriod"][0]
    assert (schedule["chargingRateUnit"], first["startPeriod"], first["limit"]) == ("A", 0, limit_a)
