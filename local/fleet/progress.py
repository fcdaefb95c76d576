"""One line that follows a run: refreshed in place on a terminal, now and then a new one elsewhere."""

import asyncio
import time
from typing import Final, TextIO

from local.fleet.clock import DayClock
from local.fleet.report import Recorder

REFRESH_S: Final = 0.5
PLAIN_LINE_S: Final = 10.0
CLEAR_LINE: Final = "\r\x1b[K"


class Progress:
    """Writes to a stream until it is cancelled."""

    def __init__(self, stream: TextIO, stations: int) -> None:
        self._stream = stream
        self._stations = stations
        self._live = stream.isatty()
        self._last = (time.monotonic(), 0)

    async def follow(self, clock: DayClock, recorder: Recorder) -> None:
        """Show the state of the run again and again."""
        while True:
            await asyncio.sleep(REFRESH_S if self._live else PLAIN_LINE_S)
            self.show(clock, recorder)

    def show(self, clock: DayClock, recorder: Recorder) -> None:
        """Show the state of the run now."""
        line = self._line(clock, recorder)
        self._stream.write(f"{CLEAR_LINE}{line}" if self._live else f"{line}\n")
        self._stream.flush()

    def clear(self) -> None:
        """Leave a terminal as it was."""
        if self._live:
            self._stream.write(CLEAR_LINE)
            self._stream.flush()

    def _line(self, clock: DayClock, recorder: Recorder) -> str:
        now, calls = time.monotonic(), recorder.calls
        then, calls_then = self._last
        self._last = (now, calls)
        rate = (calls - calls_then) / (now - then)
        return (
            f"{clock.now():%H:%M}  online {recorder.online}/{self._stations}  charging {recorder.charging}  "
            f"transactions {len(recorder.transactions)}  {recorder.energy_wh / 1000:.1f} kWh  "
            f"{calls} calls ({rate:.0f}/s)  errors {recorder.errors.total()}"
        )
