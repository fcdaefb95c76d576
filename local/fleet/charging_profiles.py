"""Charging profiles as a station applies them (OCPP 1.6 §3.13, §5.16, §7.8): pure, times come from outside.

Written apart from the Central System's own evaluation on purpose, so that the two can be held against each other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

NOMINAL_VOLTAGE_V: Final = 230
RECURRENCE: Final = {"Daily": timedelta(days=1), "Weekly": timedelta(weeks=1)}
MAX_PROFILE: Final = "ChargePointMaxProfile"
TX_DEFAULT_PROFILE: Final = "TxDefaultProfile"
TX_PROFILE: Final = "TxProfile"


@dataclass(frozen=True)
class Period:
    """From `start_s` after the schedule's start."""

    start_s: int
    limit: float
    phases: int


@dataclass(frozen=True)
class Profile:
    """One installed charging profile."""

    connector_id: int
    profile_id: int
    stack_level: int
    purpose: str
    kind: str
    recurrency: str | None
    valid_from: datetime | None
    valid_to: datetime | None
    transaction_id: int | None
    start_schedule: datetime | None
    duration_s: int | None
    unit: str
    periods: tuple[Period, ...]

    def limit_w(self, at: datetime, charging_since: datetime | None) -> float | None:
        """Limit in W at a moment; nothing when the profile does not apply then."""
        start = self._start(at, charging_since)
        if start is None or not self._valid(at):
            return None
        offset_s = (at - start).total_seconds()
        if offset_s < 0 or (self.duration_s is not None and offset_s >= self.duration_s):
            return None
        period = [period for period in self.periods if period.start_s <= offset_s][-1:]
        if not period:
            return None
        return period[0].limit if self.unit == "W" else period[0].limit * NOMINAL_VOLTAGE_V * period[0].phases

    def changes(self, begin: datetime, end: datetime, charging_since: datetime | None) -> Iterator[datetime]:
        """Moments at which the limit may change within a window."""
        yield from (at for at in (self.valid_from, self.valid_to) if at)
        start = self._start(begin, charging_since)
        repeat = RECURRENCE.get(self.recurrency or "")
        while start is not None and start < end:
            yield from (start + timedelta(seconds=period.start_s) for period in self.periods)
            if self.duration_s is not None:
                yield start + timedelta(seconds=self.duration_s)
            start = start + repeat if repeat else None

    def _valid(self, at: datetime) -> bool:
        return (self.valid_from is None or at >= self.valid_from) and (self.valid_to is None or at < self.valid_to)

    def _start(self, at: datetime, charging_since: datetime | None) -> datetime | None:
        if self.kind == "Relative" or self.start_schedule is None:
            return charging_since
        repeat = RECURRENCE.get(self.recurrency or "")
        if self.kind == "Recurring" and repeat and at > self.start_schedule:
            return self.start_schedule + (at - self.start_schedule) // repeat * repeat
        return self.start_schedule


def parse_profile(connector_id: int, payload: Mapping[str, Any]) -> Profile:
    """A profile from the snake-cased payload that the `ocpp` package hands to a handler."""
    schedule = payload["charging_schedule"]
    return Profile(
        connector_id=connector_id,
        profile_id=payload["charging_profile_id"],
        stack_level=payload["stack_level"],
        purpose=payload["charging_profile_purpose"],
        kind=payload["charging_profile_kind"],
        recurrency=payload.get("recurrency_kind"),
        valid_from=_time(payload.get("valid_from")),
        valid_to=_time(payload.get("valid_to")),
        transaction_id=payload.get("transaction_id"),
        start_schedule=_time(schedule.get("start_schedule")),
        duration_s=schedule.get("duration"),
        unit=schedule["charging_rate_unit"],
        periods=tuple(
            Period(period["start_period"], float(period["limit"]), period.get("number_phases", 3))
            for period in schedule["charging_schedule_period"]
        ),
    )


class InstalledProfiles:
    """The profiles of one station."""

    def __init__(self) -> None:
        self._profiles: list[Profile] = []

    def __len__(self) -> int:
        return len(self._profiles)

    def install(self, profile: Profile) -> None:
        """Add a profile; it replaces one with the same id, or the same purpose and level on its connector."""
        self._profiles = [old for old in self._profiles if not _replaces(profile, old)]
        self._profiles.append(profile)

    def clear(
        self,
        profile_id: int | None = None,
        connector_id: int | None = None,
        purpose: str | None = None,
        stack_level: int | None = None,
    ) -> bool:
        """Remove what matches every given criterion; an id makes the others meaningless. Tells whether any did."""
        criteria = (
            {"profile_id": profile_id}
            if profile_id is not None
            else {"connector_id": connector_id, "purpose": purpose, "stack_level": stack_level}
        )
        asked = {name: value for name, value in criteria.items() if value is not None}
        kept = [old for old in self._profiles if any(getattr(old, name) != value for name, value in asked.items())]
        found = len(kept) < len(self._profiles)
        self._profiles = kept
        return found

    def end_transaction(self, connector_id: int) -> None:
        """A TxProfile dies with its transaction."""
        self.clear(connector_id=connector_id, purpose=TX_PROFILE)

    def limit_w(self, connector_id: int, at: datetime, charging_since: datetime | None) -> float | None:
        """The lowest limit that holds for a connector; nothing when none does."""
        transaction = (
            self._of(TX_PROFILE, connector_id)
            or self._of(TX_DEFAULT_PROFILE, connector_id)
            or self._of(TX_DEFAULT_PROFILE, 0)
        )
        limits = (
            _prevailing(self._of(MAX_PROFILE, 0), at, charging_since),
            _prevailing(transaction, at, charging_since),
        )
        return min((limit for limit in limits if limit is not None), default=None)

    def composite(
        self, connector_id: int, begin: datetime, duration_s: int, charging_since: datetime | None, hardware_w: float
    ) -> list[tuple[int, float]]:
        """Limits in W over a window, as (seconds after its begin, limit), neighbours with equal limits merged."""
        end = begin + timedelta(seconds=duration_s)
        moments = {begin}
        for profile in self._profiles:
            moments.update(at for at in profile.changes(begin, end, charging_since) if begin <= at < end)
        schedule: list[tuple[int, float]] = []
        for at in sorted(moments):
            limit_w = self.limit_w(connector_id, at, charging_since)
            value = hardware_w if limit_w is None else min(limit_w, hardware_w)
            if not schedule or schedule[-1][1] != value:
                schedule.append((round((at - begin).total_seconds()), value))
        return schedule

    def _of(self, purpose: str, connector_id: int) -> list[Profile]:
        return [one for one in self._profiles if one.purpose == purpose and one.connector_id == connector_id]


def _prevailing(profiles: list[Profile], at: datetime, charging_since: datetime | None) -> float | None:
    """The limit of the highest stack level whose schedule is running."""
    for profile in sorted(profiles, key=lambda one: -one.stack_level):
        limit_w = profile.limit_w(at, charging_since)
        if limit_w is not None:
            return limit_w
    return None


def _replaces(new: Profile, old: Profile) -> bool:
    same_place = (new.connector_id, new.purpose, new.stack_level) == (old.connector_id, old.purpose, old.stack_level)
    return new.profile_id == old.profile_id or same_place


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
