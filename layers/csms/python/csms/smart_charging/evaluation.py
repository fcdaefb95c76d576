"""What one charging profile allows at a moment, and until when that holds [S 3.13, 5.16.4, 7.8-7.14, ER 3.44, 3.78]."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Final

from csms.smart_charging.profiles import ChargingProfileKind, Limit, Profile, RecurrencyKind

_RECURRENCE: Final = {RecurrencyKind.DAILY: timedelta(days=1), RecurrencyKind.WEEKLY: timedelta(weeks=1)}
_SECOND: Final = timedelta(seconds=1)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_START_OF: Final = attrgetter("start_s")


def is_valid(profile: Profile, at: datetime) -> bool:
    """Whether the moment lies within validFrom (inclusive) and validTo (exclusive)."""
    return (profile.valid_from is None or at >= profile.valid_from) and (
        profile.valid_to is None or at < profile.valid_to
    )


def limit_at(profile: Profile, at: datetime, charging_since: datetime | None) -> Limit | None:
    """The limit it sets; None before its schedule starts, after it has run out, and while it is not valid.

    Args:
        profile: the profile.
        at: the moment.
        charging_since: start of the transaction, for a schedule that starts with it.
    """
    start = _run_start(profile, at, charging_since)
    if start is None or start > at or not is_valid(profile, at):
        return None
    schedule, elapsed_s = profile.schedule, (at - start) // _SECOND
    if schedule.duration_s is not None and elapsed_s >= schedule.duration_s:
        return None
    index = bisect_right(schedule.periods, elapsed_s, key=_START_OF) - 1
    if index < 0:
        return None
    period = schedule.periods[index]
    return Limit(period.limit, schedule.unit, period.phases)


def next_change(profile: Profile, after: datetime, charging_since: datetime | None) -> datetime | None:
    """The first moment later than `after` at which its limit may be another; None when it stays for ever."""
    return min((moment for moment in _moments(profile, after, charging_since) if moment > after), default=None)


def _moments(profile: Profile, after: datetime, charging_since: datetime | None) -> Iterator[datetime]:
    """Validity, and what is next in the run of the schedule that `after` lies in."""
    yield from (moment for moment in (profile.valid_from, profile.valid_to) if moment is not None)
    start = _run_start(profile, after, charging_since)
    if start is None:
        return
    yield start
    for elapsed_s in _changes_of_run(profile, (after - start) // _SECOND):
        if elapsed_s <= (_LAST - start) // _SECOND:  # what lies beyond the calendar never comes
            yield start + elapsed_s * _SECOND


def _changes_of_run(profile: Profile, after_s: int) -> Iterator[int]:
    """The next period, the end, and the next run: in seconds since this one started."""
    schedule = profile.schedule
    index = bisect_right(schedule.periods, after_s, key=_START_OF)
    if index < len(schedule.periods):
        yield schedule.periods[index].start_s
    if schedule.duration_s is not None:
        yield schedule.duration_s
    if profile.recurrency is not None and profile.kind is ChargingProfileKind.RECURRING:
        yield _RECURRENCE[profile.recurrency] // _SECOND


def _run_start(profile: Profile, at: datetime, charging_since: datetime | None) -> datetime | None:
    """When the run of the schedule that the moment lies in started, or the first will [ER 3.78]."""
    if profile.starts_with_transaction:
        return charging_since
    first = profile.schedule.start
    if first is None or at < first or profile.recurrency is None or profile.kind is not ChargingProfileKind.RECURRING:
        return first
    every = _RECURRENCE[profile.recurrency]
    return first + (at - first) // every * every
