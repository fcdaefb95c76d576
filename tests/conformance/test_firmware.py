"""Firmware Management: firmware updates and diagnostics."""

from datetime import UTC, datetime, timedelta

from tests.conformance.command import Command
from tests.conformance.operator_client import Operator
from tests.conformance.states import send_boot, send_status_of_all
from tests.station import Station, timestamp

IMAGE_URL = "https://files.example.com/firmware/tool-2.bin"
DIAGNOSTICS_URL = "https://files.example.com/diagnostics/"


async def test_tc_044_1_csms(booted: Station, command: Command, identity: str, operator: Operator) -> None:
    """Firmware Update – Download and Install."""
    await order_update(command)
    await send_firmware_statuses(booted, "Downloading", "Downloaded")
    await send_status_of_all(booted, "Unavailable")
    await send_firmware_statuses(booted, "Installing")
    await send_boot(booted)
    await send_status_of_all(booted, "Available")
    await send_firmware_statuses(booted, "Installed")
    assert told_of_update(operator, identity) == ["Downloading", "Downloaded", "Installing", "Installed"]


async def test_tc_044_2_csms(booted: Station, command: Command, identity: str, operator: Operator) -> None:
    """Firmware Update – Download Failed."""
    await order_update(command)
    await send_firmware_statuses(booted, "Downloading", "DownloadFailed")
    assert told_of_update(operator, identity) == ["Downloading", "DownloadFailed"]


async def test_tc_044_3_csms(booted: Station, command: Command, identity: str, operator: Operator) -> None:
    """Firmware Update – Installation Failed."""
    await order_update(command)
    await send_firmware_statuses(booted, "Downloading", "Downloaded")
    await send_status_of_all(booted, "Unavailable")
    await send_firmware_statuses(booted, "Installing")
    await send_boot(booted)
    await send_status_of_all(booted, "Available")
    await send_firmware_statuses(booted, "InstallationFailed")
    assert told_of_update(operator, identity) == ["Downloading", "Downloaded", "Installing", "InstallationFailed"]


async def test_tc_045_1_csms(booted: Station, command: Command, identity: str, operator: Operator) -> None:
    """Get Diagnostics."""
    await order_diagnostics(command)
    await send_diagnostics_statuses(booted, "Uploading", "Uploaded")
    assert told_of_diagnostics(operator, identity) == ["Uploading", "Uploaded"]


async def test_tc_045_2_csms(booted: Station, command: Command, identity: str, operator: Operator) -> None:
    """Get Diagnostics – Upload Failed."""
    await order_diagnostics(command)
    await send_diagnostics_statuses(booted, "Uploading", "UploadFailed")
    assert told_of_diagnostics(operator, identity) == ["Uploading", "UploadFailed"]


async def order_update(command: Command) -> None:
    """UpdateFirmware, all fields given."""
    body = {"location": IMAGE_URL, "retries": 1, "retrieveDate": timestamp(), "retryInterval": 30}
    assert await command("UpdateFirmware", body, answer={}) == body


async def order_diagnostics(command: Command) -> None:
    """GetDiagnostics, all fields given."""
    now = datetime.now(UTC)
    body = {
        "location": DIAGNOSTICS_URL,
        "retries": 1,
        "retryInterval": 30,
        "startTime": timestamp(now - timedelta(hours=1)),
        "stopTime": timestamp(now),
    }
    assert await command("GetDiagnostics", body, answer={"fileName": "diagnostics.log"}) == body


async def send_firmware_statuses(station: Station, *statuses: str) -> None:
    """FirmwareStatusNotifications, answered."""
    for status in statuses:
        await station.call("FirmwareStatusNotification", {"status": status})


async def send_diagnostics_statuses(station: Station, *statuses: str) -> None:
    """DiagnosticsStatusNotifications, answered."""
    for status in statuses:
        await station.call("DiagnosticsStatusNotification", {"status": status})


def told_of_update(operator: Operator, identity: str) -> list[str]:
    """What the operator is told of the one firmware update."""
    (update,) = operator.firmware_updates(identity)
    return [told["status"] for told in update["statuses"]]


def told_of_diagnostics(operator: Operator, identity: str) -> list[str]:
    """What the operator is told of the one request for diagnostics."""
    (request,) = operator.diagnostics(identity)
    assert request["fileName"] == "diagnostics.log"
    return [told["status"] for told in request["statuses"]]
