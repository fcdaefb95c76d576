"""Sites for tests: builders, and any site at all."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from csms.ids import ChargePointId, TransactionId
from csms.smart_charging.situation import (
    Capacity,
    ConnectorKey,
    Decision,
    Interval,
    ManagedConnector,
    Policy,
    Session,
    Situation,
    StationLimit,
    Target,
    Turn,
)

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
MINIMUM_DA = 60
ALL = (0, 1, 2)


def key(number: int, connector_id: int = 1) -> ConnectorKey:
    return ConnectorKey(ChargePointId(f"CP{number:03}"), connector_id)


def a_session(number: int = 1, started: datetime = NOON - QUARTER, **changes: Any) -> Session:
    return Session(TransactionId(number), started, **changes)


def a_connector(number: int, *held_da: int, session: Session | None = None, **changes: Any) -> ManagedConnector:
    wiring: dict[str, Any] = {"phases": ALL, "maximum_da": 320} | changes
    return ManagedConnector(key(number), held_da=held_da or (0,), session=session, **wiring)


def charging(number: int, *held_da: int, **changes: Any) -> ManagedConnector:
    of_session = {name: changes.pop(name) for name in ("priority", "demand_da", "turn", "started") if name in changes}
    return a_connector(number, *held_da, session=a_session(number, **of_session), **changes)


def a_site(*connectors: ManagedConnector, limits_da: Sequence[int] = (320,), **changes: Any) -> Situation:
    """A site with the same limit on each phase, one for each quarter of an hour."""
    intervals = tuple(
        Interval(NOON + n * QUARTER, NOON + (n + 1) * QUARTER, Capacity((limit_da,) * 3))
        for n, limit_da in enumerate(limits_da)
    )
    return Situation(NOON, intervals, connectors, **changes)


def wanted_now(decision: Decision) -> dict[str, int]:
    """What each should get in the first interval."""
    return {found.charge_point_id: row[0] for found, row in decision.wanted.items()}


def obeyed(situation: Situation, *targets: Target) -> Situation:
    """The site once these were confirmed."""
    limits = {target.key: target.limits_da for target in targets}
    return replace(
        situation,
        connectors=tuple(replace(one, held_da=limits.get(one.key, one.held_da)) for one in situation.connectors),
    )


currents = st.one_of(st.just(0), st.integers(MINIMUM_DA, 320))
moments = st.builds(lambda minutes: NOON - timedelta(minutes=minutes), st.integers(0, 120))
turns = st.builds(Turn, st.booleans(), moments, st.booleans())
sessions = st.builds(
    Session,
    st.integers(1, 99).map(TransactionId),
    moments,
    st.integers(0, 2),
    st.one_of(st.none(), st.just(0), st.integers(1, 320)),
    st.one_of(st.none(), turns),
)


@st.composite
def connectors(draw: st.DrawFn, number: int, intervals: int) -> ManagedConnector:
    phases = draw(st.sampled_from([ALL, ALL, (0, 1), (0,), (1,), (2,)]))
    return ManagedConnector(
        key(number // 2, 1 + number % 2),
        phases,
        draw(st.sampled_from([320, 160, 320, 160, 50])),
        tuple(draw(st.lists(currents, min_size=intervals, max_size=intervals))),
        draw(st.one_of(st.none(), sessions, sessions, sessions)),
        draw(st.sampled_from([True, True, True, False])),
        draw(st.sampled_from([None, 1])),
    )


@st.composite
def sites(draw: st.DrawFn) -> Situation:
    intervals = draw(st.integers(1, 3))
    phase = st.integers(0, 1200)
    capacities = st.builds(Capacity, st.tuples(phase, phase, phase), st.one_of(st.none(), st.integers(0, 60_000)))
    return Situation(
        now=NOON + draw(st.integers(0, 14)) * timedelta(minutes=1),
        intervals=tuple(
            Interval(NOON + n * QUARTER, NOON + (n + 1) * QUARTER, draw(capacities)) for n in range(intervals)
        ),
        connectors=tuple(draw(connectors(number, intervals)) for number in range(draw(st.integers(0, 9)))),
        stations=tuple(
            StationLimit(key(number).charge_point_id, draw(st.integers(0, 640)))
            for number in range(5)
            if draw(st.booleans())
        ),
        policy=draw(st.sampled_from(Policy)),
        newcomers=draw(st.one_of(st.none(), st.integers(0, 2))),
        hysteresis_da=draw(st.sampled_from([0, 10, 30])),
    )
