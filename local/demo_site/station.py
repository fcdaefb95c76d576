"""A simulated station: it evaluates the profiles it has by itself and follows them in its own time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from ocpp.charge_point import camel_to_snake_case

from local.demo_site.scenario import DAY, VOLTAGE_V, ConnectorSpec, Fault, StationSpec, Visit
from local.fleet.charging_curve import Battery
from local.fleet.charging_profiles import InstalledProfiles, parse_profile

MINIMUM_DA: Final = 60
_LOOK_AHEAD_S: Final = 7_200


def moment(at_s: float) -> datetime:
    """A time of the simulated day."""
    return DAY + timedelta(seconds=at_s)


class Outlet:
    """One connector with the car at it."""

    def __init__(self, spec: ConnectorSpec, station: "Station") -> None:
        self.spec = spec
        self.visit: Visit | None = None
        self.battery: Battery | None = None
        self.phases: tuple[int, ...] = ()
        """Of the site, that the car draws on."""
        self.started_s = 0.0
        self.drawn_da = 0
        """On each phase of the car, now."""
        self.following_da = 0
        """The limit that the car sees."""
        self.reacting_until_s = 0.0
        self._station = station
        self._told_da = 0
        self._schedule: list[tuple[float, int]] = []

    def plug_in(self, visit: Visit, at_s: float) -> None:
        """A transaction begins, under what the station has."""
        self.visit, self.started_s = visit, at_s
        self.battery = Battery(visit.vehicle, visit.soc)
        self.phases = self.spec.phases(visit.vehicle.phases)
        self.look_up(at_s)
        self.following_da = self._told_da = self._limit_da(at_s)

    def unplug(self) -> None:
        """The car leaves; its TxProfile goes with it."""
        self._station.profiles.end_transaction(self.spec.key.connector_id)
        self.visit = self.battery = None
        self.drawn_da = self.following_da = self._told_da = 0

    def look_up(self, at_s: float) -> None:
        """Evaluate the installed profiles for the next hours."""
        composite = self._station.profiles.composite(
            self.spec.key.connector_id, moment(at_s), _LOOK_AHEAD_S, moment(self.started_s), self._hardware_w
        )
        per_ampere = VOLTAGE_V * 3 / 10
        self._schedule = [(at_s + start_s, int(limit_w / per_ampere + 1e-6)) for start_s, limit_w in composite]
        self._schedule.append((at_s + _LOOK_AHEAD_S, -1))

    def charge(self, at_s: float, duration_s: float) -> float:
        """Charge for a moment; returns the energy in Wh."""
        if self.battery is None or self.visit is None:
            return 0.0
        told_da = self._limit_da(at_s)
        if told_da != self._told_da:
            self._told_da, self.reacting_until_s = told_da, at_s + self._station.spec.reaction_s
        if at_s >= self.reacting_until_s:
            self.following_da = self._told_da
        limit_da = self.following_da if self.following_da >= MINIMUM_DA else 0
        limit_w = limit_da * VOLTAGE_V * self.visit.vehicle.phases / 10
        energy_wh = self.battery.charge(duration_s, limit_w)
        self.drawn_da = round(energy_wh * 3600 / duration_s / VOLTAGE_V / self.visit.vehicle.phases * 10)
        return energy_wh

    @property
    def _hardware_w(self) -> float:
        return self.spec.maximum_da * VOLTAGE_V * 3 / 10

    def _limit_da(self, at_s: float) -> int:
        if self._station.spec.fault is Fault.LIES:
            return self.spec.maximum_da
        while self._schedule[1][0] <= at_s:
            self._schedule.pop(0)
            if self._schedule[0][1] < 0:
                self.look_up(at_s)
        return self._schedule[0][1]


class Station:
    """A station and its outlets."""

    def __init__(self, spec: StationSpec) -> None:
        self.spec = spec
        self.profiles = InstalledProfiles()
        self.outlets = {one.key.connector_id: Outlet(one, self) for one in spec.connectors}

    def is_online(self, at_s: float) -> bool:
        """Whether it has a network."""
        return self.spec.offline is None or not self.spec.offline[0] <= at_s < self.spec.offline[1]

    def set_charging_profile(self, payload: Mapping[str, Any], at_s: float) -> str:
        """Answer a SetChargingProfile."""
        if self.spec.fault is Fault.REJECTS and at_s > 0:
            return "Rejected"
        profile = parse_profile(payload["connectorId"], camel_to_snake_case(payload["csChargingProfiles"]))
        if profile.purpose == "TxProfile" and self.outlets[profile.connector_id].visit is None:
            return "Rejected"
        self.profiles.install(profile)
        for outlet in self.outlets.values():
            if outlet.visit is not None:
                outlet.look_up(at_s)
        return "Accepted"
