"""Station time: a day in fast motion that ends at the present.

A simulated day must not lie in the future, or a Central System would take every station for one with a wrong
clock, so it begins 24 hours before the moment at which the run will end. Played in real time, the two are the same.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Final

DAY: Final = timedelta(days=1)


class DayClock:
    """Maps real seconds to station time; every station of a fleet shares one."""

    def __init__(self, day_s: float, now: datetime | None = None) -> None:
        self.speed: Final = DAY.total_seconds() / day_s
        self.ends_at: Final = (now or datetime.now(UTC)).replace(microsecond=0) + timedelta(seconds=day_s)
        self.begins_at: Final = self.ends_at - DAY
        self._day_s = day_s
        self._started = time.monotonic()

    def now(self) -> datetime:
        """Station time; runs at the ordinary pace once the day is over."""
        elapsed_s = time.monotonic() - self._started
        overtime_s = max(0.0, elapsed_s - self._day_s)
        return self.begins_at + timedelta(seconds=(elapsed_s - overtime_s) * self.speed + overtime_s)

    def real_seconds_until(self, at: datetime) -> float:
        """How long to wait in reality; negative when the moment has passed."""
        return (at - self.now()).total_seconds() / self.speed

    async def sleep(self, station_s: float) -> None:
        """Wait for a time given in station seconds."""
        await asyncio.sleep(station_s / self.speed)
