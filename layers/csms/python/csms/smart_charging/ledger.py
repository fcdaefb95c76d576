"""The limits of a site as sums, and what is taken of them: pure.

The numbered limits are the three phases of the site, its power as the sum of all phase currents, and the three phases
of each charge point whose connectors together could exceed it. All in tenths of an ampere.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import nlargest
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
        self._voltage_v = situation.voltage_v
        self._intervals = len(situation.intervals)
        self._capacities = [self._site_limits(interval.capacity) for interval in situation.intervals]
        self._maximum = _station_maxima(situation)
        self._first = {
            charge_point_id: SITE_LIMITS + PHASES * place
            for place, charge_point_id in enumerate(_that_can_bind(situation.connectors, self._maximum))
        }
        self._station_limits = [
            self._maximum[charge_point_id] for charge_point_id in self._first for _ in range(PHASES)
        ]

    def limits(self) -> list[list[int]]:
        """By interval: what each sum may reach."""
        return [[*capacity, *self._station_limits] for capacity in self._capacities]

    def draws(self, connector: ManagedConnector) -> Draws:
        """What its current counts under."""
        power = (POWER, len(connector.phases) if connector.phase_count is None else connector.phase_count)
        first = self._first.get(connector.key.charge_point_id)
        station = () if first is None else tuple((first + phase, 1) for phase in connector.phases)
        return (*((phase, 1) for phase in connector.phases), power, *station)

    def most_da(self, connector: ManagedConnector) -> int:
        """What it can be given however free the site is."""
        return min(connector.maximum_da, self._maximum.get(connector.key.charge_point_id, connector.maximum_da))

    def sums(self, drawn: Iterable[tuple[ManagedConnector, Sequence[int]]]) -> list[list[int]]:
        """By interval: the sum under each limit of currents that are given by interval."""
        alike = defaultdict(list)
        for connector, by_interval in drawn:
            alike[self.draws(connector)].append(by_interval)
        sums = self._nothing()
        for draws, rows in alike.items():
            for total, column in zip(sums, zip(*rows, strict=True), strict=True):
                together = sum(column)
                for number, weight in draws:
                    total[number] += weight * together
        return sums

    def reserve(self, idle: Iterable[ManagedConnector], newcomers: int | None) -> list[list[int]]:
        """By interval: the most that so many transactions could draw under each limit before anything is decided."""
        if newcomers is None:
            return self.sums((connector, connector.held_da) for connector in idle)
        drawn = defaultdict(list)
        for connector in idle:
            for number, weight in self.draws(connector):
                drawn[number].append([weight * held_da for held_da in connector.held_da])
        reserve = self._nothing()
        for number, rows in drawn.items():
            for total, column in zip(reserve, zip(*rows, strict=True), strict=True):
                total[number] = sum(nlargest(newcomers, column))
        return reserve

    def _nothing(self) -> list[list[int]]:
        return [[0] * (SITE_LIMITS + len(self._station_limits)) for _ in range(self._intervals)]

    def _site_limits(self, capacity: Capacity) -> tuple[int, ...]:
        power = _BOUNDLESS if capacity.power_w is None else capacity.power_w * 10 // self._voltage_v
        return (*capacity.current_da, power)


def less(limits: Sequence[Sequence[int]], *taken: Sequence[Sequence[int]]) -> list[list[int]]:
    """By interval: what remains of each limit."""
    return [
        [first - sum(rest) for first, *rest in zip(*rows, strict=True)] for rows in zip(limits, *taken, strict=True)
    ]


def excess_da(free: Sequence[int]) -> int:
    """How far the site's own limits are exceeded on the worst phase; too much power counts as three phases of it."""
    return max(0, *(-left for left in free[:PHASES]), -(free[POWER] // PHASES))


def _station_maxima(situation: Situation) -> dict[ChargePointId, int]:
    return {station.charge_point_id: station.maximum_da for station in situation.stations}


def _that_can_bind(connectors: Iterable[ManagedConnector], maximum: dict[ChargePointId, int]) -> list[ChargePointId]:
    """Charge points whose connectors could together exceed them; one alone is limited by its own maximum."""
    of_station = defaultdict(list)
    for connector in connectors:
        of_station[connector.key.charge_point_id].append(connector)
    return [
        charge_point_id
        for charge_point_id, maximum_da in maximum.items()
        if len(of_station[charge_point_id]) > 1
        and sum(connector.maximum_da for connector in of_station[charge_point_id]) > maximum_da
    ]
