"""Runs a fleet: the load driver of the benchmark, and what `make demo` shows."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from local.fleet.clock import DayClock
from local.fleet.day import plan_day
from local.fleet.life import Life
from local.fleet.plan import FleetPlan
from local.fleet.report import FleetReport, Recorder
from local.fleet.station import Station

CONNECTING_AT_ONCE: Final = 20
Follower: TypeAlias = Callable[[DayClock, Recorder], Awaitable[None]]


async def run_fleet(plan: FleetPlan, follow: Follower | None = None) -> FleetReport:
    """Let every station live its day; `follow` watches meanwhile."""
    clock, recorder, gate = DayClock(plan.day_s), Recorder(), asyncio.Semaphore(CONNECTING_AT_ONCE)
    started = time.perf_counter()
    watching = asyncio.ensure_future(follow(clock, recorder)) if follow else None
    try:
        async with asyncio.TaskGroup() as lives:
            for index in range(plan.stations):
                station = Station(plan_day(plan, index), plan, clock, recorder, gate)
                lives.create_task(Life(station, plan.response_timeout_s).live())
    finally:
        if watching:
            watching.cancel()
    return recorder.report(plan.stations, time.perf_counter() - started)
