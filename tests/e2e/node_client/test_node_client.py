"""A client from another ecosystem: ocpp-rpc (npm) runs a whole session against the local stack in strict mode."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.stack import Stack

FOLDER = Path(__file__).parent
INSTALLED = FOLDER / "node_modules" / ".package-lock.json"
LOCK = FOLDER / "package-lock.json"
IDENTITY = "NODE 1/A+B"
"""Has to be percent-encoded by the client and decoded by us."""
PASSWORD = "sixteen-or-more!"

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="needs Node")


@pytest.fixture(scope="session")
def node_client() -> Path:
    """The script with its dependencies exactly as locked."""
    if not INSTALLED.exists() or INSTALLED.stat().st_mtime < LOCK.stat().st_mtime:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=FOLDER, check=True)
    return FOLDER / "session.js"


@pytest.fixture
def operator(stack: Stack) -> httpx.Client:
    headers = {"Authorization": f"Bearer {stack.token}"}
    return httpx.Client(base_url=stack.api_url, headers=headers, timeout=30, trust_env=False)


def run_session(script: Path, *arguments: str) -> dict[str, Any]:
    process = subprocess.run(["node", script, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert process.returncode == 0, process.stderr
    answers: dict[str, Any] = json.loads(process.stdout)
    return answers


def test_ocpp_rpc_charges_a_car(stack: Stack, operator: httpx.Client, node_client: Path) -> None:
    with operator as api:
        charge_point = {"id": IDENTITY, "securityProfile": 1, "password": PASSWORD}
        assert api.post("/charge-points", json=charge_point).is_success
        assert api.post("/id-tags", json={"idTag": "NODE-TAG", "status": "Accepted"}).is_success
        said = run_session(node_client, stack.ocpp_url, IDENTITY, PASSWORD, "NODE-TAG")
        transaction = api.get(f"/transactions/{quote(IDENTITY, safe='')}/{said['start']['transactionId']}").json()

    assert said["protocol"] == "ocpp1.6"
    assert said["boot"]["status"] == "Accepted"
    assert said["authorize"]["idTagInfo"]["status"] == said["start"]["idTagInfo"]["status"] == "Accepted"
    assert said["unknown"] == {"status": "UnknownVendorId"}
    assert said["unasked"] == said["broken"] == []
    assert (transaction["state"], transaction["energyWh"]) == ("stopped", 1000)
