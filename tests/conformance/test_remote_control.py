"""Core cases in which the operator starts, stops, resets, unlocks or clears."""

from datetime import UTC, datetime

import pytest

from tests.conformance.command import Command
from tests.conformance.operator_client import Operator
from tests.conformance.states import (
    CONNECTOR,
    CONNECTORS,
    reach_authorized,
    reach_charging,
    send_accepted_start,
    send_boot,
    send_status,
    send_status_of_all,
    send_stop,
)
from tests.station import Station

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}


async def test_tc_010_csms(booted: Station, command: Command, identity: str, operator: Operator, id_tag: str) -> None:
    """Remote Start Charging Session – Cable Plugged in First."""
    await send_status(booted, "Preparing")
    sent = await command("RemoteStartTransaction", {"connectorId": CONNECTOR, "idTag": id_tag}, answer=ACCEPTED)
    assert sent == {"connectorId": CONNECTOR, "idTag": id_tag}
    await reach_authorized(booted, id_tag)
    transaction_id = await send_accepted_start(booted, id_tag, datetime.now(UTC))
    await send_status(booted, "Charging")
    assert operator.transaction(identity, transaction_id)["state"] == "open"


async def test_tc_011_1_csms(booted: Station, command: Command, identity: str, operator: Operator, id_tag: str) -> None:
    """Remote Start Charging Session – Remote Start First."""
    await command("RemoteStartTransaction", {"connectorId": CONNECTOR, "idTag": id_tag}, answer=ACCEPTED)
    await reach_authorized(booted, id_tag)
    await send_status(booted, "Preparing")
    transaction_id = await send_accepted_start(booted, id_tag, datetime.now(UTC))
    await send_status(booted, "Charging")
    assert operator.transaction(identity, transaction_id)["state"] == "open"


async def test_tc_011_2_csms(booted: Station, command: Command, identity: str, operator: Operator, id_tag: str) -> None:
    """Remote Start Charging Session – Time Out."""
    await command("RemoteStartTransaction", {"connectorId": CONNECTOR, "idTag": id_tag}, answer=ACCEPTED)
    await reach_authorized(booted, id_tag)
    await send_status(booted, "Preparing")
    await send_status(booted, "Available")
    assert operator.transactions(identity) == []


async def test_tc_012_csms(booted: Station, command: Command, identity: str, operator: Operator, id_tag: str) -> None:
    """Remote Stop Charging Session."""
    charging = await reach_charging(booted, id_tag, datetime.now(UTC))
    sent = await command("RemoteStopTransaction", {"transactionId": charging.transaction_id}, answer=ACCEPTED)
    assert sent == {"transactionId": charging.transaction_id}
    await send_stop(booted, charging.transaction_id, "Remote", datetime.now(UTC))
    await send_status(booted, "Finishing")
    await send_status(booted, "Available")
    stored = operator.transaction(identity, charging.transaction_id)
    assert (stored["state"], stored["stop"]["reason"]) == ("stopped", "Remote")


async def test_tc_013_csms(booted: Station, command: Command) -> None:
    """Hard Reset."""
    assert await command("Reset", {"type": "Hard"}, answer=ACCEPTED) == {"type": "Hard"}
    await send_boot(booted)
    await send_status_of_all(booted, "Available")


async def test_tc_014_csms(booted: Station, command: Command) -> None:
    """Soft Reset."""
    assert await command("Reset", {"type": "Soft"}, answer=ACCEPTED) == {"type": "Soft"}
    await send_boot(booted)
    await send_status_of_all(booted, "Available")


async def test_tc_017_1_csms(command: Command) -> None:
    """Unlock connector – no charging session running, not fixed cable."""
    sent = await command("UnlockConnector", {"connectorId": CONNECTOR}, answer={"status": "Unlocked"})
    assert sent == {"connectorId": CONNECTOR}


async def test_tc_017_2_csms(command: Command) -> None:
    """Unlock connector – no charging session running, fixed cable."""
    await command("UnlockConnector", {"connectorId": CONNECTOR}, answer={"status": "NotSupported"})


async def test_tc_018_1_csms(booted: Station, command: Command, identity: str, operator: Operator, id_tag: str) -> None:
    """Unlock Connector – With Charging Session, not fixed cable."""
    charging = await reach_charging(booted, id_tag, datetime.now(UTC))
    await command("UnlockConnector", {"connectorId": CONNECTOR}, answer={"status": "Unlocked"})
    await send_status(booted, "Finishing")
    await send_stop(booted, charging.transaction_id, "UnlockCommand", datetime.now(UTC))
    await send_status(booted, "Available")
    stored = operator.transaction(identity, charging.transaction_id)
    assert (stored["state"], stored["stop"]["reason"]) == ("stopped", "UnlockCommand")


async def test_tc_026_csms(command: Command, identity: str, operator: Operator, id_tag: str) -> None:
    """Remote Start Charging Session – Rejected."""
    await command("RemoteStartTransaction", {"connectorId": CONNECTOR, "idTag": id_tag}, answer=REJECTED)
    assert operator.transactions(identity) == []


async def test_tc_028_csms(booted: Station, command: Command, identity: str, operator: Operator, id_tag: str) -> None:
    """Remote Stop Transaction – Rejected."""
    charging = await reach_charging(booted, id_tag, datetime.now(UTC))
    unknown = charging.transaction_id ^ 1
    await command("RemoteStopTransaction", {"transactionId": unknown}, answer=REJECTED, is_forced=True)
    assert operator.transaction(identity, charging.transaction_id)["state"] == "open"


async def test_tc_030_csms(command: Command) -> None:
    """Unlock Connector – Unlock Failure."""
    await command("UnlockConnector", {"connectorId": CONNECTOR}, answer={"status": "UnlockFailed"})


@pytest.mark.parametrize("connector_id", [0, CONNECTORS + 1])
async def test_tc_031_csms(command: Command, connector_id: int) -> None:
    """Unlock Connector – Unknown Connector."""
    sent = await command(
        "UnlockConnector", {"connectorId": connector_id}, answer={"status": "NotSupported"}, is_forced=True
    )
    assert sent == {"connectorId": connector_id}


async def test_tc_061_csms(command: Command) -> None:
    """Clear Authorization Data in Authorization Cache."""
    assert await command("ClearCache", answer=ACCEPTED) == {}
