"""Charge points that others have built, against the local stack, each with its own copy of the schemas.

`ocpp-rpc` (npm) in strict mode runs a whole charging session. It and the `ocpp` package (PyPI) do what they are
commanded: every operation that OCPP 1.6 has.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest

from csms.ocpp.primitives import format_timestamp
from csms.v16.operations import operations
from tests.stack import ROOT, SOURCES, Stack

NODE_CLIENT = Path(__file__).parent / "node_client"
PYTHON_CLIENT = Path(__file__).parent / "python_client"
INSTALLED = NODE_CLIENT / "node_modules" / ".package-lock.json"
LOCK = NODE_CLIENT / "package-lock.json"
IDENTITY = "NODE 1/A+B"
"""Has to be percent-encoded by the client and decoded by us."""
PASSWORD = "sixteen-or-more!"
SOON = format_timestamp(datetime.now(UTC) + timedelta(hours=1))
EVENTUALLY_S = 15

PERIOD: Final = {"startPeriod": 0, "limit": 16.0}
PROFILE: Final = {
    "chargingProfileId": 7,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [PERIOD]},
}
LIST: Final = [{"idTag": "SOME-TAG", "idTagInfo": {"status": "Accepted"}}]
BATTERY: Final[list[tuple[str, dict[str, Any], str, str | None]]] = [
    ("GetConfiguration", {"key": ["HeartbeatInterval", "Nonsense"]}, "accepted", None),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "120"}, "accepted", "Accepted"),
    ("ChangeConfiguration", {"key": "NumberOfConnectors", "value": "2"}, "rejected", "Rejected"),
    ("ClearCache", {}, "accepted", "Accepted"),
    ("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}, "accepted", "Accepted"),
    ("ChangeAvailability", {"connectorId": 1, "type": "Operative"}, "accepted", "Accepted"),
    ("UnlockConnector", {"connectorId": 1}, "accepted", "Unlocked"),
    ("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}, "accepted", "Accepted"),
    ("TriggerMessage", {"requestedMessage": "MeterValues"}, "rejected", "NotImplemented"),
    ("DataTransfer", {"vendorId": "nobody.example", "data": "this"}, "accepted", "Accepted"),
    ("GetLocalListVersion", {}, "accepted", None),
    (
        "SendLocalList",
        {"listVersion": 1, "updateType": "Full", "localAuthorizationList": LIST},
        "accepted",
        "Accepted",
    ),
    (
        "ReserveNow",
        {"connectorId": 1, "idTag": "SOME-TAG", "expiryDate": SOON, "reservationId": 5},
        "accepted",
        "Accepted",
    ),
    ("CancelReservation", {"reservationId": 5}, "accepted", "Accepted"),
    ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE}, "accepted", "Accepted"),
    ("GetCompositeSchedule", {"connectorId": 1, "duration": 600}, "accepted", "Accepted"),
    ("ClearChargingProfile", {"id": 7}, "accepted", "Accepted"),
]
"""What can be commanded of a charge point that idles: payload, end state and the status it answers."""


def node_client() -> Path:
    """The scripts with their dependencies exactly as locked."""
    if shutil.which("npm") is None:
        pytest.skip("needs Node")
    if not INSTALLED.exists() or INSTALLED.stat().st_mtime < LOCK.stat().st_mtime:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=NODE_CLIENT, check=True)
    return NODE_CLIENT


def commanded_by_ocpp_rpc() -> list[str]:
    """The command that starts it."""
    return ["node", str(node_client() / "commanded.js")]


def commanded_by_ocpp() -> list[str]:
    """The command that starts it."""
    return [sys.executable, str(PYTHON_CLIENT / "commanded.py")]


@pytest.fixture
def operator(stack: Stack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack.token}"}
    with httpx.Client(base_url=stack.api_url, headers=headers, timeout=30, trust_env=False) as client:
        assert client.post("/id-tags", json=[{"idTag": "SOME-TAG", "status": "Accepted"}]).is_success
        yield client


def run_session(script: Path, *arguments: str) -> dict[str, Any]:
    process = subprocess.run(["node", script, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert process.returncode == 0, process.stderr
    answers: dict[str, Any] = json.loads(process.stdout)
    return answers


def test_ocpp_rpc_charges_a_car(stack: Stack, operator: httpx.Client) -> None:
    charge_point = {"id": IDENTITY, "securityProfile": 1, "password": PASSWORD}
    assert operator.post("/charge-points", json=charge_point).is_success
    said = run_session(node_client() / "session.js", stack.ocpp_url, IDENTITY, PASSWORD, "SOME-TAG")
    transaction = operator.get(f"/transactions/{quote(IDENTITY, safe='')}/{said['start']['transactionId']}").json()

    assert said["protocol"] == "ocpp1.6"
    assert said["boot"]["status"] == "Accepted"
    assert said["authorize"]["idTagInfo"]["status"] == said["start"]["idTagInfo"]["status"] == "Accepted"
    assert said["unknown"] == {"status": "UnknownVendorId"}
    assert said["unasked"] == said["broken"] == []
    assert (transaction["state"], transaction["energyWh"]) == ("stopped", 1000)


class Commanded:
    """A charge point of that client, commanded through the API."""

    def __init__(self, operator: httpx.Client, identity: str) -> None:
        self._operator = operator
        self._path = f"/charge-points/{identity}"
        self.report: dict[str, Any] = {}
        """What it was told and what it did, once it is gone."""

    def is_told(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Command it and wait for the settled command."""
        answer = self._operator.post(f"{self._path}/commands/{action}", params={"wait": 20}, json=payload)
        assert answer.status_code == 200, f"{action}: {answer.text}"
        settled: dict[str, Any] = answer.json()
        return settled

    def shows(self, path: str, is_so: Callable[[Any], bool]) -> Any:
        """What the API tells of it, when it is as expected."""
        deadline = time.monotonic() + EVENTUALLY_S
        while not is_so(found := self._operator.get(f"{self._path}{path}").json()):
            assert time.monotonic() < deadline, found
            time.sleep(0.1)
        return found


