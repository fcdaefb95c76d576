"""A site's limit over time: the periods of a charging plan as intervals, and what of a limit charging may use. Pure.

Outside all periods the site's own maximum holds; within one, the lower of the two. Periods are moments, or times on the
clock that come again every day or week in a time zone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from typing import Final

from csms.smart_charging.situation import Capacity

PerPhase = tuple[int, int, int]
"""Tenths of an ampere on L1, L2 and L3 of the site."""

_BOUNDLESS: Final = 1 << 40
_SECOND: Final = timedelta(seconds=1)
_NONE: Final = timedelta(0)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Recurrency(StrEnum):
    """How often periods come again."""

    DAILY = "Daily"
    WEEKLY = "Weekly"

    @property
    def length(self) -> timedelta:
        """On the clock, where a day on which it is changed still has 24 hours."""
        return timedelta(days=1) if self is Recurrency.DAILY else timedelta(weeks=1)


@dataclass(frozen=True)
class SiteLimit:
    """What the whole site may draw: on each phase, W in all, or both. None: no limit."""

    current_da: PerPhase | None = None
    power_w: int | None = None

    def lower(self, other: "SiteLimit") -> "SiteLimit":
        """Where both say something, the lower."""
        powers = [power_w for power_w in (self.power_w, other.power_w) if power_w is not None]
        currents = self.current_da or other.current_da
        if self.current_da and other.current_da:
            first, second, third = map(min, self.current_da, other.current_da)
            currents = (first, second, third)
        return SiteLimit(currents, min(powers, default=None))


Moment = datetime | timedelta
"""A moment; where periods come again, the time on the clock since midnight, or since midnight on Monday."""


@dataclass(frozen=True)
class LimitPeriod:
    """A limit from `start` to `end` (exclusive).

    One that comes again over midnight ends after the 24th hour: 22:00 to 30:00.
    """

    start: Moment
    end: Moment
    limit: SiteLimit


@dataclass(frozen=True)
class LimitInterval:
    """A stretch of time with one limit."""

    start: datetime
    end: datetime
    limit: SiteLimit


@dataclass(frozen=True)
class LimitPlan:
    """Limits over time."""

    periods: tuple[LimitPeriod, ...]
    recurrency: Recurrency | None = None
    """None: the periods are moments."""
    time_zone: tzinfo = UTC
    """Of the clock that recurring periods mean."""

    def between(self, start: datetime, end: datetime, lead: timedelta = _NONE) -> Iterator[LimitInterval]:
        """The periods that fall into a window, each beginning earlier by `lead`."""
        for midnight in self._rounds(start, end + lead):
            for period in self.periods:
                begin, until = (self._moment(midnight, time) for time in (period.start, period.end))
                if begin - lead < end and until > start:
                    yield LimitInterval(begin - lead, until, period.limit)

    def _rounds(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The midnights on the clock from which the periods count."""
        midnight = start.astimezone(self.time_zone).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
        if self.recurrency is None:
            yield midnight
            return
        if self.recurrency is Recurrency.WEEKLY:
            midnight -= timedelta(days=midnight.weekday())
        midnight -= self.recurrency.length  # what began in the last round may still be going on
        while moment_of(midnight, self.time_zone) < end:
            yield midnight
            midnight += self.recurrency.length

    def _moment(self, midnight: datetime, time: Moment) -> datetime:
        return time if isinstance(time, datetime) else moment_of(midnight + time, self.time_zone)


def intervals(
    plan: LimitPlan,
    maximum: SiteLimit,
    start: datetime,
    end: datetime,
    most: int,
    *,
    lead: timedelta = _NONE,
    cuts: Iterable[datetime] = (),
) -> tuple[LimitInterval, ...]:
    """The limit from `start` on without gaps. Where periods overlap the lowest holds.

    Args:
        plan: the limits.
        maximum: what holds outside of them, and is never exceeded within.
        start: when the first interval begins.
        end: when the last one ends, unless there are too many before.
        most: how many intervals there may be.
        lead: by so much earlier than its period begins a limit holds as far as it is the lower one: stations need a
            moment to follow.
        cuts: moments at which one ends though the limit stays the same, because something else changes there. Other
            neighbours with the same limit are merged.
    """
    within = list(plan.between(start, end, lead))
    kept = {cut for cut in cuts if start < cut < end}
    edges = {edge for one in within for edge in (max(start, one.start), min(end, one.end))}
    merged: list[LimitInterval] = []
    for begin, until in pairwise(sorted({start, end} | edges | kept)):
        limit = maximum
        for period in within:
            if period.start <= begin < period.end:
                limit = limit.lower(period.limit)
        goes_on = merged and merged[-1].limit == limit and begin not in kept
        since = merged.pop().start if goes_on else begin
        merged.append(LimitInterval(since, until, limit))
    return tuple(merged[:most])


