"""What stations measure, by phase."""

from array import array
from dataclasses import dataclass, field
from typing import Final

from benchmarks.load.scenario import PHASES
from local.fleet.report import Recorder, percentile

CONNECT: Final = "(connect)"
DOWNLOAD: Final = "(download)"
NO_ANSWER: Final = "no answer"


@dataclass
class Figures:
    """Of one action in one phase."""

    times_ms: "array[float]" = field(default_factory=lambda: array("d"))
    errors: int = 0
    cut_off: int = 0
    """Calls whose connection was cut on purpose before their answer; a station repeats what matters."""

    @property
    def count(self) -> int:
        """With and without an answer."""
        return len(self.times_ms) + self.errors + self.cut_off

    def percentile_ms(self, percent: int) -> float:
        """Of those that were answered."""
        return percentile(sorted(self.times_ms), percent)


class PhaseRecorder(Recorder):
    """Collects for the phase that is on; a call belongs to the phase in which it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.phase = PHASES[0]
        self.figures: dict[str, dict[str, Figures]] = {phase: {} for phase in PHASES}
        self.is_cutting = False
        """Connections are being cut on purpose."""
        self.duration_s: dict[str, float] = {}

    def connected(self, elapsed_ms: float) -> None:
        """A connection was opened."""
        self._figures(CONNECT).times_ms.append(elapsed_ms)

    def downloaded(self, elapsed_ms: float) -> None:
        """An image was downloaded."""
        self._figures(DOWNLOAD).times_ms.append(elapsed_ms)

    def answered(self, action: str, elapsed_ms: float) -> None:
        """A CALLRESULT came."""
        self._figures(action).times_ms.append(elapsed_ms)

    def refused(self, action: str, kind: str) -> None:
        """A CALLERROR came, or nothing did."""
        if self.is_cutting and kind == NO_ANSWER:
            self._figures(action).cut_off += 1
            return
        self._figures(action).errors += 1
        self.errors[f"{kind} ({self.phase}: {action})"] += 1

    def _figures(self, action: str) -> Figures:
        return self.figures[self.phase].setdefault(action, Figures())
