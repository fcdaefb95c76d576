from hypothesis import given
from hypothesis import strategies as st

from local.fleet.day import LAST_VISIT_ENDS_S, MODELS, plan_day
from local.fleet.plan import FleetPlan


@given(st.integers(), st.integers(0, 1000), st.integers(1, 48))
def test_cars_on_one_connector_come_one_after_the_other(seed: int, index: int, visits: int) -> None:
    day = plan_day(FleetPlan(seed=seed, visits=visits), index)
    for connector_id in range(1, day.model.connectors + 1):
        free_at_s = day.boots_s
        for visit in day.visits:
            if visit.connector_id == connector_id:
                assert free_at_s < visit.arrives_s < visit.leaves_s <= LAST_VISIT_ENDS_S
                free_at_s = visit.leaves_s


def test_same_seed_same_day_and_another_seed_another_day() -> None:
    assert plan_day(FleetPlan(seed=1), 3) == plan_day(FleetPlan(seed=1), 3)
    assert plan_day(FleetPlan(seed=1), 3) != plan_day(FleetPlan(seed=2), 3)


def test_a_fleet_of_some_size_has_every_kind_of_station_and_outages() -> None:
    days = [plan_day(FleetPlan(), index) for index in range(100)]
    assert {day.model for day in days} == set(MODELS)
    assert any(day.outage for day in days)
    assert not all(day.outage for day in days)
