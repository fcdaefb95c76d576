"""The day as a chart: the limit, what was drawn on each phase, and what would have been drawn without control. SVG."""

from datetime import datetime
from typing import Final

from csms.api.charts import step_chart
from local.demo_site.scenario import DAY, DAY_S, Scenario, quarter
from local.demo_site.simulation import TICK_S, Day
from local.demo_site.station import moment
from local.demo_site.uncontrolled import STEP_S, uncontrolled_da

_EVERY_S: Final = 60


def day_chart(scenario: Scenario, day: Day, title: str) -> str:
    """One picture of the day."""
    free = [(moment(n * STEP_S), max(sums) / 10) for n, sums in enumerate(uncontrolled_da(scenario))]
    limit = [(quarter(n), limit_da / 10) for n, limit_da in enumerate(scenario.limits_da)]
    series = [("limit", limit), *((f"L{phase + 1}", _drawn(day, phase)) for phase in range(3)), ("uncontrolled", free)]
    return step_chart(title, "A", DAY, moment(DAY_S), series)


def _drawn(day: Day, phase: int) -> list[tuple[datetime, float]]:
    """What was drawn on a phase, minute by minute."""
    ticks = range(0, len(day.drawn_da), _EVERY_S // TICK_S)
    return [(moment(n * TICK_S), day.drawn_da[n][phase] / 10) for n in ticks]
