"""Remote Trigger."""

from tests.conformance.command import Command
from tests.conformance.editions import Edition, in_every_edition
from tests.conformance.states import CONNECTOR, CONNECTORS, METER_START_WH, send_status
from tests.station import Payload, Station, timestamp

ACCEPTED = {"status": "Accepted"}
METER_VALUES: Payload = {"requestedMessage": "MeterValues", "connectorId": CONNECTOR}


async def test_tc_054_csms(booted: Station, command: Command) -> None:
    """Trigger Message."""
    await trigger(command, METER_VALUES, ACCEPTED)
    await booted.call("MeterValues", a_meter_value())
    await trigger(command, {"requestedMessage": "Heartbeat"}, ACCEPTED)
    await booted.call("Heartbeat")
    await trigger(command, {"requestedMessage": "StatusNotification", "connectorId": CONNECTOR}, ACCEPTED)
    await send_status(booted, "Available")
    await trigger(command, {"requestedMessage": "DiagnosticsStatusNotification"}, ACCEPTED)
    await booted.call("DiagnosticsStatusNotification", {"status": "Idle"})
    await trigger(command, {"requestedMessage": "FirmwareStatusNotification"}, ACCEPTED)
    await booted.call("FirmwareStatusNotification", {"status": "Idle"})


@in_every_edition
async def test_tc_055_csms(command: Command, edition: Edition) -> None:
    """Trigger Message – Rejected."""
    if edition is Edition.NEWEST:
        await trigger(command, METER_VALUES, {"status": "Rejected"})
    else:
        unknown = METER_VALUES | {"connectorId": CONNECTORS + 1}
        await trigger(command, unknown, {"status": "Rejected"}, is_forced=True)


async def trigger(command: Command, body: Payload, answer: Payload, *, is_forced: bool = False) -> None:
    """TriggerMessage, exactly as given."""
    assert await command("TriggerMessage", body, answer=answer, is_forced=is_forced) == body


def a_meter_value() -> Payload:
    """MeterValues with one sample."""
    sample = {"value": str(METER_START_WH), "context": "Trigger", "unit": "Wh"}
    return {"connectorId": CONNECTOR, "meterValue": [{"timestamp": timestamp(), "sampledValue": [sample]}]}
