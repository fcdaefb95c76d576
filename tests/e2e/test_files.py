"""Files over the local stack: firmware is really downloaded, diagnostics are really uploaded."""

import hashlib
import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.stack import Stack
from tests.station import Station

MODEL = {"chargePointVendor": "Acme", "chargePointModel": "E2E"}


@pytest.fixture
async def operator(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {stack.token}"}
    async with httpx.AsyncClient(base_url=stack.api_url, headers=headers, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
async def web() -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without a token."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        yield client


async def upload_firmware(operator: httpx.AsyncClient, web: httpx.AsyncClient, content: bytes, **more: Any) -> Any:
    sha256 = hashlib.sha256(content).hexdigest()
    created = await operator.post("/firmware", json={"name": "e2e.bin", "version": "9.9", "sha256": sha256, **more})
    assert created.status_code == 201, created.text
    upload = created.json()["upload"]
    stored = await web.request(upload["method"], upload["url"], headers=upload["headers"], content=content)
    assert stored.status_code == 200, stored.text
    return created.json()


async def command(operator: httpx.AsyncClient, station: Station, identity: str, action: str, body: Any) -> str:
    """Order it and let the station answer; returns the location it got."""
    placed = await operator.post(f"/charge-points/{identity}/commands/{action}", json=body)
    assert placed.status_code == 202, placed.text
    call = await station.next_call(action)
    await station.answer(call, {})
    return str(call.payload["location"])


async def test_firmware_is_uploaded_ordered_downloaded_and_installed(
    stack: Stack, operator: httpx.AsyncClient, web: httpx.AsyncClient
) -> None:
    content = os.urandom(100_000)
    await upload_firmware(operator, web, content, vendor="Acme", model="E2E")
    async with Station.connected(stack.ocpp_url, "UPDATED") as station:
        await station.call("BootNotification", {**MODEL, "firmwareVersion": "1.0"})
        location = await command(operator, station, "UPDATED", "UpdateFirmware", {})
        await station.call("FirmwareStatusNotification", {"status": "Downloading"})

        assert (await web.head(location)).headers["content-length"] == str(len(content))
        downloaded = await web.get(location)
        assert downloaded.content == content
        chunk = await web.get(location, headers={"Range": "bytes=99000-"})
        assert (chunk.status_code, chunk.content) == (206, content[99000:])

        await station.call("FirmwareStatusNotification", {"status": "Installing"})
        await station.call("BootNotification", {**MODEL, "firmwareVersion": "9.9"})
    (update,) = (await operator.get("/charge-points/UPDATED/firmware-updates")).json()["items"]
    assert update["state"] == "completed"
    assert [told["status"] for told in update["statuses"]] == ["Downloading", "Installing"]
    assert update["fetchedAt"] is not None


async def test_a_large_image_comes_from_s3(stack: Stack, operator: httpx.AsyncClient, web: httpx.AsyncClient) -> None:
    content = os.urandom(7 * 1024 * 1024)
    image = await upload_firmware(operator, web, content)
    async with Station.connected(stack.ocpp_url, "LARGE") as station:
        await station.call("Heartbeat")
        location = await command(operator, station, "LARGE", "UpdateFirmware", {"location": image["location"]})
    assert (await web.get(location)).status_code == 302
    assert (await web.get(location, follow_redirects=True)).content == content
    chunks = [
        (await web.get(location, headers={"Range": f"bytes={first}-{first + 2**22 - 1}"})).content
        for first in range(0, len(content), 2**22)
    ]
    assert b"".join(chunks) == content


async def test_diagnostics_are_uploaded_by_put_and_by_form_and_found(
    stack: Stack, operator: httpx.AsyncClient, web: httpx.AsyncClient
) -> None:
    log = os.urandom(1_000_000)
    async with Station.connected(stack.ocpp_url, "DIAGNOSED") as station:
        await station.call("Heartbeat")
        location = await command(operator, station, "DIAGNOSED", "GetDiagnostics", {})
        await station.call("DiagnosticsStatusNotification", {"status": "Uploading"})
        assert (await web.put(f"{location}any-name.tgz", content=log)).status_code == 200
        assert (await web.post(location, files={"file": ("form.log", log[:5000])})).status_code == 200
        await station.call("DiagnosticsStatusNotification", {"status": "Uploaded"})
    (request,) = (await operator.get("/charge-points/DIAGNOSED/diagnostics")).json()["items"]
    assert request["state"] == "completed"
    found = {file["name"]: (await web.get(file["downloadUrl"])).content for file in request["files"]}
    assert found == {"any-name.tgz": log, "form.log": log[:5000]}


async def test_more_than_lambda_takes_is_refused(
    stack: Stack, operator: httpx.AsyncClient, web: httpx.AsyncClient
) -> None:
    async with Station.connected(stack.ocpp_url, "WORDY") as station:
        await station.call("Heartbeat")
        location = await command(operator, station, "WORDY", "GetDiagnostics", {})
    assert (await web.put(f"{location}large", content=bytes(5 * 1024 * 1024))).status_code == 413
