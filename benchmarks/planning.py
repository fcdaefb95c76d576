"""CPU time of deciding about a site, and of composite schedules; nothing but Python takes part."""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from csms.ids import ChargePointId, TransactionId
from csms.smart_charging.composite import Connector, Window, composite_schedule
from csms.smart_charging.profiles import (
    ChargingProfileKind,
    ChargingProfilePurpose,
    ChargingRateUnit,
    Period,
    Profile,
    RecurrencyKind,
    RunningTransaction,
    Schedule,
)
from csms.smart_charging.sharing import plan
from csms.smart_charging.situation import (
    Capacity,
    ConnectorKey,
    Interval,
    ManagedConnector,
    Policy,
    Session,
    Situation,
    StationLimit,
)

NOON: Final = datetime(2026, 3, 5, 12, tzinfo=UTC)
INTERVAL: Final = timedelta(minutes=15)
SIZES: Final = (10, 100, 1_000, 10_000)
INTERVALS: Final = (4, 24)
PERIODS: Final = 96
_ENOUGH_S: Final = 1.5
_RUNS: Final = (3, 40)


@dataclass(frozen=True)
class PlanningTime:
    """Deciding about one site."""

    connectors: int
    intervals: int
    policy: Policy
    is_scarce: bool
    """Whether there is not even the minimum for everyone, so that turns are taken."""
    cpu_ms: float


@dataclass(frozen=True)
class CompositeTime:
    """One composite schedule over a day."""

    profiles: int
    steps: int
    cpu_ms: float


def measure_planning() -> list[PlanningTime]:
    """Every size, short and long windows, with room and without."""
    cases = [(size, intervals, Policy.EQUAL_SHARE, False) for intervals in INTERVALS for size in SIZES]
    cases += [(size, INTERVALS[0], Policy.EQUAL_SHARE, True) for size in SIZES]
    cases += [(1_000, INTERVALS[0], policy, False) for policy in (Policy.PRIORITY, Policy.FIRST_COME)]
    return [PlanningTime(*case, cpu_ms=_cpu_ms(_planning_of(*case))) for case in cases]


def measure_composites() -> list[CompositeTime]:
    """Stacks of recurring profiles of 96 periods."""
    return [_composite_time(profiles) for profiles in (1, 4, 16)]


def a_site(connectors: int, intervals: int, policy: Policy, *, is_scarce: bool) -> Situation:
    """Stations with two connectors on one cable, in the middle of a busy day: the same for the same arguments.

    Four of five connectors charge; half of the vehicles take as much as they get. One in fifty is unreachable.
    """
    rng = random.Random(f"{connectors}/{intervals}")  # noqa: S311
    mean_da = 35 if is_scarce else 110
    return Situation(
        now=NOON,
        intervals=tuple(
            Interval(
                NOON + n * INTERVAL,
                NOON + (n + 1) * INTERVAL,
                Capacity((int(connectors * mean_da * rng.uniform(0.7, 1.3)),) * 3),
            )
            for n in range(intervals)
        ),
        connectors=tuple(_connector(number, intervals, rng) for number in range(connectors)),
        stations=tuple(StationLimit(_charge_point(2 * number), 400) for number in range(connectors // 2)),
        policy=policy,
        newcomers=3,
    )


def _connector(number: int, intervals: int, rng: random.Random) -> ManagedConnector:
    charges = rng.random() < 0.8
    demand_da = rng.choice((None, None, rng.randrange(60, 320), 0))
    started = NOON - timedelta(seconds=rng.randrange(10_000))
    return ManagedConnector(
        key=ConnectorKey(_charge_point(number), 1 + number % 2),
        phases=rng.choice(((0, 1, 2), (0, 1, 2), (0,), (1,), (2,))),
        maximum_da=320,
        held_da=tuple(rng.randrange(60, 160) if charges else 60 for _ in range(intervals)),
        session=Session(TransactionId(number), started, rng.randrange(3), demand_da) if charges else None,
        is_reachable=rng.random() < 0.98,
    )


def _charge_point(number: int) -> ChargePointId:
    return ChargePointId(f"CP{number // 2:05}")


def _planning_of(connectors: int, intervals: int, policy: Policy, is_scarce: bool) -> Callable[[], object]:
    site = a_site(connectors, intervals, policy, is_scarce=is_scarce)
    return lambda: plan(site)


def _composite_time(count: int) -> CompositeTime:
    profiles = [_profile(number) for number in range(count)]
    connector = Connector(1, RunningTransaction(TransactionId(1), NOON))

    def composite() -> int:
        return len(composite_schedule(profiles, connector, Window(NOON, 86_400), ChargingRateUnit.A))

    return CompositeTime(count, composite(), _cpu_ms(composite))


def _profile(number: int) -> Profile:
    """A day of quarter-hours; those on top run for part of it."""
    length_s = 86_400 - 3_600 * number
    periods = tuple(Period(length_s * n // PERIODS, Decimal(6 + (n * 7 + number) % 26)) for n in range(PERIODS))
    return Profile(
        id=number,
        connector_id=1,
        purpose=ChargingProfilePurpose.TX_DEFAULT_PROFILE,
        stack_level=number,
        kind=ChargingProfileKind.RECURRING,
        schedule=Schedule(ChargingRateUnit.A, periods, NOON - timedelta(days=30, hours=12), length_s),
        recurrency=RecurrencyKind.DAILY,
    )


def _cpu_ms(work: Callable[[], object]) -> float:
    """Median of as many runs as fit into a while."""
    least, most = _RUNS
    spent: list[float] = []
    while len(spent) < least or (len(spent) < most and sum(spent) < _ENOUGH_S):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return statistics.median(spent) * 1000
