"""The day before it begins: the site, its limit, its stations and their faults, the cars. Repeatable by its seed."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import pi, sin
from typing import Final

from csms.ids import ChargePointId
from csms.smart_charging.limits import LimitPeriod, LimitPlan, SiteLimit
from csms.smart_charging.phases import site_phases
from csms.smart_charging.situation import ConnectorKey
from local.fleet.charging_curve import Vehicle

BEGINS_AT: Final = 6
"""The hour at which the day begins, and ends."""
DAY: Final = datetime(2026, 3, 5, BEGINS_AT, tzinfo=UTC)
DAY_S: Final = 86_400
HOUR_S: Final = 3_600
QUARTER_S: Final = 900
VOLTAGE_V: Final = 230
SITE_MAXIMUM_DA: Final = 6_300
SAFE_LIMIT_DA: Final = 60
SOC: Final = (0.45, 0.85)
EMPLOYEES: Final = 0.6
VISITORS: Final = 0.1
RESIDENTS: Final = 0.6
_ROTATIONS: Final = ("RST", "STR", "TRS")
_VEHICLES: Final = (
    *((1, 160, 12_000), (1, 320, 40_000), (2, 160, 38_000), (2, 160, 52_000)),
    *((3, 160, 52_000), (3, 160, 64_000), (3, 160, 77_000), (3, 160, 77_000), (3, 320, 52_000)),
)
"""Phases, tenths of an ampere on each, Wh: a plug-in hybrid, and cars."""


class Fault(StrEnum):
    """What is wrong with a station."""

    NONE = "none"
    OFFLINE = "offline for hours"
    REJECTS = "rejects profiles"
    SLOW = "answers and follows late"
    LIES = "accepts and does not follow"


@dataclass(frozen=True)
class Visit:
    """A car at a connector; seconds since the day began."""

    vehicle: Vehicle
    current_da: int
    """The most it draws on each of its phases."""
    soc: float
    arrives_s: int
    leaves_s: int


@dataclass(frozen=True)
class ConnectorSpec:
    """A connector and its day."""

    key: ConnectorKey
    maximum_da: int
    rotation: str
    visits: tuple[Visit, ...]

    def phases(self, count: int) -> tuple[int, ...]:
        """The site's phases that a car with so many draws on."""
        return site_phases(count, self.key.connector_id, self.rotation)


@dataclass(frozen=True)
class StationSpec:
    """A station, what it is like, and what is wrong with it."""

    id: ChargePointId
    connectors: tuple[ConnectorSpec, ...]
    maximum_da: int
    """What its cable carries on each phase."""
    reaction_s: float
    answers_after_s: float
    fault: Fault
    offline: tuple[int, int] | None
    """From when to when it has no network."""


@dataclass(frozen=True)
class Scenario:
    """Everything that will happen, whoever plans."""

    stations: tuple[StationSpec, ...]
    limits_da: tuple[int, ...]
    """On each phase, for each quarter of an hour."""

    @property
    def plan(self) -> LimitPlan:
        """The limits as the periods of a charging plan."""
        return LimitPlan(
            tuple(
                LimitPeriod(quarter(n), quarter(n + 1), SiteLimit((limit_da,) * 3))
                for n, limit_da in enumerate(self.limits_da)
            )
        )

    @property
    def visits(self) -> list[tuple[ConnectorSpec, Visit]]:
        """All cars, with where they charge."""
        return [(one, visit) for station in self.stations for one in station.connectors for visit in one.visits]


def quarter(number: int) -> datetime:
    """When a quarter of an hour begins."""
    return DAY + timedelta(seconds=number * QUARTER_S)


