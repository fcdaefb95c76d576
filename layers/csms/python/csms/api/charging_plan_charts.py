"""A charging plan as a chart: what charging may use over time, and how much of it is planned and acknowledged."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from csms.api.charts import StepSeries, step_chart
from csms.site_survey import Survey
from csms.smart_charging.limits import SiteLimit, capacity, intervals
from csms.smart_charging.situation import Capacity, Decision, ManagedConnector
from csms.store.sites import PerPhase

_MOST_STEPS: Final = 3000
"""More than a plan can have in the two days that a chart shows at most."""

Steps = list[tuple[datetime, PerPhase | None]]


def plan_chart(found: Survey, decision: Decision, until: datetime) -> str:
    """The limit until then; what vehicles may draw, as far as it has been planned.

    Acknowledged: by what the stations are known to have. Planned: once they have acknowledged what the plan wants now.
    """
    starts = [span.start for span in found.situation.intervals]
    charging = [connector for connector in found.situation.connectors if connector.session]
    acknowledged = _sums(starts, ((connector, connector.held_da) for connector in charging))
    planned = _sums(
        starts, ((connector, decision.wanted.get(connector.key, connector.held_da)) for connector in charging)
    )
    series = (
        *_by_phase("limit", _limit(found, until)),
        *_by_phase("acknowledged", [*acknowledged, (found.until, None)]),
        *_by_phase("planned", [*planned, (found.until, None)]),
    )
    title = f"{found.site.name}: {found.plan.name} ({found.plan.state.value})"
    return step_chart(title, "A on each phase", found.now, until, series)


def _limit(found: Survey, until: datetime) -> Steps:
    site = found.site
    spans = intervals(found.plan.limits, SiteLimit(site.maximum_da, site.maximum_w), found.now, until, _MOST_STEPS)
    return [
        (
            span.start,
            _on_phases(capacity(span.limit, site.base_load_da, site.margin_percent, site.voltage_v), site.voltage_v),
        )
        for span in spans
    ]


def _on_phases(usable: Capacity, voltage_v: int) -> PerPhase:
    """The current; of a power, what it is on three phases where that is less."""
    if usable.power_w is None:
        return usable.current_da
    most = usable.power_w * 10 // (3 * voltage_v)
    first, second, third = (min(most, current_da) for current_da in usable.current_da)
    return first, second, third


def _sums(starts: Sequence[datetime], drawn: Iterable[tuple[ManagedConnector, Sequence[int]]]) -> Steps:
    totals = [[0, 0, 0] for _ in starts]
    for connector, by_interval in drawn:
        for total, current_da in zip(totals, by_interval, strict=True):
            for phase in connector.phases:
                total[phase] += current_da
    return [(start, (first, second, third)) for start, (first, second, third) in zip(starts, totals, strict=True)]


def _by_phase(name: str, steps: Steps) -> list[StepSeries]:
    """One line where all phases are alike, else one for each."""
    if all(currents is None or len(set(currents)) == 1 for _, currents in steps):
        return [(name, [(at, currents[0] / 10 if currents else None) for at, currents in steps])]
    return [
        (f"{name} L{phase + 1}", [(at, currents[phase] / 10 if currents else None) for at, currents in steps])
        for phase in range(3)
    ]
