"""An EventBridge rule with a rate."""

import asyncio
import contextlib
import math
from datetime import UTC, datetime

from infra.definitions import Schedule
from local.event_sources.events import schedule_event
from local.event_sources.running import pause
from local.function import FunctionError, LambdaFunction


class Clock:
    """Runs a function at once, for what fell due while nothing ran, and then again and again."""

    def __init__(self, schedule: Schedule, function: LambdaFunction) -> None:
        self._schedule = schedule
        self._function = function

    async def run(self, stopping: asyncio.Event) -> None:
        """Tick until told to stop."""
        while not stopping.is_set():
            with contextlib.suppress(FunctionError):  # it is in the log, and the next tick makes up for it
                await self._function.invoke(schedule_event(self._schedule.function, datetime.now(UTC)), math.inf)
            await pause(stopping, self._schedule.every_s)
