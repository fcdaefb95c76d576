"""How long after a StartTransaction its charging profile is on the wire, at the running stack."""

import asyncio
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tests.obedient_stations import Obedient, obedient_stations, operator, started, until
from tests.stack import Stack, running_stack

OTHERS: Final = (0, 3)
"""Transactions that run beside; where there are some, they give way first."""
_A_PER_STATION: Final = 10
_REST_S: Final = 1.5
"""A step begins with the event: the one before has come to its wait."""
_WARM_UP_ROUNDS: Final = 2


@dataclass(frozen=True)
class Latency:
    """From the StartTransaction sent to frames received, in ms and in order."""

    others: int
    first_ms: list[float]
    """To the first SetChargingProfile that any station gets."""
    own_ms: list[float]
    """To that of the new transaction."""


def measure_latency(rounds: int) -> list[Latency]:
    """At a fresh stack, with stations that accept at once."""
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory), CALL_SETTLE_S="0") as stack:
        return asyncio.run(_measure(stack, rounds))


async def _measure(stack: Stack, rounds: int) -> list[Latency]:
    identities = [f"BENCH-{number}" for number in range(1 + max(OTHERS))]
    async with operator(stack) as api, obedient_stations(stack, identities) as stations:
        await started(api, identities, maximum_a=_A_PER_STATION * len(identities))
        await until(lambda: all(station.heard for station in stations), "every station has its failsafe")
        found, charging = [], 0
        for others in OTHERS:
            for station in stations[1 + charging : 1 + others]:
                await _start(station)
            charging = others
            times = [await _round(stations) for _ in range(_WARM_UP_ROUNDS + rounds)][_WARM_UP_ROUNDS:]
            found.append(Latency(others, sorted(first for first, _ in times), sorted(own for _, own in times)))
    return found


async def _round(stations: list[Obedient]) -> tuple[float, float]:
    """A transaction starts and, when all is quiet again, ends."""
    for station in stations:
        station.heard.clear()
    began = time.monotonic()
    number = await _start(stations[0])
    first = min(at for station in stations for at, _ in station.heard)
    own = stations[0].profiles_of(number)[0][0]
    await stations[0].stop(number)
    await asyncio.sleep(_REST_S)
    return (first - began) * 1000, (own - began) * 1000


async def _start(station: Obedient) -> int:
    number = await station.start()
    await until(partial(station.profiles_of, number), "the transaction has a limit")
    await asyncio.sleep(_REST_S)
    return number
