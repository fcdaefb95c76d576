"""Smart Charging."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.command import Command
from tests.conformance.editions import Edition, in_every_edition
from tests.conformance.operator_client import Operator
from tests.conformance.states import CONNECTOR, reach_authorized, reach_charging, send_accepted_start, send_status
from tests.station import Payload, Station, timestamp

ACCEPTED = {"status": "Accepted"}
CHARGE_POINT = 0
STACK_LEVEL = 1
DURATION_S = 3600
LIMITS = {"A": 6.0, "W": 6000.0}
FACTORS = {"A": 1, "W": 1000}
HALF_AN_HOUR = timedelta(minutes=30)
KINDS = [
    ({"chargingProfileKind": "Absolute"}, HALF_AN_HOUR, 9),
    ({"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"}, timedelta(days=2) + HALF_AN_HOUR, 9),
    ({"chargingProfileKind": "Recurring", "recurrencyKind": "Weekly"}, timedelta(weeks=2) + HALF_AN_HOUR, 9),
    ({"chargingProfileKind": "Relative"}, timedelta(), 6),
]
"""Each kind, how long ago its schedule began, and the limit that holds by then."""
of_either_kind = pytest.mark.parametrize("kind", ["Absolute", "Relative"])


@pytest.mark.parametrize("unit", LIMITS)
async def test_tc_056_csms(command: Command, unit: str) -> None:
    """Central Smart Charging – TxDefaultProfile."""
    profile = a_profile("TxDefaultProfile", unit=unit)
    sent = await set_profile(command, CONNECTOR, profile)
    assert sent["csChargingProfiles"].keys().isdisjoint({"transactionId", "recurrencyKind"})


@of_either_kind
async def test_tc_057_csms(booted: Station, command: Command, id_tag: str, kind: str) -> None:
    """Central Smart Charging – TxProfile."""
    charging = await reach_charging(booted, id_tag, datetime.now(UTC))
    profile = a_profile("TxProfile", kind=kind) | {"transactionId": charging.transaction_id}
    sent = await set_profile(command, CONNECTOR, profile)
    assert "recurrencyKind" not in sent["csChargingProfiles"]


@of_either_kind
async def test_tc_059_csms(
    booted: Station, command: Command, identity: str, operator: Operator, id_tag: str, kind: str
) -> None:
    """Remote Start Transaction with Charging Profile."""
    body = {"connectorId": CONNECTOR, "idTag": id_tag, "chargingProfile": a_profile("TxProfile", kind=kind)}
    sent = await command("RemoteStartTransaction", body, answer=ACCEPTED)
    assert sent == body
    assert sent["chargingProfile"].keys().isdisjoint({"transactionId", "recurrencyKind"})
    await reach_authorized(booted, id_tag)
    await send_status(booted, "Preparing")
    transaction_id = await send_accepted_start(booted, id_tag, datetime.now(UTC))
    await send_status(booted, "Charging")
    assert operator.transaction(identity, transaction_id)["state"] == "open"


@pytest.mark.parametrize("unit", LIMITS)
async def test_tc_066_csms(command: Command, unit: str) -> None:
    """Get Composite Schedule."""
    body = {"connectorId": CONNECTOR, "duration": DURATION_S, "chargingRateUnit": unit}
    periods = [{"startPeriod": 0, "limit": LIMITS[unit]}, {"startPeriod": 60, "limit": 2 * LIMITS[unit]}]
    schedule = {"duration": DURATION_S, "chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    answer = {**ACCEPTED, "connectorId": CONNECTOR, "scheduleStart": timestamp(), "chargingSchedule": schedule}
    assert await command("GetCompositeSchedule", body, answer=answer) == body


@in_every_edition
async def test_tc_067_csms(booted: Station, command: Command, id_tag: str, edition: Edition) -> None:
    """Clear Charging Profile."""
    if edition is Edition.NEWEST:
        charging = await reach_charging(booted, id_tag, datetime.now(UTC))
        level = STACK_LEVEL
        profiles = [
            (CHARGE_POINT, a_profile("ChargePointMaxProfile")),
            (CONNECTOR, a_profile("TxDefaultProfile")),
            (CONNECTOR, a_profile("TxProfile") | {"transactionId": charging.transaction_id}),
        ]
    else:
        level = STACK_LEVEL + 1
        profiles = [
            (CONNECTOR, a_profile("TxDefaultProfile") | {"stackLevel": STACK_LEVEL + above}) for above in range(3)
        ]
    for number, (connector_id, profile) in enumerate(profiles, 1):
        await set_profile(command, connector_id, profile | {"chargingProfileId": number})
    await clear_profiles(command, {"id": 1})
    criteria = {"connectorId": CONNECTOR, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": level}
    await clear_profiles(command, criteria)
    await clear_profiles(command, {})


@pytest.mark.parametrize("unit", LIMITS)
async def test_the_composite_schedule_of_tc_066_is_what_the_central_system_computes(
    booted: Station, command: Command, identity: str, operator: Operator, id_tag: str, unit: str
) -> None:
    """The profiles and the expected result of the case for charge points [A Table 82]; our station answers that."""
    charging = await reach_charging(booted, id_tag, datetime.now(UTC))
    begun = datetime.now(UTC).replace(microsecond=0)
    maximum = scheduled("ChargePointMaxProfile", {0: 10}, 86_400, begun, unit)
    default = scheduled("TxDefaultProfile", {0: 6, 60: 10, 120: 8, 180: 15, 260: 8}, 300, begun, unit)
    of_transaction = scheduled("TxProfile", {0: 8, 50: 11, 140: 16, 200: 6, 240: 12}, 260, begun, unit)
    for number, (connector_id, profile) in enumerate(
        [
            (CHARGE_POINT, maximum),
            (CONNECTOR, default),
            (CONNECTOR, of_transaction | {"transactionId": charging.transaction_id}),
        ],
        1,
    ):
        await set_profile(command, connector_id, profile | {"chargingProfileId": number})
    expected = {0: 8, 50: 10, 200: 6, 240: 10}
    now = datetime.now(UTC).replace(microsecond=0)
    periods = [{"startPeriod": start_s, "limit": limit} for start_s, limit in late(expected, begun, now, unit).items()]
    schedule = {"duration": 400, "chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    answer = {**ACCEPTED, "connectorId": CONNECTOR, "scheduleStart": timestamp(now), "chargingSchedule": schedule}
    body = {"connectorId": CONNECTOR, "duration": 400, "chargingRateUnit": unit}
    assert await command("GetCompositeSchedule", body, answer=answer) == body
    computed = operator.composite_schedule(identity, connectorId=str(CONNECTOR), duration="400", unit=unit)
    assert limits_of(computed) == late(expected, begun, datetime.fromisoformat(computed["start"]), unit)
    assert (computed["reported"]["agrees"], computed["reported"]["current"]) == (True, True)


@pytest.mark.parametrize("unit", LIMITS)
async def test_the_composite_schedules_of_tc_067_are_what_the_central_system_computes(
    command: Command, identity: str, operator: Operator, unit: str
) -> None:
    """The profiles and the expected results of the case for charge points [A Table 83]."""
    begun = datetime.now(UTC).replace(microsecond=0)
    first = scheduled("TxDefaultProfile", {0: 6, 60: 8, 200: 10}, 400, begun, unit) | {"stackLevel": 1}
    second = scheduled("TxDefaultProfile", {0: 7, 100: 9}, 400, begun, unit)
    maximum = scheduled("ChargePointMaxProfile", {0: 11, 200: 12}, 86_400, begun, unit)
    for number, (connector_id, profile) in enumerate(
        [(CONNECTOR, first), (CONNECTOR, second), (CHARGE_POINT, maximum)], 1
    ):
        await set_profile(command, connector_id, profile | {"chargingProfileId": number})
    cleared: list[tuple[Payload, dict[int, int | None]]] = [
        ({"id": 1}, {0: 7, 100: 9}),
        ({"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}, {0: 11, 200: 12}),
        ({}, {0: None}),
    ]
    for criteria, expected in cleared:
        await clear_profiles(command, criteria)
        computed = operator.composite_schedule(identity, connectorId=str(CONNECTOR), duration="350", unit=unit)
        assert limits_of(computed) == late(expected, begun, datetime.fromisoformat(computed["start"]), unit)


@pytest.mark.parametrize("unit", LIMITS)
async def test_the_composite_schedule_of_tc_072_is_what_the_central_system_computes(
    command: Command, identity: str, operator: Operator, unit: str
) -> None:
    """The profiles and the expected result of the case for charge points [A Table 84]: the lower level takes over."""
    begun = datetime.now(UTC).replace(microsecond=0)
    lower = scheduled("TxDefaultProfile", {0: 6, 100: 8, 200: 10}, 400, begun, unit)
    higher = scheduled("TxDefaultProfile", {0: 7, 100: 9}, 150, begun, unit) | {"stackLevel": 1}
    for number, profile in enumerate([lower, higher], 1):
        await set_profile(command, CONNECTOR, profile | {"chargingProfileId": number})
    computed = operator.composite_schedule(identity, connectorId=str(CONNECTOR), duration="350", unit=unit)
    expected = {0: 7, 100: 9, 150: 8, 200: 10}
    assert limits_of(computed) == late(expected, begun, datetime.fromisoformat(computed["start"]), unit)


@pytest.mark.parametrize("purpose", ["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"])
async def test_every_purpose_and_kind_of_profile_is_sent_as_given_and_reckoned(
    booted: Station, command: Command, identity: str, operator: Operator, id_tag: str, purpose: str
) -> None:
    """Half an hour into its schedule the second limit holds; a Relative one has begun with its transaction."""
    charging = await reach_charging(booted, id_tag, datetime.now(UTC))
    transaction = {"transactionId": charging.transaction_id} if purpose == "TxProfile" else {}
    for kind, ago, limit in KINDS:
        if kind == {"chargingProfileKind": "Relative"} and purpose == "ChargePointMaxProfile":
            continue
        profile = scheduled(purpose, {0: 6, 1200: 9}, DURATION_S, datetime.now(UTC) - ago, "A") | kind | transaction
        if profile["chargingProfileKind"] == "Relative":
            del profile["chargingSchedule"]["startSchedule"]
        connector_id = CHARGE_POINT if purpose == "ChargePointMaxProfile" else CONNECTOR
        await set_profile(command, connector_id, profile | {"chargingProfileId": 1})
        computed = operator.composite_schedule(identity, connectorId=str(CONNECTOR), duration="60", unit="A")
        assert limits_of(computed) == {0: limit}, kind


def scheduled(purpose: str, limits: dict[int, int], duration_s: int, start: datetime, unit: str) -> Payload:
    """An Absolute profile with those limits, a thousand times as many W as A."""
    periods = [{"startPeriod": start_s, "limit": limit * FACTORS[unit]} for start_s, limit in limits.items()]
    schedule = {
        "startSchedule": timestamp(start),
        "duration": duration_s,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods,
    }
    return {
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }


def late(expected: Mapping[int, int | None], begun: datetime, now: datetime, unit: str) -> dict[int, float | None]:
    """The expected limits as they are due from now on, in whole seconds: those that have begun begin at once."""
    due = {max(0, math.ceil(start_s - (now - begun).total_seconds())): limit for start_s, limit in expected.items()}
    return {start_s: None if limit is None else float(limit * FACTORS[unit]) for start_s, limit in due.items()}


def limits_of(computed: Payload) -> dict[int, float | None]:
    """The limits of a computed schedule by their start."""
    return {period["startPeriod"]: period["limit"] for period in computed["periods"]}


async def set_profile(command: Command, connector_id: int, profile: Payload) -> Payload:
    """SetChargingProfile, exactly as given."""
    body = {"connectorId": connector_id, "csChargingProfiles": profile}
    sent = await command("SetChargingProfile", body, answer=ACCEPTED)
    assert sent == body
    return sent


async def clear_profiles(command: Command, body: Payload) -> None:
    """ClearChargingProfile, exactly as given."""
    assert await command("ClearChargingProfile", body, answer=ACCEPTED) == body


def a_profile(purpose: str, *, kind: str = "Absolute", unit: str = "A") -> Payload:
    """A profile with every field that a case asks for; a Relative one starts with its transaction."""
    now = datetime.now(UTC)
    period = {"startPeriod": 0, "limit": LIMITS[unit], "numberPhases": 3}
    profile: Payload = {
        "chargingProfileId": 1,
        "stackLevel": STACK_LEVEL,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
    }
    schedule = {"duration": DURATION_S, "chargingRateUnit": unit, "chargingSchedulePeriod": [period]}
    if kind == "Absolute":
        profile |= {"validFrom": timestamp(now), "validTo": timestamp(now + timedelta(seconds=DURATION_S))}
        schedule["startSchedule"] = timestamp(now)
    return {**profile, "chargingSchedule": schedule}
