"""The most energy that any schedule could deliver: an exact linear program (HiGHS) over the whole day.

It knows in advance when every car comes and goes, what it needs and on which phases it draws; every station obeys it at
once, nothing is reserved for newcomers, and 6 A need not be kept. Each quarter of an hour has one current for each car,
on average; near the full battery it falls as the battery does. All of this can only make the result larger, so it is a
bound: nobody could deliver more.
"""

from collections import defaultdict
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from local.demo_site.scenario import DAY_S, QUARTER_S, VOLTAGE_V, Scenario, Visit
from local.fleet.charging_curve import KNEE, TRICKLE


class _Rows:
    """Inequalities `row . x <= bound`, sparse."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, int, float]] = []
        self.bounds: list[float] = []

    def add(self, terms: list[tuple[int, float]], bound: float) -> None:
        self.entries += [(len(self.bounds), column, factor) for column, factor in terms]
        self.bounds.append(bound)

    def matrix(self, columns: int) -> coo_array:
        rows, places, factors = zip(*self.entries, strict=True)
        return coo_array((factors, (rows, places)), shape=(len(self.bounds), columns))


def most_energy_wh(scenario: Scenario) -> float:
    """The bound for the day."""
    rows = _Rows()
    upper: list[float] = []
    worth: list[float] = []
    on_phase: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
    on_station: dict[tuple[str, int, int], list[tuple[int, float]]] = defaultdict(list)
    for connector, visit in scenario.visits:
        earlier: list[tuple[int, float]] = []
        wh_a_da = VOLTAGE_V * visit.vehicle.phases / 10 * QUARTER_S / 3600
        for number in range(visit.arrives_s // QUARTER_S, -(-visit.leaves_s // QUARTER_S)):
            column = len(upper)
            share = _share_of_quarter(visit, number)
            upper.append(visit.current_da * share)
            worth.append(wh_a_da)
            rows.add(*_falling_power(visit, column, earlier, wh_a_da, share))
            earlier.append((column, wh_a_da))
            for phase in connector.phases(visit.vehicle.phases):
                on_phase[number, phase].append((column, 1.0))
                on_station[connector.key.charge_point_id, number, phase].append((column, 1.0))
        rows.add(earlier, (1 - visit.soc) * visit.vehicle.capacity_wh)
    for (number, _), terms in on_phase.items():
        rows.add(terms, scenario.limits_da[number])
    maximum: dict[str, int] = {station.id: station.maximum_da for station in scenario.stations}
    for (identity, _, _), terms in on_station.items():
        if len(terms) > 1:
            rows.add(terms, maximum[identity])
    return _largest(worth, rows, upper)


def _largest(worth: list[float], rows: _Rows, upper: list[float]) -> float:
    """The most that the columns can be worth."""
    sparse: Any = rows.matrix(len(upper)).tocsr()  # which linprog takes, and its stubs do not know
    solution = linprog(
        -np.array(worth),
        A_ub=sparse,
        b_ub=np.array(rows.bounds),
        bounds=[(0.0, most) for most in upper],
        method="highs",
    )
    if not solution.success:
        raise RuntimeError(solution.message)
    return -float(solution.fun or 0.0)


def alone_wh(visit: Visit) -> float:
    """What a car would take, at most, if it were alone."""
    missing_wh = (1 - visit.soc) * visit.vehicle.capacity_wh
    return min(missing_wh, visit.vehicle.max_power_w * (visit.leaves_s - visit.arrives_s) / 3600)


def _share_of_quarter(visit: Visit, number: int) -> float:
    begins, ends = max(visit.arrives_s, number * QUARTER_S), min(visit.leaves_s, (number + 1) * QUARTER_S, DAY_S)
    return (ends - begins) / QUARTER_S


def _falling_power(
    visit: Visit, column: int, earlier: list[tuple[int, float]], wh_a_da: float, share: float
) -> tuple[list[tuple[int, float]], float]:
    """Above the knee the current falls in a straight line to the trickle. Half of what is charged in a quarter counts:
    as the current only falls, the battery is on average at least that full.
    """
    most_da = visit.current_da * share
    slope_a_wh = most_da * (1 - TRICKLE) / (1 - KNEE) / visit.vehicle.capacity_wh
    terms = [(column, 1 + slope_a_wh * wh_a_da / 2), *((place, slope_a_wh * energy_wh) for place, energy_wh in earlier)]
    return terms, most_da * (TRICKLE + (1 - TRICKLE) * (1 - visit.soc) / (1 - KNEE))
