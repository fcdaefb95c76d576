"""Plays a scenario at a fresh stack and compares what was sent with what is stored."""

import asyncio
import logging
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import boto3
import httpx

from benchmarks.load.memory import Growth, MemoryWatch, Sample, growth, only_child_of
from benchmarks.load.operator import Rollout, roll_out
from benchmarks.load.recorder import PhaseRecorder
from benchmarks.load.scenario import FIRMWARE, MIDNIGHT, RAMP, STEADY, STORM, Scenario
from benchmarks.load.station import LoadLife, LoadStation
from benchmarks.load.stored import Comparison, compare
from benchmarks.stored import store_at
from csms.authorization import IdTag
from local.environment import TABLE_NAME, client_environment, replaced_environment
from local.fleet import FleetPlan
from local.fleet.clock import DAY, DayClock
from local.open_files import allow_many_connections
from tests.stack import Stack, running_stack

CSMS: Final = "gateway and handlers"
MINISTACK: Final = "MiniStack"
STATIONS: Final = "stations"
_ERROR: Final = re.compile(r'"level": ?"(ERROR|CRITICAL)"|Traceback')
"""In the log. A time-out there decides nothing: a queue delivers again, and a station would have seen it."""
_LOOK_EVERY_S: Final = 0.2


@dataclass(frozen=True)
class LoadRun:
    """What was measured and what is stored."""

    scenario: Scenario
    recorder: PhaseRecorder
    samples: Mapping[str, Sequence[Sample]]
    """Of memory, by process."""
    items: dict[str, int]
    """In the table at the end of each phase."""
    comparison: Comparison
    log_errors: Sequence[str]
    """Lines in which the functions told of an error."""

    @property
    def growths(self) -> list[Growth]:
        """Of the memory of each process."""
        return [growth(name, samples) for name, samples in self.samples.items()]

    @property
    def ministack_bytes_per_item(self) -> float:
        """What MiniStack grew by in the steady phase, for each item that was stored in it."""
        mb = growth(MINISTACK, self.samples[MINISTACK]).by_phase
        items = self.items[STEADY] - self.items[RAMP]
        return (mb[STEADY] - mb[RAMP]) * 2**20 / items if items else 0.0


def measure_load(scenario: Scenario) -> LoadRun:
    """One run; takes the phases' time and a little more."""
    allow_many_connections()
    for name in ("ocpp", "local.fleet"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is counted
    settings = {"CALL_SETTLE_S": "0", "HEARTBEAT_INTERVAL_S": str(scenario.heartbeat_s)}
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory), **settings) as stack:
        return asyncio.run(_Play(scenario, stack).run())


