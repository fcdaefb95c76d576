"""The day passes: cars come and go, messages travel, the plan takes its steps, and what is drawn is written down."""

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from typing import Final

from csms.ids import TransactionId
from csms.smart_charging.situation import ConnectorKey, Decision, Policy, Target
from local.demo_site.central import Central, Told
from local.demo_site.scenario import DAY_S, QUARTER_S, ConnectorSpec, Fault, Scenario, Visit
from local.demo_site.station import Outlet, Station, moment

TICK_S: Final = 5
METER_S: Final = 60
REBALANCE_S: Final = 300
DEADLINE_S: Final = 30
STEP_STATES: Final = 4
"""Plan, What to send, Wait, Next."""
DECREASE_STATES: Final = 3
"""Decrease, Rebudget, What to send; besides one for each profile."""
INCREASE_STATES: Final = 1


@dataclass
class Day:
    """What was seen."""

    drawn_da: list[tuple[int, int, int]] = field(default_factory=list)
    """On each phase, every tick."""
    excess_s: Counter[str] = field(default_factory=Counter)
    """For how long the limit was exceeded, by what it would not have been without."""
    worst_excess_da: Counter[str] = field(default_factory=Counter)
    energy_wh: dict[tuple[ConnectorKey, int], float] = field(default_factory=dict)
    """By connector and the time of arrival."""
    sent: Counter[str] = field(default_factory=Counter)
    """Profiles, by outcome."""
    steps: int = 0
    waves: int = 0
    """Steps that had decreases to send."""
    transitions: int = 0
    waiting_s: float = 0.0
    """For how long vehicles that wanted to charge were paused, all together."""


