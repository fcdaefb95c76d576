"""The memory of processes over time (Linux: resident set size from /proc), and whether it grows."""

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.load.recorder import PhaseRecorder
from benchmarks.load.scenario import STEADY

SAMPLE_EVERY_S: Final = 2.0
WARM_UP: Final = 1 / 3
"""Share of the steady phase in which caches, thread pools and connection pools fill."""
LONG_ENOUGH_S: Final = 600.0
"""Steady time after the warm-up below which nothing is said about growth."""
FLAT_MB_PER_HOUR: Final = 20.0
"""At 60 messages a second, those of 1,000 stations, 100 bytes a message: less than anything that could be kept of one.
What an allocator does not give back is of that size for the first hour."""
_PROC: Final = Path("/proc")


@dataclass(frozen=True)
class Sample:
    """What a process had at a moment."""

    at_s: float
    phase: str
    mb: float


@dataclass
class MemoryWatch:
    """Samples of some processes."""

    process_ids: Mapping[str, int]
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def look(self, phase: str) -> None:
        """Take a sample of each."""
        for name, process_id in self.process_ids.items():
            self.samples.setdefault(name, []).append(Sample(time.monotonic(), phase, resident_mb(process_id)))

    async def keep_looking(self, recorder: PhaseRecorder) -> None:
        """Until cancelled."""
        while True:
            self.look(recorder.phase)
            await asyncio.sleep(SAMPLE_EVERY_S)


@dataclass(frozen=True)
class Growth:
    """Of one process."""

    name: str
    by_phase: dict[str, float]
    """MB at the end of each phase."""
    most_mb: float
    mb_per_hour: float
    """Slope of the least-squares line through the steady phase after its warm-up."""
    watched_s: float
    """How long that was."""

    @property
    def is_told(self) -> bool:
        """Whether it was seen, and watched long enough to say anything."""
        return self.most_mb > 0 and self.watched_s >= LONG_ENOUGH_S

    @property
    def is_flat(self) -> bool:
        """It does not grow."""
        return self.mb_per_hour <= FLAT_MB_PER_HOUR


def growth(name: str, samples: Sequence[Sample]) -> Growth:
    """How a process grew."""
    steady = [one for one in samples if one.phase == STEADY]
    warm = steady[int(len(steady) * WARM_UP) :]
    return Growth(
        name,
        by_phase={one.phase: one.mb for one in samples},
        most_mb=max(one.mb for one in samples),
        mb_per_hour=3600 * slope([(one.at_s, one.mb) for one in warm]),
        watched_s=warm[-1].at_s - warm[0].at_s if warm else 0,
    )


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the least-squares line; 0 where there is none."""
    try:
        return statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope
    except statistics.StatisticsError:
        return 0.0


def resident_mb(process_id: int) -> float:
    """Resident set size; 0 where there is no /proc or no such process."""
    try:
        lines = (_PROC / str(process_id) / "status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def only_child_of(process_id: int) -> int:
    """The process that it started; 0 where there is no /proc."""
    try:
        children = (_PROC / str(process_id) / "task" / str(process_id) / "children").read_text().split()
    except OSError:
        return 0
    return int(children[0]) if children else 0