class _Play:
    def __init__(self, scenario: Scenario, stack: Stack) -> None:
        self._scenario = scenario
        self._stack = stack
        self._recorder = PhaseRecorder()
        self._plan = FleetPlan(
            stations=scenario.stations,
            url=stack.ocpp_url,
            seed=scenario.seed,
            prefix="LOAD-",
            id_tags=tuple(f"LOAD-{number:04d}" for number in range(scenario.stations)),
            validate=False,  # the processor is to serve, not to check
        )
        self._store = store_at(stack.aws_url)
        self._items: dict[str, int] = {}
        self._memory = MemoryWatch(
            {CSMS: stack.process_id, MINISTACK: only_child_of(stack.process_id), STATIONS: os.getpid()}
        )

    async def run(self) -> LoadRun:
        for id_tag in self._plan.id_tags:
            self._store.id_tags.put(IdTag(id_tag, max_active_transactions=None))
        looking = asyncio.create_task(self._memory.keep_looking(self._recorder))
        headers = {"Authorization": f"Bearer {self._stack.token}"}
        async with (
            httpx.AsyncClient(base_url=self._stack.api_url, headers=headers, timeout=60, trust_env=False) as api,
            httpx.AsyncClient(timeout=60, trust_env=False, follow_redirects=True) as web,
        ):
            lives = self._lives(web)
            async with asyncio.TaskGroup() as tasks:
                for number, life in enumerate(lives):
                    tasks.create_task(life.live_from(number / len(lives) * self._scenario.ramp_s))
                rollout = await self._phases(lives, api, web)
                for life in lives:
                    life.station.agenda.put(life.station.clock.now(), life.end)
            looking.cancel()
            return await self._result(lives, rollout, api)

    def _lives(self, web: httpx.AsyncClient) -> list[LoadLife]:
        clock = DayClock(DAY.total_seconds())  # a day that takes a day
        gate = asyncio.Semaphore(self._scenario.stations)  # nothing holds back stations
        return [
            LoadLife(LoadStation(index, self._plan, clock, self._recorder, gate), self._scenario, self._recorder, web)
            for index in range(self._scenario.stations)
        ]

    async def _phases(self, lives: Sequence[LoadLife], api: httpx.AsyncClient, web: httpx.AsyncClient) -> Rollout:
        recorder, scenario = self._recorder, self._scenario
        async with self._phase(RAMP):
            await self._until_settled(lives, scenario.ramp_s)
        async with self._phase(STEADY):
            await asyncio.sleep(scenario.steady_s)
        async with self._phase(STORM):
            await self._cut(lives)
            await self._until_settled(lives, scenario.back_off_s)
        async with self._phase(MIDNIGHT):
            for life in lives:
                life.close()
            await self._until(lambda: recorder.charging == 0, scenario.midnight_s)
            await self._until_settled(lives, 0)
        async with self._phase(FIRMWARE):
            rollout = await roll_out(api, web)
            await self._until(lambda: all(life.is_updated for life in lives), scenario.update_s)
        return rollout

    @asynccontextmanager
    async def _phase(self, name: str) -> AsyncIterator[None]:
        self._recorder.phase = name
        began = time.perf_counter()
        yield
        self._recorder.duration_s[name] = lasted_s = time.perf_counter() - began
        self._memory.look(name)
        errors = self._recorder.errors.total()
        print(f"load: {name} took {lasted_s:.0f} s, {errors} errors so far", file=sys.stderr, flush=True)
        self._items[name] = await asyncio.to_thread(self._count_items)

    async def _until(self, is_over: Callable[[], bool], expected_s: float) -> None:
        """Wait for the end of a phase; too long is an error, and the run goes on."""
        try:
            async with asyncio.timeout(expected_s + self._scenario.patience_s):
                while not is_over():
                    await asyncio.sleep(_LOOK_EVERY_S)
        except TimeoutError:
            self._recorder.errors[f"{self._recorder.phase} did not end"] += 1

    async def _until_settled(self, lives: Sequence[LoadLife], expected_s: float) -> None:
        """Until each has been online with nothing left to say: not all of them at one moment, for life goes on."""
        busy = set(lives)

        def is_over() -> bool:
            busy.difference_update([life for life in busy if life.is_settled])
            return not busy

        await self._until(is_over, expected_s)

    async def _cut(self, lives: Sequence[LoadLife]) -> None:
        """Let the gateway cut every connection."""
        self._recorder.is_cutting = True
        os.kill(self._stack.process_id, signal.SIGUSR1)
        await self._until(lambda: all(life.times_cut for life in lives), 0)
        self._recorder.is_cutting = False

    def _count_items(self) -> int:
        with replaced_environment(client_environment(self._stack.aws_url)):
            client = boto3.session.Session().client("dynamodb")
        count: int = client.describe_table(TableName=TABLE_NAME)["Table"]["ItemCount"]
        return count

    async def _result(self, lives: Sequence[LoadLife], rollout: Rollout, api: httpx.AsyncClient) -> LoadRun:
        told = {life.station.day.identity: life.station.told for life in lives}
        comparison = await asyncio.to_thread(compare, self._store, told, self._recorder.transactions)
        comparison.differences += await rollout.differences(api, list(told))
        images = sum(life.images[rollout.image] for life in lives)
        comparison.rows.append(("firmware images downloaded whole", len(lives), images))
        if images != len(lives):
            comparison.differences.append(f"{images} of {len(lives)} images were downloaded whole")
        log_errors = [line for line in self._stack.log.read_text().splitlines() if _ERROR.search(line)]
        return LoadRun(self._scenario, self._recorder, self._memory.samples, self._items, comparison, log_errors)
