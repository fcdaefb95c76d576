"""The limits of a site as sums, and what is taken of them: pure.

The numbered limits are the three phases of the site, its power as the sum of all phase currents, and the phases
of each charge point whose connectors together could exceed it. All in tenths of an ampere.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest
from operator import sub
from typing import Final

from csms.ids import ChargePointId
from csms.smart_charging.allocation import Draws
from csms.smart_charging.situation import Capacity, ManagedConnector, Situation

PHASES: Final = 3
POWER: Final = 3
SITE_LIMITS: Final = 4
_BOUNDLESS: Final = 1 << 62


class Ledger:
    """Who draws on which limit."""

    def __init__(self, situation: Situation) -> None:
        self._intervals = len(situation.intervals)
        self._voltage_v = situation.voltage_v
        self._has_power = situation.intervals[0].capacity.power_w is not None
        self._maximum = {station.charge_point_id: station.maximum_da for station in situation.stations}
        shared = _shared(situation.connectors, self._maximum)
        own = [self._maximum[users[0].key.charge_point_id] for users in shared]
        self.limits = [
            [*_site_limits(interval.capacity, situation.voltage_v), *own] for interval in situation.intervals
        ]
        """By interval: what each sum may reach."""
        of_station = defaultdict(list)
        for number, users in enumerate(shared, SITE_LIMITS):
            for connector in users:
                of_station[connector.key].append((number, 1))
        has_power = any(interval.capacity.power_w is not None for interval in situation.intervals)
        alike: dict[Draws, Draws] = {}
        found = (
            (one.key, (*_phases(one), *(_power(one) if has_power else ()), *of_station[one.key]))
            for one in situation.connectors
        )
        self._draws = {key: alike.setdefault(draws, draws) for key, draws in found}

    def draws(self, connector: ManagedConnector) -> Draws:
        """What its current counts under."""
        return self._draws[connector.key]

    def most_da(self, connector: ManagedConnector) -> int:
        """What it can be given however free the site is."""
        return min(connector.maximum_da, self._maximum.get(connector.key.charge_point_id, connector.maximum_da))

    def sums(self, drawn: Iterable[tuple[ManagedConnector, Sequence[int]]]) -> list[list[int]]:
        """By interval: the sum under each limit of currents that are given by interval."""
        alike = defaultdict(list)
        for connector, by_interval in drawn:
            alike[self._draws[connector.key]].append(by_interval)
        sums = self._nothing()
        for draws, rows in alike.items():
            for total, together in zip(sums, map(sum, zip(*rows, strict=True)), strict=True):
                for number, weight in draws:
                    total[number] += weight * together
        return sums

    def reserve(self, idle: Iterable[ManagedConnector], newcomers: int | None) -> list[list[int]]:
        """By interval: the most that so many transactions could draw under each limit before anything is decided."""
        if newcomers is None:
            return self.sums((connector, connector.held_da) for connector in idle)
        drawn = defaultdict(list)
        for connector in idle:
            for number, weight in self._draws[connector.key]:
                drawn[number].append([weight * held_da for held_da in connector.held_da])
        reserve = self._nothing()
        for number, rows in drawn.items():
            for total, column in zip(reserve, zip(*rows, strict=True), strict=True):
                total[number] = sum(nlargest(newcomers, column))
        return reserve

    def used(self, room: Sequence[int]) -> Capacity:
        """What is taken of the site in the first interval where so much of each limit is left."""
        first, second, third, power_da = map(sub, self.limits[0][:SITE_LIMITS], room[:SITE_LIMITS])
        return Capacity((first, second, third), power_da * self._voltage_v // 10 if self._has_power else None)

    def _nothing(self) -> list[list[int]]:
        return [[0] * len(self.limits[0]) for _ in range(self._intervals)]


def less(limits: Sequence[Sequence[int]], *taken: Sequence[Sequence[int]]) -> list[list[int]]:
    """By interval: what remains of each limit."""
    remaining = [list(row) for row in limits]
    for sums in taken:
        remaining = [list(map(sub, left, row)) for left, row in zip(remaining, sums, strict=True)]
    return remaining


def excess_da(free: Sequence[int]) -> int:
    """How far the site's own limits are exceeded on the worst phase; too much power counts as three phases of it."""
    return max(0, *(-left for left in free[:PHASES]), -(free[POWER] // PHASES))


def _site_limits(capacity: Capacity, voltage_v: int) -> tuple[int, ...]:
    return (*capacity.current_da, _BOUNDLESS if capacity.power_w is None else capacity.power_w * 10 // voltage_v)


def _phases(connector: ManagedConnector) -> Draws:
    return tuple((phase, 1) for phase in connector.phases)


def _power(connector: ManagedConnector) -> Draws:
    return ((POWER, len(connector.phases) if connector.phase_count is None else connector.phase_count),)


def _shared(
    connectors: Iterable[ManagedConnector], maximum: Mapping[ChargePointId, int]
) -> list[list[ManagedConnector]]:
    """The connectors on each phase of a charge point where they could together exceed it, once for all phases that are
    alike. One alone is limited by its own maximum.
    """
    on_phase = defaultdict(list)
    for connector in connectors:
        if connector.key.charge_point_id in maximum:
            for phase in connector.phases:
                on_phase[connector.key.charge_point_id, phase].append(connector)
    shared = {}
    for (charge_point_id, _), users in on_phase.items():
        most = sum(max(one.maximum_da, *one.held_da) for one in users)
        if len(users) > 1 and most > maximum[charge_point_id]:
            shared[tuple(one.key for one in users)] = users
    return list(shared.values())
