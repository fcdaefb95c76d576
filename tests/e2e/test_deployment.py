"""The stack as `make bootstrap` and `make deploy` put it into AWS, used, and changed while it is used.

AWS is an emulator that enforces IAM: what works here is allowed to the roles that the template gives the functions.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.listener import Listener
from tests.deployment import Deployment
from tests.emulator import running_emulator
from tests.obedient_stations import Obedient, is_in_state, started, until
from tests.stack import ROOT
from tests.station import Station

ANOTHER_CLOCK = """
_before = lambda_handler


def lambda_handler(event, context):
    import re

    answer = _before(event, context)
    return answer | {"body": re.sub('"currentTime":"20..', '"currentTime":"2099', answer["body"])}
"""
COLD_STARTS_WITHIN_S = 90
BOOT = {"chargePointVendor": "Acme", "chargePointModel": "One"}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Deployed once for all tests here."""
    directory = tmp_path_factory.mktemp("deployment")
    with Listener("OCPP_PORT", 0).bind() as listening, running_emulator(directory) as emulator:
        deployment = Deployment(emulator, directory / "cdk.out", listening)
        deployment.synthesize()
        deployment.bootstrap()
        deployment.deploy()
        yield deployment
        assert [line for line in deployment.said_by_functions() if "not authorized" in line] == []


@asynccontextmanager
async def connected(deployment: Deployment, api: httpx.AsyncClient, identity: str) -> AsyncIterator[Station]:
    """A new charge point, which has booted."""
    created = await api.post("/charge-points", json={"id": identity})
    password = created.raise_for_status().json()["password"]
    async with (
        deployment.websocket_api() as url,
        Station.connected(url, identity, password=bytes.fromhex(password)) as station,
    ):
        assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"
        yield station
        station.assert_clean()


async def charge(station: Station, id_tag: str) -> int:
    """A whole session of 7.4 kWh; returns its transaction id."""
    start = {"connectorId": 1, "idTag": id_tag, "meterStart": 1000, "timestamp": "2026-01-02T10:00:00Z"}
    number: int = (await station.call("StartTransaction", start))["transactionId"]
    sample = {"timestamp": "2026-01-02T10:05:00Z", "sampledValue": [{"value": "2500"}]}
    await station.call("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": [sample]})
    stop = {"transactionId": number, "meterStop": 8400, "timestamp": "2026-01-02T11:00:00Z"}
    await station.call("StopTransaction", stop)
    return number


async def test_a_car_charges_and_a_command_that_had_to_wait_comes_over_the_queue(deployment: Deployment) -> None:
    async with deployment.operator() as api:
        (await api.post("/id-tags", json={"idTag": "TAG", "status": "Accepted"})).raise_for_status()
        async with connected(deployment, api, "CHARGES") as station:
            # A station that has just booted is called a second later: by then nobody but the queue remembers.
            placed = await api.post("/charge-points/CHARGES/commands/Reset", json={"type": "Soft"})
            assert placed.status_code == 202
            call = await station.next_call("Reset")
            await station.answer(call, {"status": "Accepted"})
            number = await charge(station, "TAG")
        transaction = (await api.get(f"/transactions/CHARGES/{number}")).raise_for_status().json()
        values = (await api.get(f"/transactions/CHARGES/{number}/meter-values")).raise_for_status().text
        command = (await api.get(placed.headers["location"])).raise_for_status().json()
    assert (transaction["state"], transaction["energyWh"]) == ("stopped", 7400)
    assert "2500" in values
    assert command["state"] == "accepted"


async def test_a_charging_plan_hears_of_a_transaction_over_the_stream_and_sends_its_limit(
    deployment: Deployment,
) -> None:
    async with deployment.operator() as api, connected(deployment, api, "PLANNED") as station:
        obedient = Obedient("PLANNED", station)
        obeying = asyncio.create_task(obedient.obey())
        await obedient.report("Available")
        path = await started(api, ["PLANNED"], maximum_a=40)
        await until(lambda: obedient.heard, "the station has its failsafe", COLD_STARTS_WITHIN_S)
        number = await obedient.start()
        await until(lambda: obedient.profiles_of(number), "the transaction has a limit", COLD_STARTS_WITHIN_S)
        (await api.post(f"{path}/stop", json={"release": "clear"})).raise_for_status()
        await is_in_state(api, path, "stopped")
        obeying.cancel()
        with suppress(asyncio.CancelledError):
            await obeying


async def test_a_second_deployment_changes_nothing_and_a_changed_function_is_changed_in_place(
    deployment: Deployment, tmp_path: Path
) -> None:
    async with deployment.operator() as api, connected(deployment, api, "STAYS") as station:
        before, functions_before = deployment.physical_ids(), deployment.functions()
        deployment.synthesize()
        assert "(no changes)" in await asyncio.to_thread(deployment.deploy)
        deployment.synthesize(with_another_clock(tmp_path))
        assert "(no changes)" not in await asyncio.to_thread(deployment.deploy)
        assert (await station.call("Heartbeat"))["currentTime"].startswith("2099-")
        assert deployment.physical_ids() == before
        assert changed(functions_before, deployment.functions()) == {"message"}


def with_another_clock(directory: Path) -> Path:
    """The sources of another release."""
    shutil.copytree(ROOT / "functions", directory / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    with (directory / "functions" / "message" / "handler.py").open("a") as handler:
        handler.write(ANOTHER_CLOCK)
    return directory


def changed(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> set[str]:
    """The functions whose code is another one."""
    return {name for name in before if before[name]["CodeSha256"] != after[name]["CodeSha256"]}
