"""How long each phase lasts, and how busy the stations are. Times in real seconds: stations live in real time here."""

from dataclasses import dataclass
from typing import Final, Self

RAMP: Final = "ramp"
STEADY: Final = "steady"
STORM: Final = "storm"
MIDNIGHT: Final = "midnight"
FIRMWARE: Final = "firmware"
PHASES: Final = (RAMP, STEADY, STORM, MIDNIGHT, FIRMWARE)

SECONDS_PER_BOOT: Final = 0.25
"""A boot is eight messages and 25 requests to AWS, and about 40 ms of CPU time of gateway and handlers, which are one
process here; with new firmware twice as many. So boots take a fifth of it."""


@dataclass(frozen=True)
class Scenario:
    """One run."""

    stations: int
    steady_s: float
    ramp_s: float
    """Over which stations boot for the first time."""
    back_off_s: float
    """Within which a station comes back after all connections were cut, at random."""
    midnight_s: float
    """Within which every transaction is stopped."""
    update_s: float
    """Within which a station begins to download its new firmware, at random."""
    patience_s: float
    """Longest that a phase may take beyond that before it counts as failed."""
    sample_s: int = 30
    """Between two MeterValues of a transaction."""
    heartbeat_s: int = 60
    stay_s: tuple[float, float] = (30, 360)
    """How long a vehicle stays."""
    pause_s: tuple[float, float] = (60, 120)
    """How long its connector is free afterwards."""
    charging_stations: float = 0.9
    """Share of the stations that vehicles come to, to one connector."""
    reboot_s: float = 5
    """Without a connection while new firmware is installed."""
    seed: int = 1

    @classmethod
    def of(cls, stations: int, minutes: float) -> Self:
        """So long that MiniStack keeps up with as many stations.

        Args:
            stations: how many.
            minutes: of the steady phase.
        """
        boots_s = max(10.0, SECONDS_PER_BOOT * stations)
        return cls(
            stations=stations,
            steady_s=60 * minutes,
            ramp_s=boots_s,
            back_off_s=boots_s,
            midnight_s=60,
            update_s=2 * boots_s,
            patience_s=600 + 2 * boots_s,  # times decide nothing
        )
