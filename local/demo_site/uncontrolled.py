"""The same day if nobody limited anything: what the connection would have to carry."""

from local.demo_site.scenario import DAY_S, VOLTAGE_V, Scenario
from local.fleet.charging_curve import Battery

STEP_S = 60


def uncontrolled_da(scenario: Scenario) -> list[tuple[int, int, int]]:
    """The current on each phase, minute by minute."""
    cars = [(connector, visit, Battery(visit.vehicle, visit.soc)) for connector, visit in scenario.visits]
    drawn = []
    for at_s in range(0, DAY_S, STEP_S):
        sums = [0, 0, 0]
        for connector, visit, battery in cars:
            if visit.arrives_s <= at_s < visit.leaves_s and not battery.full:
                energy_wh = battery.charge(STEP_S, visit.vehicle.max_power_w)
                current_da = energy_wh * 3600 / STEP_S / VOLTAGE_V / visit.vehicle.phases * 10
                for phase in connector.phases(visit.vehicle.phases):
                    sums[phase] += round(current_da)
        drawn.append((sums[0], sums[1], sums[2]))
    return drawn
