"""How a battery takes up energy: pure, no clock."""

from dataclasses import dataclass
from typing import Final

KNEE: Final = 0.8
"""State of charge up to which a battery takes its full power."""
TRICKLE: Final = 0.05
"""Share of the full power that is left when the battery is nearly full."""
STEP_S: Final = 60.0


@dataclass(frozen=True)
class Vehicle:
    """What a car can take."""

    capacity_wh: int
    max_power_w: int
    phases: int


@dataclass
class Battery:
    """A car's battery while it is plugged in."""

    vehicle: Vehicle
    soc: float
    """State of charge, 0 to 1."""

    @property
    def full(self) -> bool:
        """The car has stopped drawing power."""
        return self.soc >= 1.0

    def power_w(self, limit_w: float) -> float:
        """Power drawn now: constant up to the knee, then falling in a straight line; never above the limit."""
        if self.full:
            return 0.0
        wanted_w = float(self.vehicle.max_power_w)
        if self.soc > KNEE:
            wanted_w *= max(TRICKLE, (1 - self.soc) / (1 - KNEE))
        return min(wanted_w, limit_w)

    def charge(self, duration_s: float, limit_w: float) -> float:
        """Charge for a while under a limit; returns the energy in Wh."""
        energy_wh = 0.0
        left_s = duration_s
        while left_s > 0 and not self.full:
            step_s = min(left_s, STEP_S)
            taken_wh = min(self.power_w(limit_w) * step_s / 3600, (1 - self.soc) * self.vehicle.capacity_wh)
            self.soc = min(1.0, self.soc + taken_wh / self.vehicle.capacity_wh)
            if 1 - self.soc < 1e-9:
                self.soc = 1.0
            energy_wh += taken_wh
            left_s -= step_s
        return energy_wh
