"""Core cases with a charging session (OCPP 1.6, Central System under test)."""

from datetime import UTC, datetime

from tests.conformance.operator_client import Operator
from tests.conformance.states import (
    CONNECTOR,
    CONNECTORS,
    METER_STOP_WH,
    reach_authorized,
    reach_booted,
    reach_charging,
    send_accepted_start,
    send_authorize,
    send_boot,
    send_status,
    send_stop,
)
from tests.station import Station


async def test_tc_001_csms(station: Station, identity: str, operator: Operator) -> None:
    """Cold Boot Charge Point."""
    answer = await send_boot(station)
    assert isinstance(answer["interval"], int)
    assert answer["interval"] > 0
    assert abs((_time(answer["currentTime"]) - datetime.now(UTC)).total_seconds()) < 60
    for connector_id in range(CONNECTORS + 1):
        await send_status(station, "Available", connector_id)
    for _ in range(2):
        beat = await station.call("Heartbeat")
        assert abs((_time(beat["currentTime"]) - datetime.now(UTC)).total_seconds()) < 60
    assert operator.charge_point(identity)["online"] is True
    assert operator.connector_status(identity) == dict.fromkeys(range(CONNECTORS + 1), "Available")


async def test_tc_003_csms(booted: Station, identity: str, operator: Operator, id_tag: str) -> None:
    """Regular Charging Session – Plugin First."""
    await send_status(booted, "Preparing")
    await reach_authorized(booted, id_tag)
    transaction_id = await send_accepted_start(booted, id_tag, datetime.now(UTC))
    await send_status(booted, "Charging")
    assert operator.transaction(identity, transaction_id)["state"] == "open"
    assert operator.connector_status(identity)[CONNECTOR] == "Charging"


async def test_tc_004_1_csms(booted: Station, identity: str, operator: Operator, id_tag: str) -> None:
    """Regular Charging Session – Identification First."""
    charging = await reach_charging(booted, id_tag, datetime.now(UTC))
    stored = operator.transaction(identity, charging.transaction_id)
    assert (stored["state"], stored["idTag"], stored["connectorId"]) == ("open", id_tag, CONNECTOR)


async def test_tc_004_2_csms(booted: Station, identity: str, operator: Operator, id_tag: str) -> None:
    """Regular Charging Session – Identification First – ConnectionTimeOut."""
    await reach_authorized(booted, id_tag)
    await send_status(booted, "Preparing")
    await send_status(booted, "Available")
    assert operator.transactions(identity) == []
    assert operator.connector_status(identity)[CONNECTOR] == "Available"


async def test_tc_005_1_csms(booted: Station, identity: str, operator: Operator, id_tag: str) -> None:
    """EV Side Disconnected – transaction stopped, connector unlocked."""
    charging = await reach_charging(booted, id_tag, datetime.now(UTC))
    await send_status(booted, "SuspendedEV")
    await send_stop(booted, charging.transaction_id, "EVDisconnected", datetime.now(UTC))
    await send_status(booted, "Finishing")
    await send_status(booted, "Available")
    stored = operator.transaction(identity, charging.transaction_id)
    assert (stored["state"], stored["stop"]["reason"], stored["meterStop"]) == (
        "stopped",
        "EVDisconnected",
        METER_STOP_WH,
    )
    assert operator.connector_status(identity)[CONNECTOR] == "Available"


async def test_tc_007_csms(booted: Station, identity: str, operator: Operator, id_tag: str) -> None:
    """Regular Start Charging Session – Cached Id."""
    await send_status(booted, "Preparing")
    transaction_id = await send_accepted_start(booted, id_tag, datetime.now(UTC))
    await send_status(booted, "Charging")
    assert operator.transaction(identity, transaction_id)["state"] == "open"


async def test_tc_023_1_csms(booted: Station) -> None:
    """Start Charging Session – Authorize invalid."""
    assert await send_authorize(booted, "TAG-NOBODY-HAS") == "Invalid"


async def test_tc_023_2_csms(booted: Station, operator: Operator) -> None:
    """Start Charging Session – Authorize expired."""
    assert await send_authorize(booted, operator.create_id_tag("Expired")) == "Expired"
    lapsed = operator.create_id_tag("Accepted", expiryDate="2020-01-01T00:00:00Z")
    assert await send_authorize(booted, lapsed) == "Expired"


async def test_tc_023_3_csms(booted: Station, operator: Operator) -> None:
    """Start Charging Session – Authorize blocked."""
    assert await send_authorize(booted, operator.create_id_tag("Blocked")) == "Blocked"


async def test_tc_024_csms(booted: Station, identity: str, operator: Operator, id_tag: str) -> None:
    """Start Charging Session Lock Failure."""
    await reach_authorized(booted, id_tag)
    await send_status(booted, "Preparing")
    await send_status(booted, "Faulted", error="ConnectorLockFailure")
    connector = operator.connector(identity, CONNECTOR)
    assert (connector["status"], connector["errorCode"]) == ("Faulted", "ConnectorLockFailure")


async def test_tc_032_1_csms(booted: Station, identity: str, operator: Operator, id_tag: str) -> None:
    """Power failure boot – configured to stop transactions."""
    charging = await reach_charging(booted, id_tag, datetime.now(UTC))
    await send_boot(booted)
    assert operator.transaction(identity, charging.transaction_id)["state"] == "open"
    for connector_id in range(CONNECTORS + 1):
        await send_status(booted, "Finishing" if connector_id == CONNECTOR else "Available", connector_id)
    await send_stop(booted, charging.transaction_id, "PowerLoss", datetime.now(UTC))
    stored = operator.transaction(identity, charging.transaction_id)
    assert (stored["state"], stored["stop"]["reason"]) == ("stopped", "PowerLoss")


async def test_tc_064_csms(station: Station) -> None:
    """Data Transfer to a Central System."""
    await reach_booted(station)
    answer = await station.call("DataTransfer", {"vendorId": "nobody.example", "messageId": "m", "data": "d"})
    assert answer == {"status": "UnknownVendorId"}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
