"""Stations of a site that do what they are told, and the operator who has a charging plan run it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from tests.stack import Stack
from tests.station import Payload, Station, timestamp

_PATIENCE_S: Final = 30


@dataclass
class Obedient:
    """A station that accepts every profile. `heard` is when which one came."""

    identity: str
    station: Station
    heard: list[tuple[float, Payload]] = field(default_factory=list)

    async def obey(self) -> None:
        """Answer until cancelled."""
        while True:
            call = await self.station.calls.get()
            self.heard.append((time.monotonic(), call.payload))
            await self.station.answer(call, {"status": "Accepted"})

    async def report(self, status: str) -> None:
        """Say what the connector is doing."""
        await self.station.call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": status})

    async def start(self) -> int:
        """Start a transaction; returns its id."""
        start = {"connectorId": 1, "idTag": "DEMO-ACCEPTED", "meterStart": 0, "timestamp": timestamp()}
        number: int = (await self.station.call("StartTransaction", start))["transactionId"]
        return number

    async def stop(self, transaction_id: int) -> None:
        """Stop a transaction."""
        stop = {"transactionId": transaction_id, "meterStop": 1, "timestamp": timestamp()}
        await self.station.call("StopTransaction", stop)

    def profiles_of(self, transaction_id: int) -> list[tuple[float, float]]:
        """When a profile for this transaction came, and the first limit in it."""
        return [
            (at, payload["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"])
            for at, payload in self.heard
            if payload.get("csChargingProfiles", {}).get("transactionId") == transaction_id
        ]


@asynccontextmanager
async def obedient_stations(stack: Stack, identities: Sequence[str]) -> AsyncIterator[list[Obedient]]:
    """Connected, their connectors available."""
    async with AsyncExitStack() as exits:
        stations = []
        for identity in identities:
            station = Obedient(identity, await exits.enter_async_context(Station.connected(stack.ocpp_url, identity)))
            await station.report("Available")
            stations.append(station)
        tasks = [asyncio.create_task(station.obey()) for station in stations]
        yield stations
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def operator(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the operator API."""
    headers = {"Authorization": f"Bearer {stack.token}"}
    async with httpx.AsyncClient(base_url=stack.api_url, headers=headers, trust_env=False, timeout=20) as client:
        yield client


async def started(api: httpx.AsyncClient, identities: Sequence[str], maximum_a: float) -> str:
    """The path of a plan that runs a site of these charge points."""
    members = [{"chargePointId": identity, "maximumA": 32} for identity in identities]
    site = {"name": "Depot", "maximumA": maximum_a, "safeLimitA": 6, "newcomers": 1, "chargePoints": members}
    site_id = (await api.post("/sites", json=site)).raise_for_status().json()["id"]
    now = datetime.now(UTC)
    period = {"start": timestamp(now), "end": timestamp(now + timedelta(hours=2)), "limitA": maximum_a}
    plan = {"siteId": site_id, "name": "Day", "periods": [period]}
    created = (await api.post("/charging-plans", json=plan)).raise_for_status()
    return created.headers["location"]


async def until(holds: Callable[[], object], what: str, patience_s: float = _PATIENCE_S) -> None:
    """Return when it holds.

    Raises:
        AssertionError: it does not.
    """
    try:
        async with asyncio.timeout(patience_s):
            while not holds():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None


async def is_in_state(api: httpx.AsyncClient, path: str, state: str) -> None:
    """Return when a plan is in a state."""
    async with asyncio.timeout(_PATIENCE_S):
        while (await api.get(path)).raise_for_status().json()["state"] != state:
            await asyncio.sleep(0.1)
