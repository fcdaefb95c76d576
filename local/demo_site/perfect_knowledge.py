"""Equal shares by one who knows at every moment what each car can take: what the policy itself allows to deliver.

No faults, no delays, no reserve, nobody unreachable; minute by minute, with the 6 A minimum. What a plan delivers less
is the price of not knowing and of safety; what the optimum delivers more is that it knows who leaves when.
"""

from collections.abc import Callable, Sequence
from typing import Final

from csms.smart_charging.allocation import Claim, Pool
from local.demo_site.scenario import DAY_S, QUARTER_S, VOLTAGE_V, ConnectorSpec, Scenario, Visit
from local.demo_site.station import MINIMUM_DA
from local.fleet.charging_curve import Battery

_STEP_S: Final = 60
_SITE_LIMITS: Final = 3
_ANYTHING_W: Final = 1e9

Car = tuple[ConnectorSpec, Visit, Battery]


def equal_shares_wh(scenario: Scenario) -> float:
    """The energy of the day."""
    cars = [(connector, visit, Battery(visit.vehicle, visit.soc)) for connector, visit in scenario.visits]
    first_limit = {station.id: _SITE_LIMITS * (n + 1) for n, station in enumerate(scenario.stations)}
    own = [station.maximum_da for station in scenario.stations for _ in range(3)]
    energy_wh = 0.0
    for at_s in range(0, DAY_S, _STEP_S):
        here = [car for car in cars if car[1].arrives_s <= at_s < car[1].leaves_s and not car[2].full]
        claims = [_claim(car, first_limit[car[0].key.charge_point_id]) for car in here]
        free = [*[scenario.limits_da[at_s // QUARTER_S]] * _SITE_LIMITS, *own]
        currents = Pool(claims, minimum_da=MINIMUM_DA).allocate(free, _in_turn(len(here), at_s))
        for (_, visit, battery), current_da in zip(here, currents, strict=True):
            energy_wh += battery.charge(_STEP_S, current_da * VOLTAGE_V * visit.vehicle.phases / 10)
    return energy_wh


def _claim(car: Car, first_limit: int) -> Claim:
    connector, visit, battery = car
    phases = connector.phases(visit.vehicle.phases)
    takes_da = int(battery.power_w(_ANYTHING_W) / VOLTAGE_V / visit.vehicle.phases * 10) + 1
    draws = (*((phase, 1) for phase in phases), *((first_limit + phase, 1) for phase in phases))
    return Claim(draws, max(MINIMUM_DA, min(takes_da, visit.current_da)))


def _in_turn(count: int, at_s: int) -> Callable[[], Sequence[int]]:
    """Another one comes first every quarter of an hour."""
    return lambda: [(n + at_s // QUARTER_S) % count for n in range(count)]
