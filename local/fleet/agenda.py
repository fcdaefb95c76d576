"""What a station is going to do and when."""

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from local.fleet.clock import DayClock

Deed: TypeAlias = Callable[[datetime], Awaitable[None]]


@dataclass(frozen=True, order=True)
class Entry:
    """A deed and the station time it is due."""

    at: datetime
    order: int
    deed: Deed = field(compare=False)


class Agenda:
    """Deeds in order of their time; entries may be added while a station waits for the next."""

    def __init__(self, clock: DayClock) -> None:
        self._clock = clock
        self.reached = clock.begins_at
        """The time of the deed that is being done, which may be earlier than now: planned time, not that of a clock."""
        self.is_busy = False
        """A deed is being done: from when it is handed out until the next one is asked for."""
        self._entries: list[Entry] = []
        self._order = itertools.count()
        self._added = asyncio.Event()

    def put(self, at: datetime, deed: Deed) -> None:
        """Add a deed; the deed is called with `at`, however late it gets its turn."""
        heapq.heappush(self._entries, Entry(at, next(self._order), deed))
        self._added.set()

    @property
    def is_done(self) -> bool:
        """Nothing is being done or due."""
        return not self.is_busy and (not self._entries or self._clock.real_seconds_until(self._entries[0].at) > 0)

    async def next(self) -> Entry | None:
        """The next entry once it is due; nothing when the agenda is empty."""
        self.is_busy = False
        while self._entries:
            delay_s = self._clock.real_seconds_until(self._entries[0].at)
            if delay_s <= 0:
                entry = heapq.heappop(self._entries)
                self.reached = max(self.reached, entry.at)
                self.is_busy = True
                return entry
            self._added.clear()
            await self._wait(delay_s)
        return None

    async def _wait(self, delay_s: float) -> None:
        try:
            async with asyncio.timeout(delay_s):
                await self._added.wait()
        except TimeoutError:
            return
