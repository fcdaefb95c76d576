"""What a charging plan would do now, as answers show it."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from pydantic import Field

from csms.api.amperes import phases_to_amperes, to_amperes
from csms.api.charging_plan_views import BudgetView, budget_view_of
from csms.api.models import Moment, View
from csms.site_survey import Survey
from csms.smart_charging.situation import Capacity, Decision, Interval, ManagedConnector
from csms.wanted_profiles import Wanted

_MOST_CONNECTORS: Final = 2000
"""With a limit for each interval, in what a function may answer."""


class PreviewIntervalView(View):
    """A stretch of time with one limit."""

    start: Moment
    end: Moment
    limit_a: tuple[float, float, float] = Field(description="What charging may use on L1, L2 and L3.")
    limit_w: int | None
    excess_a: float = Field(
        description="How far the worst case would be above that on the worst phase once all stations that can be"
        " reached have acknowledged their limits; 0 where the limit is kept."
    )


class LimitView(View):
    """A limit on each phase, from a moment on."""

    start: Moment
    limit_a: float


class PreviewConnectorView(View):
    """What a connector would get."""

    charge_point_id: str
    connector_id: int
    transaction_id: int | None
    note: str = Field(description="Why it would get that much.")
    worst_case_a: float = Field(description="What the plan would reckon with on each phase before anything is sent.")
    limits: list[LimitView] = Field(description="Empty where nothing charges, or that cannot be told.")


class PreviewView(View):
    """What a plan would do at a site as it is now, as far as profiles made now would reach."""

    site_id: str
    at: Moment
    until: Moment
    budget: BudgetView
    intervals: list[PreviewIntervalView]
    connectors: list[PreviewConnectorView] = Field(description="Where vehicles charge first.")
    left_out: int = Field(description="How many more connectors there are, where the answer would be too long.")


def preview_of(found: Survey, decision: Decision) -> PreviewView:
    """The preview of a decision."""
    spans = found.situation.intervals
    connectors = sorted(found.situation.connectors, key=lambda connector: (connector.session is None, connector.key))
    return PreviewView(
        site_id=found.site.id,
        at=found.now,
        until=found.until,
        budget=budget_view_of(Wanted(found, decision, wave=1).budget()),
        intervals=_interval_views(spans, decision.unavoidable_da),
        connectors=[_connector_view(connector, spans, found, decision) for connector in connectors[:_MOST_CONNECTORS]],
        left_out=max(0, len(connectors) - _MOST_CONNECTORS),
    )


def _interval_views(spans: Sequence[Interval], excess_da: Sequence[int]) -> list[PreviewIntervalView]:
    """Alike neighbours are one."""
    runs = groupby(zip(spans, excess_da, strict=True), key=lambda each: (each[0].capacity, each[1]))
    return [_interval_view(capacity, excess, [span for span, _ in run]) for (capacity, excess), run in runs]


def _interval_view(capacity: Capacity, excess_da: int, spans: Sequence[Interval]) -> PreviewIntervalView:
    return PreviewIntervalView(
        start=spans[0].start,
        end=spans[-1].end,
        limit_a=phases_to_amperes(capacity.current_da),
        limit_w=capacity.power_w,
        excess_a=to_amperes(excess_da),
    )


def _connector_view(
    connector: ManagedConnector, spans: Sequence[Interval], found: Survey, decision: Decision
) -> PreviewConnectorView:
    key, session, note = connector.key, connector.session, decision.notes[connector.key]
    return PreviewConnectorView(
        charge_point_id=key.charge_point_id,
        connector_id=key.connector_id,
        transaction_id=session.transaction_id if session else None,
        note=found.faults.get(key) or note.reason.value,
        worst_case_a=to_amperes(note.current_da),
        limits=_limits([span.start for span in spans], decision.wanted.get(key, ())),
    )


def _limits(starts: Sequence[datetime], limits_da: Sequence[int]) -> list[LimitView]:
    """One for each change."""
    runs = groupby(zip(starts, limits_da, strict=False), key=lambda each: each[1])
    return [LimitView(start=next(run)[0], limit_a=to_amperes(limit_da)) for limit_da, run in runs]
