import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.definitions import Schedule
from local.event_sources import running
from local.event_sources.clock import Clock
from tests.unit.local.event_sources.invoked import Invoked


async def test_it_ticks_at_once_and_again_also_after_a_failure(pool: ThreadPoolExecutor) -> None:
    def respond(_: dict[str, Any]) -> None:
        raise RuntimeError("a handler that dies")

    invoked = Invoked(pool, respond)
    async with running([Clock(Schedule("sweep", every_s=0), invoked.function)]), asyncio.timeout(10):
        while len(invoked.events) < 3:
            await asyncio.sleep(0.01)
    assert invoked.events[0]["detail-type"] == "Scheduled Event"


async def test_stopping_does_not_wait_for_the_next_tick(pool: ThreadPoolExecutor) -> None:
    invoked = Invoked(pool)
    async with asyncio.timeout(10), running([Clock(Schedule("sweep", every_s=3600), invoked.function)]):
        while not invoked.events:
            await asyncio.sleep(0.01)
