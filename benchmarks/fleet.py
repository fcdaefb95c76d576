"""A fleet against the local stack in a process of its own: response times, and whether all of it was stored."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from benchmarks.stored import compare_transactions, store_at
from csms.authorization import IdTag
from local.fleet import FleetPlan, FleetReport, run_fleet
from local.fleet.clock import DayClock
from local.fleet.report import Recorder, percentile
from tests.stack import running_stack

STORM: Final = 0.1
"""Share of the day after which the stations, which all boot in its first minutes, have settled."""
Percentiles: TypeAlias = tuple[float, float, float]
"""p50, p95, p99 in ms."""


@dataclass
class Settled:
    """Watches a fleet, and knows the response times from when it had settled."""

    day_s: float
    _times_ms: dict[str, list[float]] = field(default_factory=dict)
    _before: dict[str, int] = field(default_factory=dict)

    async def follow(self, _clock: DayClock, recorder: Recorder) -> None:
        """Note how far the recorder is when the storm is over."""
        await asyncio.sleep(self.day_s * STORM)
        self._times_ms = recorder.times_ms
        self._before = {action: len(times_ms) for action, times_ms in recorder.times_ms.items()}

    def percentiles(self) -> dict[str, Percentiles]:
        """By action; those that only happen at boot are left out."""
        later = {action: sorted(times[self._before.get(action, 0) :]) for action, times in self._times_ms.items()}
        return {
            action: (percentile(times, 50), percentile(times, 95), percentile(times, 99))
            for action, times in later.items()
            if times
        }


@dataclass(frozen=True)
class FleetRun:
    """What the stations saw and what the table holds."""

    report: FleetReport
    day_s: float
    settled: dict[str, Percentiles]
    stored_transactions: int
    differences: list[str]
    """Empty when what was sent is what is stored."""


def measure_fleet(stations: int, day_s: float, visits: int) -> FleetRun:
    """One day of a fleet at a fresh stack."""
    id_tags = tuple(f"BENCH-{number:04d}" for number in range(stations + 2))
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as stack:
        store = store_at(stack.aws_url)
        for id_tag in id_tags:
            store.id_tags.put(IdTag(id_tag, max_active_transactions=None))
        plan = FleetPlan(
            stations=stations,
            url=stack.ocpp_url,
            day_s=day_s,
            visits=visits,
            prefix="BENCH-",
            id_tags=id_tags,
            validate=False,  # the benchmark's processor is to serve, not to check
        )
        settled = Settled(day_s)
        report = asyncio.run(run_fleet(plan, settled.follow))
        identities = map(plan.identity, range(plan.stations))
        kept = compare_transactions(store, report.transactions, identities)
    return FleetRun(report, day_s, settled.percentiles(), kept.transactions, kept.differences)
