"""The cost of a charging plan: steps a day x what each uses x prices."""

import pytest

from benchmarks.cost import Invocation
from benchmarks.site_cost import bill, steps_a_day
from benchmarks.steps import ARRIVAL, DEPARTURE, LOOK, StepCost

WRITE = Invocation(write_units=1, read_units=0, cpu_ms=0, aws_calls=0, memory_mb=512)


def _costs(transitions: int, *, sends: int = 0) -> dict[str, StepCost]:
    return {
        event: StepCost(event, 10, increases=sends, transitions=transitions, invocations={"plan_charging": [WRITE]})
        for event in (ARRIVAL, DEPARTURE, LOOK)
    }


def test_an_empty_site_is_looked_at_every_five_minutes() -> None:
    assert steps_a_day(0) == {ARRIVAL: 0, DEPARTURE: 0, LOOK: 288}


def test_every_session_begins_and_ends_and_is_looked_at_between() -> None:
    assert steps_a_day(10) == {ARRIVAL: 20, DEPARTURE: 20, LOOK: 288 + 100}


def test_every_step_is_paid_with_its_transitions_units_and_messages() -> None:
    day = bill(10, _costs(transitions=4, sends=3))
    assert (day.steps, day.transitions) == (428, 428 * 4)
    assert day.workflow_usd == pytest.approx(428 * 4 * 0.000025)
    assert day.writes_usd == pytest.approx(428 * 0.625e-6)
    assert day.requests_usd == pytest.approx(428 * 0.2e-6)
    assert day.messages_usd == pytest.approx(428 * 3 * 2 * 1e-6)
    assert day.reads_usd == day.duration_usd == 0
    assert day.total_usd == pytest.approx(day.workflow_usd + day.writes_usd + day.requests_usd + day.messages_usd)
