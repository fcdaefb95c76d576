"""A connector of a simulated station and what happens at it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ocpp.v16.enums import ChargePointStatus

from local.fleet.charging_curve import Battery
from local.fleet.meter import Reading

LEAST_CURRENT_W: Final = 6 * 230
"""Per phase: below 6 A a car may not charge at all (IEC 61851)."""


@dataclass
class Charging:
    """A transaction as the station knows it."""

    connector_id: int
    id_tag: str
    battery: Battery
    started_at: datetime
    leaves_at: datetime
    meter_start_wh: int
    offline: bool
    pulls_the_plug: bool = False
    reservation_id: int | None = None
    transaction_id: int | None = None
    """Known once the Central System has answered StartTransaction."""
    meter_values: int = 0
    """MeterValues messages that were confirmed."""


@dataclass(frozen=True)
class Reservation:
    """A connector kept for a tag; connector 0 is the whole station."""

    reservation_id: int
    connector_id: int
    id_tag: str
    expires_at: datetime


@dataclass
class Connector:
    """State of one connector."""

    connector_id: int
    meter_wh: float
    hardware_w: float
    phases: int
    dc: bool
    status: ChargePointStatus = ChargePointStatus.available
    operative: bool = True
    charging: Charging | None = None
    limit_w: float = 0.0
    metered_to: datetime | None = None

    def draw(self, until: datetime) -> None:
        """Let the car charge up to a moment, under the limit that has held since the last one."""
        if self.charging is not None:
            since = self.metered_to or self.charging.started_at
            duration_s = max(timedelta(0), until - since).total_seconds()
            self.meter_wh += self.charging.battery.charge(duration_s, self._usable_w())
            self.metered_to = max(since, until)

    def reading(self) -> Reading:
        """What the meter shows."""
        battery = self.charging.battery if self.charging else None
        return Reading(
            meter_wh=round(self.meter_wh),
            power_w=battery.power_w(self._usable_w()) if battery else 0.0,
            offered_w=self.limit_w,
            phases=min(self.phases, battery.vehicle.phases) if battery else self.phases,
            soc=battery.soc if battery and self.dc else None,
        )

    def charging_status(self) -> ChargePointStatus:
        """Status of a connector with a transaction."""
        if self.charging is not None and self.charging.battery.full:
            return ChargePointStatus.suspended_ev
        return ChargePointStatus.charging if self._usable_w() else ChargePointStatus.suspended_evse

    def idle_status(self) -> ChargePointStatus:
        """Status of a connector without a car."""
        return ChargePointStatus.available if self.operative else ChargePointStatus.unavailable

    def _usable_w(self) -> float:
        phases = 1 if self.charging is None else min(self.phases, self.charging.battery.vehicle.phases)
        return self.limit_w if self.limit_w >= LEAST_CURRENT_W * phases else 0.0
