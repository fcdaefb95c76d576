"""Charging plans as requests and answers have them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from csms.api.amperes import PhaseAmperes, Watts, phases_to_amperes, phases_to_tenths, to_amperes
from csms.api.clock_times import read_clock, write_clock
from csms.api.models import Moment, RequestModel, ShortText, View
from csms.api.problems import Finding, InvalidRequest
from csms.ids import PlanId, SiteId
from csms.ocpp.primitives import GivenTimestamp, Integer, format_timestamp
from csms.smart_charging.limits import Complaint, Recurrency, check_periods
from csms.smart_charging.situation import Policy
from csms.store.charging_plans import Budget, ChargingPlan, PlanKind, PlanMoment, PlanPeriod, PlanState, Release
from csms.store.planned_profiles import PlannedProfile, ProfileRole, SendOutcome

MOST_PERIODS: Final = 1000
_TIMESTAMP: Final = TypeAdapter[datetime](GivenTimestamp)
_WHEN: Final = (
    "A date and time with its zone; in a recurring plan the time on the clock, `22:00` or `Mon 22:00`, where a period"
    " over midnight ends after the 24th hour: 22:00 to 30:00."
)

MomentText = Annotated[str, Field(max_length=40, description=_WHEN)]


class NewPeriod(RequestModel):
    """A limit from `start` to `end` (exclusive): on each phase, in all, or both."""

    start: MomentText
    end: MomentText
    limit_a: PhaseAmperes | None = Field(
        default=None, description="On each phase, in A; one number or three, for L1, L2, L3."
    )
    limit_w: Watts | None = Field(default=None, description="In all, in W.")


class PlanDraft(RequestModel):
    """What a site may draw over time, and who gets how much of it."""

    site_id: ShortText
    name: ShortText = "draft"
    policy: Policy = Policy.EQUAL_SHARE
    kind: PlanKind = PlanKind.ABSOLUTE
    recurrency: Recurrency | None = Field(default=None, description="How often the periods of a recurring plan come.")
    time_zone: ShortText = Field(default="UTC", description="Of a recurring plan, in IANA's words: Europe/Berlin.")
    periods: Annotated[list[NewPeriod], Field(min_length=1, max_length=MOST_PERIODS)] = Field(
        description="They do not overlap. Between them the maximum of the site is the limit, within one the lower:"
        " a limit above the maximum does no harm."
    )
    rebalance_s: Annotated[Integer, Field(ge=60, le=3600)] = Field(
        default=300, description="After so long the shares are looked at again even if nothing has changed."
    )
    turn_s: Annotated[Integer, Field(ge=300, le=86_400)] = Field(
        default=900,
        description="How long a vehicle keeps its place while others wait, where not all of them can charge at once.",
    )

    def to_plan(self, plan_id: PlanId, caller: str, now: datetime) -> ChargingPlan:
        """The plan as the store keeps it, not started.

        Raises:
            InvalidRequest: naming the fields that make no sense.
        """
        findings = list(self._findings_in_kind())
        if findings:
            raise InvalidRequest(*findings)
        plan = ChargingPlan(
            id=plan_id,
            site_id=SiteId(self.site_id),
            name=self.name,
            policy=self.policy,
            kind=self.kind,
            periods=self._read_periods(),
            created_at=now,
            created_by=caller,
            recurrency=self.recurrency,
            time_zone=self.time_zone,
            rebalance_s=self.rebalance_s,
            turn_s=self.turn_s,
        )
        complaints = check_periods(plan.limits, now)
        if complaints:
            raise InvalidRequest(*map(_finding_of, complaints))
        return plan

    def _findings_in_kind(self) -> Iterator[Finding]:
        is_recurring = self.kind is PlanKind.RECURRING
        if is_recurring and self.recurrency is None:
            yield Finding("recurrency", "a recurring plan is Daily or Weekly")
        if not is_recurring and self.recurrency is not None:
            yield Finding("recurrency", "only a recurring plan has one")
        if not is_recurring and self.time_zone != "UTC":
            yield Finding("timeZone", "the periods of an absolute plan name their zones themselves")
        if not _is_time_zone(self.time_zone):
            yield Finding("timeZone", "no time zone of the IANA database")

    def _read_periods(self) -> tuple[PlanPeriod, ...]:
        periods, findings = [], []
        for number, given in enumerate(self.periods):
            moments: list[PlanMoment] = []
            for name, text in (("start", given.start), ("end", given.end)):
                try:
                    moments.append(_read_moment(text, self.recurrency))
                except ValueError as error:
                    findings.append(Finding(f"periods.{number}.{name}", _reason(error)))
            if len(moments) == 2:
                start, end = moments
                limit_da = phases_to_tenths(given.limit_a) if given.limit_a else None
                periods.append(PlanPeriod(start, end, limit_da, given.limit_w))
        if findings:
            raise InvalidRequest(*findings)
        return tuple(periods)


class NewPlan(PlanDraft):
    """A plan to add."""

    name: ShortText
    state: Literal["active", "paused"] = Field(default="active", description="active: it starts at once.")


class StopRequest(RequestModel):
    """How a plan is to end."""

    release: Release = Field(
        description="failsafe: the stations keep the safe limit; clear: they keep nothing that the plan has installed."
    )


class PeriodView(View):
    """A limit from `start` to `end`."""

    start: str = Field(description=_WHEN)
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


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # OSError: a directory of the database
        return False
    return True


def _read_moment(text: str, recurrency: Recurrency | None) -> PlanMoment:
    return read_clock(text, recurrency) if recurrency else _TIMESTAMP.validate_python(text)


def _reason(error: ValueError) -> str:
    text = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
    return text.removeprefix("Value error, ")


def _finding_of(complaint: Complaint) -> Finding:
    if complaint.index is None:
        return Finding(complaint.field, complaint.reason)
    path = f"periods.{complaint.index}"
    return Finding(f"{path}.{to_camel(complaint.field)}" if complaint.field != "limit" else path, complaint.reason)


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
