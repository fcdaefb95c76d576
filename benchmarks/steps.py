"""What a step of a charging plan costs: transitions of the workflow, invocations, AWS calls and capacity units.

A site is played in this process over MiniStack: its stations answer at once, through the functions behind their
connections. The workflow's transitions are those of its definition, run by moto with as many targets.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import pytest
from moto import mock_aws

from benchmarks.aws_meter import AwsMeter, Spent
from benchmarks.cost import Invocation
from benchmarks.embedded import embedded_aws
from csms.authorization import IdTag
from csms.runtime import runtime
from infra.definitions import FUNCTIONS
from local.environment import replaced_environment
from tests.integration.state_machine import ARN, StateMachine
from tests.played_site import PLAN, SITE, PlayedSite
from tests.scripted_plans import ScriptedPlans

CONNECTORS: Final = (10, 100)
CHARGING_SHARE: Final = 0.5
"""How many of the connectors have a transaction, so that an arrival changes the shares of so many others."""
_A_PER_CONNECTOR: Final = 8
"""On each phase: half of the connectors get 16 A."""

LOOK: Final = "look, nothing changed"
ARRIVAL: Final = "a transaction starts"
DEPARTURE: Final = "a transaction ends"


@dataclass
class StepCost:
    """One step of a plan, from the event to the next wait; `invocations` by function."""

    event: str
    connectors: int
    decreases: int = 0
    increases: int = 0
    invocations: dict[str, list[Invocation]] = field(default_factory=dict)
    aws_calls: int = 0
    transitions: int = 0

    @property
    def write_units(self) -> float:
        """Of all its invocations."""
        return sum(one.write_units for each in self.invocations.values() for one in each)

    @property
    def read_units(self) -> float:
        """Of all its invocations."""
        return sum(one.read_units for each in self.invocations.values() for one in each)

    @property
    def requests(self) -> int:
        """How often a function ran."""
        return sum(len(each) for each in self.invocations.values())

    @property
    def gb_seconds(self) -> float:
        """Of all its invocations."""
        return sum(one.gb_seconds for each in self.invocations.values() for one in each)

    @property
    def messages(self) -> int:
        """To the stations, and their answers."""
        return 2 * (self.decreases + self.increases)


def measure_steps() -> list[StepCost]:
    """Each kind of step at a site of each size."""
    costs = [cost for connectors in CONNECTORS for cost in _play(connectors)]
    for cost, transitions in zip(costs, count_transitions(costs), strict=True):
        cost.transitions = transitions
    return costs


def count_transitions(costs: list[StepCost]) -> list[int]:
    """How many states an execution enters that has as many targets: what Step Functions bills."""
    logging.getLogger("moto").setLevel(logging.CRITICAL)  # it tells of every choice that is not taken
    with pytest.MonkeyPatch.context() as patches, mock_aws(), replaced_environment(_MOTO):
        runtime.cache_clear()
        plans = ScriptedPlans(runtime().workflows)
        vars(runtime())["charging_plans"] = plans
        machine = StateMachine(runtime(), patches)
        counts = []
        for step, cost in enumerate(costs):
            plans.decreases = [f"D{number}" for number in range(cost.decreases)]
            plans.increases = [f"I{number}" for number in range(cost.increases)]
            assert machine.run(step=step) == "SUCCEEDED"
            counts.append(len(machine.entered(step=step)))
        runtime.cache_clear()
    return counts


_MOTO: Final = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "TABLE_NAME": "csms",
    "CHARGING_PLAN_ARN": ARN,
}


def _play(connectors: int) -> list[StepCost]:
    meter = AwsMeter(counts_units=True)
    with embedded_aws(), meter.installed(), pytest.MonkeyPatch.context() as patches:
        site = PlayedSite(runtime(), now=datetime.now(UTC))  # MiniStack deletes what TTL says is over
        site.install(patches)
        runtime().store.id_tags.put(IdTag("TAG1", max_active_transactions=None))
        site.add_site(connectors * _A_PER_CONNECTOR, safe_limit_da=60, newcomers=1)
        stations = [site.add_station(f"BENCH-{number:04}") for number in range(connectors)]
        for station in stations[: int(connectors * CHARGING_SHARE)]:
            station.begin()
        site.add_plan()
        site.settle()
        steps = _Steps(site, meter, connectors)
        arriving = stations[-1]
        arriving.begin()
        costs = [steps.play(ARRIVAL)]
        arriving.finish()
        costs.append(steps.play(DEPARTURE))
        costs.append(steps.play(LOOK))
    return costs


@dataclass
class _Steps:
    """Plays one step and counts by function."""

    site: PlayedSite
    meter: AwsMeter
    connectors: int

    def play(self, event: str) -> StepCost:
        """What the state machine does, from the wake-up to the next wait."""
        site, plans, cost = self.site, self.site.csms.charging_plans, StepCost(event, self.connectors)
        site.wait(seconds=1)
        last = site.plan.step
        with self._counted(cost, "wake_plans"):
            plans.wake(SITE)
        with self._counted(cost, "plan_charging"):
            plans.next_step(PLAN, last)
        number = site.executions.pop()
        with self._counted(cost, "plan_charging"):
            part = plans.take_step(PLAN, number)
        if part["decreases"]:
            cost.decreases = len(part["decreases"])
            self._send(cost, number, part["decreases"])
            with self._counted(cost, "plan_charging"):
                part = plans.rebudget(PLAN, number)
        if part["increases"]:
            cost.increases = len(part["increases"])
            self._send(cost, number, part["increases"])
        with self._counted(cost, "plan_charging"):
            plans.wait(PLAN, number, part["version"], site.token())
        return cost

    def _send(self, cost: StepCost, number: int, targets: list[str]) -> None:
        """Send, have it answered, and let the deadline message find the call ended."""
        for target in targets:
            token = self.site.token()
            with self._counted(cost, "send_profile"):
                self.site.csms.charging_plans.send(PLAN, number, target, token)
            with self._counted(cost, "message"):
                self.site.answer_all()
        self.site.wakes.clear()

    @contextmanager
    def _counted(self, cost: StepCost, function: str) -> Iterator[None]:
        outer, self.meter.spent = self.meter.spent, Spent()
        started = time.process_time_ns()
        yield
        spent, cpu_ns = self.meter.spent, time.process_time_ns() - started
        self.meter.spent = outer
        cost.aws_calls += sum(spent.operations.values())
        cost.invocations.setdefault(function, []).append(
            Invocation(
                write_units=spent.write_units,
                read_units=spent.read_units,
                cpu_ms=cpu_ns / 1e6,
                aws_calls=spent.calls_in_a_row,
                memory_mb=FUNCTIONS[function].memory_mb,
            )
        )
