"""Charging plans as answers show them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import Field

from csms.api.amperes import phases_to_amperes, to_amperes
from csms.api.charging_plan_models import WHEN
from csms.api.clock_times import write_clock
from csms.api.models import Moment, View
from csms.ocpp.primitives import format_timestamp
from csms.smart_charging.limits import Recurrency
from csms.smart_charging.situation import Policy
from csms.store.charging_plans import Budget, ChargingPlan, PlanKind, PlanMoment, PlanPeriod, PlanState, Release
from csms.store.planned_profiles import PlannedProfile, ProfileRole, SendOutcome


class PeriodView(View):
    """A limit from `start` to `end`."""

    start: str = Field(description=WHEN)
    end: str
    limit_a: tuple[float, float, float] | None
    limit_w: int | None


class PlanView(View):
    """A charging plan."""

    id: str
    site_id: str
    name: str
    policy: Policy
    kind: PlanKind
    recurrency: Recurrency | None
    time_zone: str
    rebalance_s: int
    turn_s: int
    state: PlanState
    release: Release | None = Field(description="What a stop leaves at the stations.")
    created_at: Moment
    created_by: str
    activated_at: Moment | None = Field(description="When it was first started.")
    ended_at: Moment | None
    step: int = Field(description="Counts how often the plan has looked at the site; not every number is used.")
    step_at: Moment | None
    look_again_at: Moment | None = Field(description="When it looks again even if nothing changes at the site.")


class BudgetView(View):
    """What the last step reckoned with, on L1, L2 and L3."""

    step: int
    limit_a: tuple[float, float, float] = Field(
        description="What charging may use: the limit less the margin and the base load."
    )
    worst_case_a: tuple[float, float, float] = Field(
        description="What is drawn at most, whatever the stations do that have not acknowledged their limits, and with"
        " what is kept for newcomers."
    )
    limit_w: int | None
    worst_case_w: int | None
    is_within_limit: bool


class PlannedProfileView(View):
    """What the plan wants at a connector, and what became of it."""

    charge_point_id: str
    connector_id: int = Field(description="0: the charge point as a whole.")
    role: ProfileRole
    transaction_id: int | None
    limit_a: float | None = Field(description="What is wanted now, on each phase.")
    next_limit_a: float | None = Field(description="What is wanted from `nextLimitAt` on.")
    next_limit_at: Moment | None
    worst_case_a: float | None = Field(description="What the plan reckons with on each phase.")
    outcome: SendOutcome
    reason: str | None = Field(description="What the charge point, or the command, says about the outcome.")
    note: str | None = Field(description="Why it gets that much.")
    as_of: Moment
    step: int = Field(description="The step that wanted it.")
    command_id: str | None
    served_since: Moment | None = Field(description="Since when the vehicle has its place, where some have to wait.")
    waiting_since: Moment | None


class PlanDetailView(PlanView):
    """A charging plan, its limits, and what it has come to."""

    periods: list[PeriodView]
    budget: BudgetView | None
    profiles: list[PlannedProfileView] = Field(description="What it wants, and what became of that.")
    cursor: str | None = Field(description="Where the next page of `profiles` begins; null on the last one.")


def fields_of(plan: ChargingPlan) -> dict[str, Any]:
    """The fields of a `PlanView`."""
    return {name: getattr(plan, name) for name in PlanView.model_fields}


def detail_of(
    plan: ChargingPlan, profiles: Iterable[PlannedProfile], cursor: str | None, now: datetime
) -> PlanDetailView:
    """The plan as its own answer shows it."""
    return PlanDetailView(
        **fields_of(plan),
        periods=[_period_view(period, plan.recurrency) for period in plan.periods],
        budget=budget_view_of(plan.budget) if plan.budget else None,
        profiles=[_profile_view(profile, now) for profile in profiles],
        cursor=cursor,
    )


def budget_view_of(budget: Budget) -> BudgetView:
    """The budget as answers show it."""
    has_current = all(worst <= most for worst, most in zip(budget.worst_case_da, budget.limit_da, strict=True))
    has_power = budget.limit_w is None or budget.worst_case_w is None or budget.worst_case_w <= budget.limit_w
    return BudgetView(
        step=budget.step,
        limit_a=phases_to_amperes(budget.limit_da),
        worst_case_a=phases_to_amperes(budget.worst_case_da),
        limit_w=budget.limit_w,
        worst_case_w=budget.worst_case_w,
        is_within_limit=has_current and has_power,
    )


def _period_view(period: PlanPeriod, recurrency: Recurrency | None) -> PeriodView:
    return PeriodView(
        start=_moment_text(period.start, recurrency),
        end=_moment_text(period.end, recurrency),
        limit_a=phases_to_amperes(period.limit_da) if period.limit_da else None,
        limit_w=period.limit_w,
    )


def _moment_text(moment: PlanMoment, recurrency: Recurrency | None) -> str:
    if isinstance(moment, datetime):
        return format_timestamp(moment)
    return write_clock(moment, recurrency or Recurrency.DAILY)


def _profile_view(profile: PlannedProfile, now: datetime) -> PlannedProfileView:
    limit_da = profile.limit_at(now)
    following = next((found for found in profile.limits if found.start > now), None)
    return PlannedProfileView(
        charge_point_id=profile.charge_point_id,
        connector_id=profile.connector_id,
        role=profile.role,
        transaction_id=profile.transaction_id,
        limit_a=None if limit_da is None else to_amperes(limit_da),
        next_limit_a=to_amperes(following.limit_da) if following else None,
        next_limit_at=following.start if following else None,
        worst_case_a=None if profile.worst_case_da is None else to_amperes(profile.worst_case_da),
        outcome=profile.outcome,
        reason=profile.reason,
        note=profile.note,
        as_of=profile.as_of,
        step=profile.step,
        command_id=profile.call_id,
        served_since=profile.served_since,
        waiting_since=profile.waiting_since,
    )
