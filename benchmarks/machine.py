"""What the figures were measured on."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """The facts that a reader needs to compare."""

    date: str
    processor: str
    processors: int
    system: str
    python: str
    botocore: str
    load: float
    """Of the last minute, when the measuring began; others may have used the machine too."""

    def __str__(self) -> str:
        return (
            f"{self.date}, {self.processors} x {self.processor}, {self.system}, Python {self.python}, "
            f"botocore {self.botocore}, load {self.load:.1f} at the start"
        )


def this_machine() -> Machine:
    """The facts of this one, now."""
    return Machine(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        processor=_processor(),
        processors=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        botocore=version("botocore"),
        load=os.getloadavg()[0],
    )


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
