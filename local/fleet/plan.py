"""What a run simulates, as plain data."""

from dataclasses import dataclass
from typing import Final

DEFAULT_URL: Final = "ws://127.0.0.1:9000/ocpp"
"""Where the local stack listens for charge points."""


MOST_VISITS: Final = 48
"""Cars per connector and day that still leave each one some minutes."""


@dataclass(frozen=True)
class FleetPlan:
    """One run. The same plan sends the same transactions, whatever the speed of the machine."""

    stations: int = 10
    url: str = DEFAULT_URL
    day_s: float = 120.0
    """Real seconds that a simulated day takes."""
    seed: int = 1
    prefix: str = "FLEET-"
    visits: int = 3
    """Cars per connector and day, on average."""
    id_tags: tuple[str, ...] = ("DEMO-ACCEPTED",)
    """Tags the cars come with; the Central System must know them."""
    password: str | None = None
    """Basic authentication password, the same for every station; without one: security profile 0."""
    validate: bool = True
    """Check every frame against the official schemas; the larger part of the simulator's CPU time."""
    response_timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if self.stations < 1 or self.day_s <= 0 or not 1 <= self.visits <= MOST_VISITS or not self.id_tags:
            raise ValueError(f"a fleet needs stations, a day, 1 to {MOST_VISITS} visits and an id tag: {self}")

    def identity(self, index: int) -> str:
        """Charge point identity of one station."""
        return f"{self.prefix}{index + 1:04d}"