@contextmanager
def commanded(stack: Stack, operator: httpx.Client, program: list[str], identity: str) -> Iterator[Commanded]:
    """Create a charge point and connect it, until it has nothing more to do."""
    charge_point = {"id": identity, "securityProfile": 1, "password": PASSWORD}
    assert operator.post("/charge-points", json=charge_point).is_success
    with subprocess.Popen(
        [*program, stack.ocpp_url, identity, PASSWORD],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": SOURCES},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            station = Commanded(operator, identity)
            yield station
            output, _ = process.communicate(timeout=30)
            station.report = json.loads(output)
        finally:
            process.kill()


def upload_firmware(operator: httpx.Client, content: bytes) -> str:
    """Put an image into the library; returns its location for UpdateFirmware."""
    image = {"name": "told.bin", "version": "2.0", "sha256": hashlib.sha256(content).hexdigest()}
    created = operator.post("/firmware", json=image).json()
    upload = created["upload"]
    with httpx.Client(trust_env=False) as web:
        assert web.request(upload["method"], upload["url"], headers=upload["headers"], content=content).is_success
    location: str = created["location"]
    return location


@pytest.mark.parametrize("program", [commanded_by_ocpp_rpc, commanded_by_ocpp])
def test_it_does_what_it_is_commanded(stack: Stack, operator: httpx.Client, program: Callable[[], list[str]]) -> None:
    firmware = os.urandom(200_000)
    with commanded(stack, operator, program(), program.__name__.replace("_", "-")) as station:
        for action, payload, state, status in BATTERY:
            settled = station.is_told(action, payload)
            assert (settled["state"], settled["status"], settled["flagged"]) == (state, status, False), settled

        assert station.is_told("RemoteStartTransaction", {"connectorId": 1, "idTag": "SOME-TAG"})["state"] == "accepted"
        connectors = station.shows("/connectors", lambda page: page["items"][1]["transactionId"])
        transaction_id = connectors["items"][1]["transactionId"]
        assert station.is_told("RemoteStopTransaction", {"transactionId": transaction_id})["state"] == "accepted"
        station.shows("/connectors", lambda page: page["items"][1]["transactionId"] is None)

        assert station.is_told("GetDiagnostics", {})["response"] == {"fileName": "diagnostics.log"}
        diagnostics = station.shows("/diagnostics", lambda page: page["items"][0]["state"] == "completed")
        assert station.is_told("UpdateFirmware", {"location": upload_firmware(operator, firmware)})["response"] == {}
        updates = station.shows("/firmware-updates", lambda page: len(page["items"][0]["statuses"]) == 4)
        assert station.is_told("Reset", {"type": "Soft"})["state"] == "accepted"

    report, did = station.report, station.report["did"]
    assert report["broken"] == []
    assert set(report["told"]) == set(operations())
    assert report["localList"] == ["SOME-TAG"]
    assert did["start"] == {"idTagInfo": {"status": "Accepted"}, "transactionId": transaction_id}
    assert did["reboot"]["status"] == "Accepted"
    assert did["downloaded"] == {"status": 200, "sha256": hashlib.sha256(firmware).hexdigest()}
    assert updates["items"][0]["state"] == "completed"
    assert did["uploaded"]["status"] == 200
    (file,) = diagnostics["items"][0]["files"]
    uploaded = httpx.get(file["downloadUrl"], trust_env=False).content
    assert did["uploaded"]["sha256"] == hashlib.sha256(uploaded).hexdigest()
