"""What all charging profiles of a charge point allow together: composite schedules [S 3.13.2, 3.13.3, 5.7, ER 3.43]."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Final, TypeAlias

from csms.smart_charging.evaluation import limit_at, next_change
from csms.smart_charging.profiles import (
    ChargingProfilePurpose,
    ChargingRateUnit,
    Limit,
    Profile,
    RunningTransaction,
    Supply,
    floor_tenths,
)

CHARGE_POINT: Final = 0
"""The connector id that stands for the charge point as a whole."""
_SECOND: Final = timedelta(seconds=1)
Allowed: TypeAlias = tuple[Decimal | None, int | None]
"""A limit and the phases it is for; None where none is known."""


@dataclass(frozen=True)
class Connector:
    """A connector as its composite schedule needs it: what charges there, and how it is fed."""

    id: int
    transaction: RunningTransaction | None = None
    supply: Supply = field(default_factory=Supply)

    @property
    def charging_since(self) -> datetime | None:
        """When its transaction started."""
        return self.transaction.started_at if self.transaction else None


@dataclass(frozen=True)
class Step:
    """A limit from `start_s` seconds after the start of the window; None: no limit is known."""

    start_s: int
    limit: Decimal | None
    phases: int | None = None


@dataclass(frozen=True)
class Window:
    """From `start` (inclusive) for `duration_s` seconds (exclusive)."""

    start: datetime
    duration_s: int


def composite_schedule(
    profiles: Sequence[Profile], connector: Connector, window: Window, unit: ChargingRateUnit
) -> tuple[Step, ...]:
    """The limits of a connector over the window, neighbours that are equal merged.

    A change shows from the first whole second at which it holds.
    """
    stacks = _Stacks(profiles, connector)
    return _steps(partial(stacks.limit, unit), stacks.next_change, window)


def composite_of_charge_point(
    profiles: Sequence[Profile], connectors: Sequence[Connector], window: Window, unit: ChargingRateUnit
) -> tuple[Step, ...]:
    """The limits of the whole charge point (connector 0): ChargePointMaxProfile, but no more than its connectors' sum.

    A are those of a phase that all connectors load.
    """
    supply = connectors[0].supply if connectors else Supply()
    whole = Connector(CHARGE_POINT, supply=replace(supply, maximum_a=None))
    cap = _Stacks(profiles, whole)
    parts = [_Stacks(profiles, connector) for connector in connectors]

    def limit(at: datetime) -> Allowed:
        most = cap.limit(unit, at)
        total = _total([part.limit(unit, at)[0] for part in parts])
        return most if total is None or (most[0] is not None and most[0] <= total) else (total, None)

    return _steps(limit, lambda: _earliest(part.next_change() for part in (cap, *parts)), window)


def charge_point_maximum(profiles: Iterable[Profile]) -> list[Profile]:
    """What caps the charge point as a whole; of a single connector there is no such thing [S 3.13.1]."""
    caps = _with_purpose(profiles, ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE)
    return [found for found in caps if found.connector_id == CHARGE_POINT]


def transaction_profiles(profiles: Sequence[Profile], connector: Connector) -> list[Profile]:
    """What limits a transaction on the connector: the profiles of the first pool that has any.

    A TxProfile overrules the defaults for the whole transaction, even when it has run out; a default of the connector
    takes the place of the charge point's [S 3.13.1, 3.13.4].
    """
    return next((pool for pool in transaction_pools(profiles, connector) if pool), [])


def transaction_pools(profiles: Sequence[Profile], connector: Connector) -> tuple[list[Profile], ...]:
    """The profiles of the transaction itself, defaults of the connector, defaults of all: each overrules the next."""
    transaction_id = connector.transaction.id if connector.transaction else None
    here = [found for found in profiles if found.connector_id == connector.id != CHARGE_POINT]
    everywhere = [found for found in profiles if found.connector_id == CHARGE_POINT != connector.id]
    return (
        [
            found
            for found in _with_purpose(here, ChargingProfilePurpose.TX_PROFILE)
            if found.transaction_id == transaction_id is not None
        ],
        _with_purpose(here, ChargingProfilePurpose.TX_DEFAULT_PROFILE),
        _with_purpose(everywhere, ChargingProfilePurpose.TX_DEFAULT_PROFILE),
    )


def _with_purpose(profiles: Iterable[Profile], purpose: ChargingProfilePurpose) -> list[Profile]:
    return [found for found in profiles if found.purpose is purpose]


class _Course:
    """What one profile says as time goes by: worked out anew only when it may have changed."""

    def __init__(self, profile: Profile, charging_since: datetime | None) -> None:
        self.stack_level = profile.stack_level
        self.until: datetime | None = datetime.min.replace(tzinfo=UTC)
        self._profile = profile
        self._charging_since = charging_since
        self._limit: Limit | None = None

    def limit(self, at: datetime) -> Limit | None:
        """At a moment no earlier than the last one."""
        if self.until is not None and at >= self.until:
            self._limit = limit_at(self._profile, at, self._charging_since)
            self.until = next_change(self._profile, at, self._charging_since)
        return self._limit


class _Stacks:
    """What caps the charge point, and what limits a transaction on one connector."""

    def __init__(self, profiles: Sequence[Profile], connector: Connector) -> None:
        self._supply = connector.supply
        self._stacks = [
            sorted((_Course(found, connector.charging_since) for found in stack), key=lambda one: -one.stack_level)
            for stack in (charge_point_maximum(profiles), transaction_profiles(profiles, connector))
        ]

    def limit(self, unit: ChargingRateUnit, at: datetime) -> Allowed:
        """The lowest of what prevails in each, and of what the hardware lets through."""
        supply = self._supply
        limits = [_prevailing(stack, at) for stack in self._stacks]
        if supply.maximum_a is not None:
            limits.append(Limit(supply.maximum_a, ChargingRateUnit.A, supply.phases))
        lowest = min((limit for limit in limits if limit), key=lambda one: one.in_unit(unit, supply), default=None)
        return (floor_tenths(lowest.in_unit(unit, supply)), lowest.phases) if lowest else (None, None)

    def next_change(self) -> datetime | None:
        """When something may change after the last moment that was asked for."""
        return _earliest(course.until for stack in self._stacks for course in stack)


def _prevailing(stack: Sequence[_Course], at: datetime) -> Limit | None:
    """The limit of the highest stack level whose schedule is running [S 3.13.2]; every course is brought up to then."""
    limits = [course.limit(at) for course in stack]
    return next((limit for limit in limits if limit is not None), None)


def _total(limits: Sequence[Decimal | None]) -> Decimal | None:
    """Their sum; None when one of them, or all, are not known."""
    known = [limit for limit in limits if limit is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(limits) else None


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _steps(
    limit: Callable[[datetime], Allowed],
    next_change: Callable[[], datetime | None],
    window: Window,
) -> tuple[Step, ...]:
    steps: list[Step] = []
    offset_s = 0
    while offset_s < window.duration_s:
        at = window.start + timedelta(seconds=offset_s)
        step = Step(offset_s, *limit(at))
        if not steps or (steps[-1].limit, steps[-1].phases) != (step.limit, step.phases):
            steps.append(step)
        then = next_change()
        if then is None:
            break
        offset_s = -((window.start - then) // _SECOND)
    return tuple(steps)
