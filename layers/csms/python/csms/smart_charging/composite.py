"""What all charging profiles of a charge point allow together: composite schedules [S 3.13.2, 3.13.3, 5.7, ER 3.43]."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
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
Stacks: TypeAlias = tuple[list[Profile], list[Profile]]
"""What caps the charge point, and what limits the transaction."""
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
    stacks = _stacks(profiles, connector)
    return _steps(partial(_limit, stacks, connector, unit), partial(_next, stacks, connector), window)


def composite_of_charge_point(
    profiles: Sequence[Profile], connectors: Sequence[Connector], window: Window, unit: ChargingRateUnit
) -> tuple[Step, ...]:
    """The limits of the whole charge point (connector 0): ChargePointMaxProfile, but no more than its connectors' sum.

    A are those of a phase that all connectors load.
    """
    supply = connectors[0].supply if connectors else Supply()
    whole = Connector(CHARGE_POINT, supply=replace(supply, maximum_a=None))
    cap = _stacks(profiles, whole)
    parts = [(_stacks(profiles, connector), connector) for connector in connectors]

    def limit(at: datetime) -> Allowed:
        most = _limit(cap, whole, unit, at)
        total = _total([_limit(stacks, connector, unit, at)[0] for stacks, connector in parts])
        return most if total is None or (most[0] is not None and most[0] <= total) else (total, None)

    def change(after: datetime) -> datetime | None:
        return _earliest(_next(stacks, connector, after) for stacks, connector in [(cap, whole), *parts])

    return _steps(limit, change, window)


def charge_point_maximum(profiles: Iterable[Profile]) -> list[Profile]:
    """What caps the charge point as a whole."""
    return _with_purpose(profiles, ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE)


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


def prevailing(profiles: Iterable[Profile], at: datetime, charging_since: datetime | None) -> Limit | None:
    """The limit of the highest stack level whose schedule is running [S 3.13.2]."""
    limits = ((found.stack_level, limit_at(found, at, charging_since)) for found in profiles)
    running = ((level, limit) for level, limit in limits if limit is not None)
    return max(running, key=lambda one: one[0], default=(0, None))[1]


def _with_purpose(profiles: Iterable[Profile], purpose: ChargingProfilePurpose) -> list[Profile]:
    return [found for found in profiles if found.purpose is purpose]


def _stacks(profiles: Sequence[Profile], connector: Connector) -> Stacks:
    return charge_point_maximum(profiles), transaction_profiles(profiles, connector)


def _limit(stacks: Stacks, connector: Connector, unit: ChargingRateUnit, at: datetime) -> Allowed:
    supply = connector.supply
    limits = [prevailing(stack, at, connector.charging_since) for stack in stacks]
    if supply.maximum_a is not None:
        limits.append(Limit(supply.maximum_a, ChargingRateUnit.A, supply.phases))
    lowest = min((limit for limit in limits if limit), key=lambda one: one.in_unit(unit, supply), default=None)
    return (floor_tenths(lowest.in_unit(unit, supply)), lowest.phases) if lowest else (None, None)


def _total(limits: Sequence[Decimal | None]) -> Decimal | None:
    """Their sum; None when one of them, or all, are not known."""
    known = [limit for limit in limits if limit is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(limits) else None


def _next(stacks: Stacks, connector: Connector, after: datetime) -> datetime | None:
    return _earliest(next_change(found, after, connector.charging_since) for stack in stacks for found in stack)


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _steps(
    limit: Callable[[datetime], Allowed],
    change: Callable[[datetime], datetime | None],
    window: Window,
) -> tuple[Step, ...]:
    steps: list[Step] = []
    offset_s = 0
    while offset_s < window.duration_s:
        at = window.start + timedelta(seconds=offset_s)
        step = Step(offset_s, *limit(at))
        if not steps or (steps[-1].limit, steps[-1].phases) != (step.limit, step.phases):
            steps.append(step)
        then = change(at)
        if then is None:
            break
        offset_s = -((window.start - then) // _SECOND)
    return tuple(steps)
