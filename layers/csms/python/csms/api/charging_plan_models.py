"""Charging plans as requests have them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from csms.api.amperes import PhaseAmperes, Watts, phases_to_tenths
from csms.api.clock_times import read_clock
from csms.api.models import OF_OUR_TIMES, RequestModel, ShortText
from csms.api.problems import Finding, InvalidRequest
from csms.ids import PlanId, SiteId
from csms.ocpp.primitives import GivenTimestamp, Integer
from csms.smart_charging.limits import Complaint, Recurrency, check_periods
from csms.smart_charging.situation import Policy
from csms.store.charging_plans import ChargingPlan, PlanKind, PlanMoment, PlanPeriod, Release

MOST_PERIODS: Final = 1000
_TIMESTAMP: Final = TypeAdapter[datetime](Annotated[GivenTimestamp, OF_OUR_TIMES])
WHEN: Final = (
    "A date and time with its zone; in a recurring plan the time on the clock, `22:00` or `Mon 22:00`, where a period"
    " over midnight ends after the 24th hour: 22:00 to 30:00."
)

MomentText = Annotated[str, Field(max_length=40, description=WHEN)]


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