class Simulation:
    """One day under one policy."""

    def __init__(self, scenario: Scenario, policy: Policy, seed: int) -> None:
        self.day = Day()
        self._scenario = scenario
        self._central = Central(scenario, policy)
        self._stations = {spec.id: Station(spec) for spec in scenario.stations}
        self._outlets: dict[ConnectorKey, Outlet] = {
            outlet.spec.key: outlet for station in self._stations.values() for outlet in station.outlets.values()
        }
        self._charging: dict[ConnectorKey, Outlet] = {}
        self._busy_until_s: dict[str, float] = {}
        self._rng = random.Random(seed)  # noqa: S311
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = count()
        self._numbers = count(1)
        self._step_due: float | None = None
        self._step_runs = False
        self._changed = False

    def run(self) -> Day:
        """Live through the day."""
        for station in self._stations.values():
            station.set_charging_profile(self._central.enrol(station.spec, moment(0)), 0)
            for edge in station.spec.offline or ():
                self._at(edge, self._change)
        for connector, visit in self._scenario.visits:
            self._at(visit.arrives_s, self._arrival(connector, visit))
        self._at(0, self._look)
        for at_s in range(0, DAY_S, TICK_S):
            while self._events and self._events[0][0] <= at_s:
                due_s, _, happen = heapq.heappop(self._events)
                happen(due_s)
            self._tick(at_s)
        return self.day

    def _at(self, at_s: float, happen: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (at_s, next(self._order), happen))

    # Cars

    def _arrival(self, connector: ConnectorSpec, visit: Visit) -> Callable[[float], None]:
        outlet = self._outlets[connector.key]

        def arrive(at_s: float) -> None:
            outlet.plug_in(visit, at_s)
            self._charging[connector.key] = outlet
            self.day.energy_wh[connector.key, visit.arrives_s] = 0.0
            self._central.start(connector.key, TransactionId(next(self._numbers)), moment(at_s))
            self._at(visit.leaves_s, leave)
            self._at(at_s + self._rng.uniform(5, METER_S), self._meter(outlet, visit))
            self._change(at_s)

        def leave(at_s: float) -> None:
            outlet.unplug()
            del self._charging[connector.key]
            del self._central.charging[connector.key]
            self._change(at_s)

        return arrive

    def _meter(self, outlet: Outlet, visit: Visit) -> Callable[[float], None]:
        """MeterValues every minute; they wait at the station while it has no network. A change of the status, too."""
        key = outlet.spec.key

        def report(at_s: float) -> None:
            if outlet.visit is not visit or outlet.battery is None:
                return
            self._at(at_s + METER_S, report)
            if not self._stations[key.charge_point_id].is_online(at_s):
                return
            used = visit.vehicle.phases
            found = self._central.charging[key]
            before = (found.disobeys, found.is_suspended)
            self._central.read(key, moment(at_s), (*[outlet.drawn_da] * used, *[0] * (3 - used)))
            found.is_suspended = found.is_suspended or (outlet.battery.full and outlet.following_da > 0)
            if (found.disobeys, found.is_suspended) != before:
                self._change(at_s)

        return report

    # Steps of the plan

    def _change(self, at_s: float) -> None:
        """Something that a plan must look at: a wave that is out ends early, or the next step begins."""
        self._central.offline = {name for name, one in self._stations.items() if not one.is_online(at_s)}
        self._changed = True
        if not self._step_runs:
            self._take_step(at_s)

    def _look(self, at_s: float) -> None:
        """The plan's own time to look again has come, unless another step was taken since."""
        if not self._step_runs and self._step_due in {None, at_s}:
            self._take_step(at_s)

    def _take_step(self, at_s: float) -> None:
        self._step_runs, self._changed = True, False
        self.day.steps += 1
        self.day.transitions += STEP_STATES
        decision = self._central.decide(moment(at_s))
        both = (*decision.decreases, *decision.increases) if decision.decreases else ()
        if both:
            self.day.waves += 1
            self.day.transitions += DECREASE_STATES + len(both)
            self._send(both, at_s, lambda now_s: self._increase(self._central.decide(moment(now_s)), now_s))
        else:
            self._increase(decision, at_s)

    def _increase(self, decision: Decision, at_s: float) -> None:
        if decision.increases:
            self.day.transitions += INCREASE_STATES + len(decision.increases)
            self._send(decision.increases, at_s, lambda now_s: self._wait(decision, now_s))
        else:
            self._wait(decision, at_s)

    def _wait(self, decision: Decision, at_s: float) -> None:
        self._step_runs = False
        if self._changed:
            self._take_step(at_s)
            return
        due_s = at_s + REBALANCE_S
        if decision.next_turn is not None:
            due_s = min(due_s, ceil((decision.next_turn - moment(0)).total_seconds()))
        self._step_due = max(due_s, at_s + 1)
        self._at(self._step_due, self._look)

    def _send(self, targets: Iterable[Target], at_s: float, then: Callable[[float], None]) -> None:
        """Send profiles side by side; go on when all have answered or the deadline has passed."""
        open_targets = {target.key for target in targets}

        def settled(key: ConnectorKey, now_s: float) -> None:
            if key in open_targets:
                open_targets.discard(key)
                if not open_targets:
                    then(now_s)

        for target in targets:
            self._call(target, at_s, settled)

    def _call(self, target: Target, at_s: float, settled: Callable[[ConnectorKey, float], None]) -> None:
        """One SetChargingProfile: it reaches the station after what went before it, which answers in its own time."""
        key = target.key
        station = self._stations[key.charge_point_id]
        told, payload = self._central.profile(target, moment(at_s))
        transaction = self._central.charging[key].transaction_id
        self._central.charging[key].pending.append(told)
        arrives_s = max(at_s, self._busy_until_s.get(station.spec.id, 0.0)) + self._rng.uniform(0.05, 0.3)
        answers_s = arrives_s + station.spec.answers_after_s
        self._busy_until_s[station.spec.id] = answers_s
        outcome: list[str] = []

        def reach(now_s: float) -> None:
            if station.is_online(now_s):
                outcome.append(station.set_charging_profile(payload, now_s))

        def answer(now_s: float) -> None:
            if outcome and station.is_online(now_s):
                self._settle(key, transaction, told, outcome[0], now_s)
                settled(key, now_s)

        def give_up(now_s: float) -> None:
            if not outcome or answers_s > at_s + DEADLINE_S or not station.is_online(answers_s):
                self._settle(key, transaction, told, "no answer", now_s)
                settled(key, now_s)

        self._at(arrives_s, reach)
        self._at(answers_s, answer)
        self._at(at_s + DEADLINE_S, give_up)

    def _settle(self, key: ConnectorKey, transaction: TransactionId, told: Told, outcome: str, at_s: float) -> None:
        self.day.sent[outcome] += 1
        found = self._central.charging.get(key)
        if found is not None and found.transaction_id == transaction:
            self._central.settle(key, told, outcome, moment(at_s))

    # What is drawn

    def _tick(self, at_s: int) -> None:
        sums = [0, 0, 0]
        for key, outlet in self._charging.items():
            self.day.energy_wh[key, round(outlet.started_s)] += outlet.charge(at_s, TICK_S)
            if outlet.following_da == 0 and outlet.battery and not outlet.battery.full:
                self.day.waiting_s += TICK_S
            for phase in outlet.phases:
                sums[phase] += outlet.drawn_da
        self.day.drawn_da.append((sums[0], sums[1], sums[2]))
        limit_da = self._scenario.limits_da[at_s // QUARTER_S]
        if max(sums) > limit_da:
            self._note_excess(sums, limit_da, at_s)

    def _why(self, outlet: Outlet, at_s: int) -> str:
        if self._stations[outlet.spec.key.charge_point_id].spec.fault is Fault.LIES:
            return "lies"
        return "reaction" if at_s < outlet.reacting_until_s + TICK_S else "other"

    def _note_excess(self, sums: list[int], limit_da: int, at_s: int) -> None:
        """Whose current beyond its budget explains the excess; without any, more came than there was a reserve for."""
        worst = max(range(3), key=lambda phase: sums[phase])
        beyond_da: Counter[str] = Counter()
        for key, outlet in self._charging.items():
            budget_da = self._central.held_now_da(key, outlet.spec.maximum_da, moment(at_s))
            if worst in outlet.phases and outlet.drawn_da > budget_da:
                beyond_da[self._why(outlet, at_s)] += outlet.drawn_da - budget_da
        excess_da = sums[worst] - limit_da
        why = " and ".join(sorted(beyond_da)) if beyond_da.total() >= excess_da else "more newcomers than reserved for"
        self.day.excess_s[why] += TICK_S
        self.day.worst_excess_da[why] = max(self.day.worst_excess_da[why], excess_da)
