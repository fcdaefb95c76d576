"""What the Central System knows of the site, and its decisions: the product's planner and its rule of learning demands.

What a connector may draw is the most that anything it may have been sent allows: what it acknowledged last, and what is
on its way or was never answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from csms.ids import TransactionId
from csms.ocpp.json_types import JsonObject
from csms.smart_charging.demand import REACTION, demand_da, phases_in_use
from csms.smart_charging.limits import LimitPlan, SiteLimit, capacity, intervals
from csms.smart_charging.sharing import plan
from csms.smart_charging.situation import (
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
from csms.v16.planned_profiles import Step, Wiring, failsafe, fitted, transaction_profile
from local.demo_site.scenario import SAFE_LIMIT_DA, SITE_MAXIMUM_DA, VOLTAGE_V, Scenario, StationSpec

WINDOW: Final = timedelta(hours=1)
"""Profiles reach to the end of the next such stretch; then the safe limit holds."""
LEAD: Final = timedelta(seconds=10)
"""A lower limit is told to hold so much earlier: stations need a moment to follow."""
MOST_INTERVALS: Final = 24
NEWCOMERS: Final = 1
TOLERANCE_DA: Final = 10
_LEFT_ALONE: Final = {"Rejected": timedelta(minutes=15), "no answer": timedelta(minutes=2)}
_WIRING: Final = Wiring(3, VOLTAGE_V, {})


@dataclass(frozen=True)
class Told:
    """A profile as it was sent: limits from moments on, the last one for good."""

    steps: tuple[Step, ...]
    acknowledged_at: datetime | None = None

    def limit_da(self, at: datetime) -> int:
        """The limit it sets at a moment."""
        return next((step.limit_da for step in reversed(self.steps) if step.at <= at), self.steps[0].limit_da)

    def most_da(self, start: datetime, end: datetime) -> int:
        """The highest limit within a time."""
        return max(self.limit_da(start), *(step.limit_da for step in self.steps if start <= step.at < end), 0)


@dataclass
class Charging:
    """A transaction as the Central System knows it."""

    transaction_id: TransactionId
    started_at: datetime
    acknowledged: list[Told]
    """The oldest first; the last one holds."""
    pending: list[Told] = field(default_factory=list)
    """On their way, or never answered."""
    readings: list[tuple[datetime, tuple[int, ...]]] = field(default_factory=list)
    """What it drew on each phase of the connector."""
    is_suspended: bool = False
    turn: Turn | None = None
    left_alone_until: datetime | None = None
    disobeys: bool = False
    phases: int | None = None
    """On how many the vehicle was seen to charge."""

    def allowed_da(self, at: datetime) -> int | None:
        """What it had acknowledged by then."""
        known = [told for told in self.acknowledged if told.acknowledged_at is None or told.acknowledged_at <= at]
        return known[-1].limit_da(at) if known and at >= self.started_at else None

    def highest_da(self) -> list[tuple[datetime, int]]:
        """What it drew on its most loaded phase."""
        return [(at, max(currents)) for at, currents in self.readings]


class Central:
    """Knows what it was told and decides."""

    def __init__(self, scenario: Scenario, policy: Policy) -> None:
        self.charging: dict[ConnectorKey, Charging] = {}
        self.offline: set[str] = set()
        self.decision: Decision | None = None
        self._limits: LimitPlan = scenario.plan
        self._stations = scenario.stations
        self._policy = policy

    def enrol(self, station: StationSpec, at: datetime) -> JsonObject:
        """The failsafe under which every transaction starts."""
        return failsafe(station.id, SAFE_LIMIT_DA, at, _WIRING)

    def start(self, key: ConnectorKey, transaction_id: TransactionId, at: datetime) -> None:
        """A transaction has started, under the failsafe."""
        self.charging[key] = Charging(transaction_id, at, [Told((Step(at, SAFE_LIMIT_DA),))])

    def read(self, key: ConnectorKey, at: datetime, currents: tuple[int, ...]) -> None:
        """Meter values have arrived; tells apart who draws more than it acknowledged."""
        found = self.charging[key]
        found.readings = [*found.readings[-2:], (at, currents)]
        found.phases = max(
            filter(None, (found.phases, phases_in_use([drawn for _, drawn in found.readings]))), default=None
        )
        limits = [found.allowed_da(moment) for moment in (at - REACTION, at)]
        known = [limit_da for limit_da in limits if limit_da is not None]
        if len(known) == len(limits):
            found.disobeys = max(currents) > max(known) + TOLERANCE_DA

    def decide(self, now: datetime) -> Decision:
        """What everyone should get, and what is safe to send now."""
        situation = self.situation(now)
        self.decision = plan(situation)
        for key, turn in self.decision.turns.items():
            self.charging[key].turn = turn
        return self.decision

    def situation(self, now: datetime) -> Situation:
        """The site as it is known."""
        spans = self._intervals(now)
        return Situation(
            now=now,
            intervals=spans,
            connectors=tuple(
                self._connector(station, connector.key, now, spans)
                for station in self._stations
                for connector in station.connectors
            ),
            stations=tuple(StationLimit(station.id, station.maximum_da) for station in self._stations),
            policy=self._policy,
            voltage_v=VOLTAGE_V,
            newcomers=NEWCOMERS,
        )

    def profile(self, target: Target, now: datetime) -> tuple[Told, JsonObject]:
        """The profile that says so."""
        found = self.charging[target.key]
        spans = self._intervals(now)
        steps = [Step(span.start, limit_da) for span, limit_da in zip(spans, target.limits_da, strict=True)]
        told = Told(fitted(steps, spans[-1].end, SAFE_LIMIT_DA, MOST_INTERVALS))
        identity, number = target.key
        return told, transaction_profile(identity, number, found.transaction_id, told.steps, _WIRING)

    def settle(self, key: ConnectorKey, told: Told, outcome: str, at: datetime) -> None:
        """A station has answered, or has not in time."""
        found = self.charging[key]
        if outcome == "Accepted":
            found.acknowledged = [*found.acknowledged[-3:], Told(told.steps, at)]
            found.left_alone_until = None
        if outcome in _LEFT_ALONE:
            found.left_alone_until = at + _LEFT_ALONE[outcome]
        if outcome != "no answer":
            # An answer settles what went before it, too: a station takes one call after the other.
            found.pending = found.pending[found.pending.index(told) + 1 :] if told in found.pending else found.pending

    def held_now_da(self, key: ConnectorKey, maximum_da: int, at: datetime) -> int:
        """The most it may draw by what it was sent; without a transaction, what a newcomer would."""
        return self._held_da(key, maximum_da, at, at + timedelta(seconds=1))

    def _intervals(self, now: datetime) -> tuple[Interval, ...]:
        """Cut where the profiles of the last window may end, so that it shows that they must be renewed."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        end = midnight + ((now - midnight) // WINDOW + 2) * WINDOW
        maximum = SiteLimit((SITE_MAXIMUM_DA,) * 3)
        found = intervals(self._limits, maximum, now, end, MOST_INTERVALS, lead=LEAD, cuts=(end - WINDOW,))
        return tuple(Interval(one.start, one.end, capacity(one.limit, (0, 0, 0), 0, VOLTAGE_V)) for one in found)

    def _connector(
        self, station: StationSpec, key: ConnectorKey, now: datetime, spans: Sequence[Interval]
    ) -> ManagedConnector:
        spec = station.connectors[key.connector_id - 1]
        found = self.charging.get(key)
        held = tuple(self._held_da(key, spec.maximum_da, span.start, span.end) for span in spans)
        if found is None:
            return ManagedConnector(key, (0, 1, 2), spec.maximum_da, held, is_reachable=station.id not in self.offline)
        is_left_alone = found.left_alone_until is not None and now < found.left_alone_until
        return ManagedConnector(
            key=key,
            phases=spec.phases(found.phases or 3),
            maximum_da=spec.maximum_da,
            held_da=held,
            session=Session(
                found.transaction_id,
                found.started_at,
                demand_da=demand_da(
                    found.highest_da(),
                    allowed_da=found.allowed_da,
                    is_suspended_by_vehicle=found.is_suspended,
                    now=now,
                ),
                turn=found.turn,
            ),
            is_reachable=station.id not in self.offline and not is_left_alone and not found.disobeys,
        )

    def _held_da(self, key: ConnectorKey, maximum_da: int, start: datetime, end: datetime) -> int:
        found = self.charging.get(key)
        if found is None:
            return min(SAFE_LIMIT_DA, maximum_da)
        if found.disobeys:
            return maximum_da
        possible = [found.acknowledged[-1], *found.pending]
        return min(maximum_da, max(told.most_da(start, end) for told in possible))