def capacity(limit: SiteLimit, base_load_da: PerPhase, margin_percent: int, voltage_v: int) -> Capacity:
    """What charging may use: the limit without its margin, and without what else draws from the connection."""

    def usable(value: int) -> int:
        return value * (100 - margin_percent) // 100

    power_w = None
    if limit.power_w is not None:
        power_w = max(0, usable(limit.power_w) + sum(base_load_da) * voltage_v // -10)
    if limit.current_da is not None:
        first, second, third = (
            max(0, usable(of_phase) - base) for of_phase, base in zip(limit.current_da, base_load_da, strict=True)
        )
        return Capacity((first, second, third), power_w)
    on_one_phase = _BOUNDLESS if power_w is None else power_w * 10 // voltage_v
    return Capacity((on_one_phase,) * 3, power_w)


def moment_of(clock: datetime, time_zone: tzinfo) -> datetime:
    """When a clock first shows a (naive) time or a later one: a time that it shows twice is the first of the two, one
    that it leaves out is when it jumps.
    """
    moment = clock.replace(tzinfo=time_zone).astimezone(UTC)
    if moment.astimezone(time_zone).replace(tzinfo=None) == clock:
        return moment
    before = clock.replace(tzinfo=time_zone, fold=1).astimezone(UTC)
    while moment - before > _SECOND:
        middle = before + (moment - before) // 2
        if middle.astimezone(time_zone).replace(tzinfo=None) >= clock:
            moment = middle
        else:
            before = middle
    return moment.replace(microsecond=0)


@dataclass(frozen=True)
class Complaint:
    """What is wrong with the periods of a plan."""

    index: int | None
    """Of the period; None: with all of them."""
    field: str
    reason: str


def check_periods(plan: LimitPlan, now: datetime) -> list[Complaint]:
    """What makes no sense in a plan's periods."""
    complaints: list[Complaint] = []
    for index, period in enumerate(plan.periods):
        complaints += (Complaint(index, *found) for found in _faults(period, plan.recurrency))
    if complaints:
        return complaints
    complaints += _overlaps(plan)
    if plan.periods and all(isinstance(one.end, datetime) and one.end <= now for one in plan.periods):
        complaints.append(Complaint(None, "periods", "all of them are past"))
    return complaints


def _faults(period: LimitPeriod, recurrency: Recurrency | None) -> Iterator[tuple[str, str]]:
    """What is wrong with one period, by field."""
    limit = period.limit
    if limit.current_da is None and limit.power_w is None:
        yield "limit", "neither a current nor a power is limited"
    if limit.current_da is not None and min(limit.current_da) < 0:
        yield "limit_a", "is negative"
    if limit.power_w is not None and limit.power_w < 0:
        yield "limit_w", "is negative"
    if isinstance(period.start, datetime) and isinstance(period.end, datetime):
        if recurrency is not None:
            yield "start", "is a moment, but the periods come again"
        elif period.end <= period.start:
            yield "end", "is not after start"
    elif isinstance(period.start, timedelta) and isinstance(period.end, timedelta) and recurrency is not None:
        if not _NONE <= period.start < recurrency.length:
            yield "start", f"is not within {recurrency.length}"
        if not period.start < period.end <= period.start + recurrency.length:
            yield "end", f"is not after start, or by more than {recurrency.length}"
    else:
        yield "start", "is a time on the clock, but the periods do not come again"


def _overlaps(plan: LimitPlan) -> Iterator[Complaint]:
    """Periods that begin before an earlier one has ended; the later one in the list is to blame."""
    shifts = [_NONE] if plan.recurrency is None else [_NONE, plan.recurrency.length]
    spans = sorted(
        (_since_epoch(one.start) + shift, _since_epoch(one.end) + shift, index)
        for index, one in enumerate(plan.periods)
        for shift in shifts
    )
    found: dict[int, int] = {}
    longest = spans[0] if spans else None
    for span in spans[1:]:
        if longest and span[0] < longest[1]:
            other, index = sorted((longest[2], span[2]))
            found.setdefault(index, other)
        if longest is None or span[1] > longest[1]:
            longest = span
    for index, other in sorted(found.items()):
        yield Complaint(index, "start", f"overlaps period {other}")


def _since_epoch(moment: Moment) -> timedelta:
    return moment - _EPOCH if isinstance(moment, datetime) else moment