def a_day(stations: int, seed: int, scale: float) -> Scenario:
    """A car park with employees, visitors and residents, under what its building leaves of the connection.

    Args:
        stations: how many; one in ten has two connectors on one cable.
        seed: another one is another day.
        scale: of what the building leaves; the smaller, the more crowded.
    """
    rng = random.Random(seed)  # noqa: S311
    faults = _faults(stations)
    return Scenario(
        tuple(_station(number, faults.get(number, Fault.NONE), rng) for number in range(stations)),
        tuple(_limit_da(number, rng, scale * stations / 100) for number in range(DAY_S // QUARTER_S)),
    )


def _faults(stations: int) -> dict[int, Fault]:
    """Eleven of a hundred, spread out."""
    kinds = [Fault.OFFLINE, Fault.REJECTS, Fault.OFFLINE, Fault.SLOW, Fault.OFFLINE, Fault.LIES]
    kinds += [Fault.SLOW, Fault.OFFLINE, Fault.REJECTS, Fault.OFFLINE, Fault.LIES]
    return {number: kinds[number // 9 % len(kinds)] for number in range(4, stations, 9)}


def _limit_da(number: int, rng: random.Random, scale: float) -> int:
    """The connection without the building: much at night, little at noon and in the evening, and restless."""
    hour = (BEGINS_AT + number / 4) % 24
    day = max(0.0, sin(pi * (hour - 6) / 13)) if 6 <= hour <= 19 else 0.0
    evening = max(0.0, sin(pi * (hour - 17) / 5)) if 17 <= hour <= 22 else 0.0
    wanted_da = 5_900 - 2_100 * day - 1_800 * evening + rng.uniform(-250, 250)
    return min(SITE_MAXIMUM_DA, round(wanted_da * scale / 10) * 10)


def _station(number: int, fault: Fault, rng: random.Random) -> StationSpec:
    identity = ChargePointId(f"SITE-{number:03}")
    maximum_da = 320 if rng.random() < 0.4 else 160
    connectors = 2 if number % 10 == 7 else 1
    offline_from = rng.randrange(8 * HOUR_S, 17 * HOUR_S)
    is_slow = fault is Fault.SLOW
    return StationSpec(
        id=identity,
        connectors=tuple(
            ConnectorSpec(
                ConnectorKey(identity, n),
                maximum_da,
                _ROTATIONS[number % 3],
                tuple(sorted(_visits(maximum_da, rng), key=lambda visit: visit.arrives_s)),
            )
            for n in range(1, connectors + 1)
        ),
        maximum_da=maximum_da,
        reaction_s=60 if is_slow else rng.uniform(1, 5),
        answers_after_s=20 if is_slow else rng.uniform(0.2, 1.5),
        fault=fault,
        offline=(offline_from, offline_from + rng.randrange(HOUR_S, 4 * HOUR_S)) if fault is Fault.OFFLINE else None,
    )


def _visits(maximum_da: int, rng: random.Random) -> list[Visit]:
    """An employee, or visitors one after the other, or nobody; and a resident overnight, or none."""
    stays = []
    kind = rng.random()
    if kind < EMPLOYEES:
        stays.append((rng.gauss(8, 0.7), rng.gauss(16.7, 0.6)))
    elif kind < EMPLOYEES + VISITORS:
        hour = rng.uniform(8.5, 11)
        while hour < 15.5:
            stays.append((hour, hour := hour + rng.uniform(1, 4)))
            hour += rng.uniform(0.3, 2)
    if rng.random() < RESIDENTS:
        last = max((leaves for _, leaves in stays), default=0.0)
        stays.append((max(last + 0.2, rng.uniform(17.6, 21)), rng.uniform(29, 30)))
    return [_visit(arrives - BEGINS_AT, leaves - BEGINS_AT, maximum_da, rng) for arrives, leaves in stays]


def _visit(arrives: float, leaves: float, maximum_da: int, rng: random.Random) -> Visit:
    phases, most_da, capacity_wh = rng.choice(_VEHICLES)
    current_da = min(most_da, maximum_da)
    vehicle = Vehicle(capacity_wh, phases * current_da * VOLTAGE_V // 10, phases)
    return Visit(
        vehicle=vehicle,
        current_da=current_da,
        soc=rng.uniform(*SOC),
        arrives_s=max(0, round(arrives * HOUR_S)),
        leaves_s=min(DAY_S, round(leaves * HOUR_S)),
    )
