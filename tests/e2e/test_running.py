"""Starting and stopping the local stack, as a user does."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from local.listener import Listener
from tests.stack import FREE_PORTS, ROOT, SOURCES, running_stack
from tests.station import Station


async def test_state_survives_a_clean_restart(tmp_path: Path) -> None:
    with running_stack(tmp_path) as first:
        async with Station.connected(first.ocpp_url, "KEPT") as station:
            await station.call("BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One"})
    with running_stack(tmp_path) as second:
        assert second.token == first.token
        headers = {"Authorization": f"Bearer {second.token}"}
        found = httpx.get(f"{second.api_url}/charge-points/KEPT", headers=headers, timeout=30, trust_env=False)
    assert found.status_code == 200


@pytest.mark.parametrize("variable", ["OCPP_PORT", "API_PORT", "AWS_PORT"])
def test_a_taken_port_is_named_in_one_line(tmp_path: Path, variable: str) -> None:
    with Listener(variable, 0).bind() as occupied:
        port = occupied.getsockname()[1]
        settings = {**FREE_PORTS, variable: str(port), "LOCAL_DIRECTORY": str(tmp_path), "PYTHONPATH": SOURCES}
        ended = subprocess.run(
            [sys.executable, "-m", "local"],
            cwd=ROOT,
            env=os.environ | settings,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert f"port {port}" in line
    assert variable in line
