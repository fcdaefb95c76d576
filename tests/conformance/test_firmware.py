"""Firmware Management: firmware updates and diagnostics, with files elsewhere and with files of the Central System."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.conformance.command import Command
from tests.conformance.operator_client import Operator
from tests.conformance.states import MODEL, VENDOR, send_boot, send_status_of_all
from tests.station import Station, timestamp

IMAGE_URL = "https://files.example.com/firmware/tool-2.bin"
DIAGNOSTICS_URL = "https://files.example.com/diagnostics/"
IMAGE = b"all the bits of version 2 " * 1000
DIAGNOSTICS = b"all is well\n" * 1000
FILE_NAME = "diagnostics.log"
wherever_files_are = pytest.mark.parametrize("is_ours", [False, True], ids=["files elsewhere", "files of ours"])


@wherever_files_are
async def test_tc_044_1_csms(
    booted: Station, command: Command, identity: str, operator: Operator, *, is_ours: bool
) -> None:
    """Firmware Update – Download and Install."""
    if is_ours:
        operator.upload_firmware(IMAGE, version="2.0", vendor=VENDOR, model=MODEL)
        sent = await command("UpdateFirmware", {"retrieveDate": timestamp()}, answer={})
        await send_firmware_statuses(booted, "Downloading")
        assert await download(sent["location"]) == IMAGE
    else:
        await order_update(command)
        await send_firmware_statuses(booted, "Downloading")
    await send_firmware_statuses(booted, "Downloaded")
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


@wherever_files_are
async def test_tc_045_1_csms(
    booted: Station, command: Command, identity: str, operator: Operator, *, is_ours: bool
) -> None:
    """Get Diagnostics."""
    if is_ours:
        sent = await command("GetDiagnostics", answer={"fileName": FILE_NAME})
        await send_diagnostics_statuses(booted, "Uploading")
        await upload(sent["location"] + FILE_NAME, DIAGNOSTICS)
        (file,) = operator.diagnostics(identity)[0]["files"]
        assert (file["name"], await download(file["downloadUrl"])) == (FILE_NAME, DIAGNOSTICS)
    else:
        await order_diagnostics(command)
        await send_diagnostics_statuses(booted, "Uploading")
    await send_diagnostics_statuses(booted, "Uploaded")
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
    assert await command("GetDiagnostics", body, answer={"fileName": FILE_NAME}) == body


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
    assert request["fileName"] == FILE_NAME
    return [told["status"] for told in request["statuses"]]


async def download(url: str) -> bytes:
    """The file behind the URL, as a charge point or a browser gets it."""
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as client:
        return (await client.get(url)).raise_for_status().content


async def upload(url: str, content: bytes) -> None:
    """Send a file, as a charge point does."""
    async with httpx.AsyncClient(trust_env=False) as client:
        (await client.put(url, content=content)).raise_for_status()
