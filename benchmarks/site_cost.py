"""What a charging plan costs a site a day: how often it takes which step x what that was measured to use. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks import prices
from benchmarks.steps import ARRIVAL, DEPARTURE, LOOK, StepCost

REBALANCE_S: Final = 300
"""After so long a plan looks at its site though nothing has changed."""
SESSIONS_A_DAY: Final = 2
"""Of each connector."""
LOOKS_A_SESSION: Final = 5
"""Statuses that change nothing: Preparing, Charging, SuspendedEV, Finishing, Available."""


def steps_a_day(connectors: int) -> dict[str, int]:
    """How often each kind of step is taken; one is taken for every change, and all looks besides."""
    sessions = connectors * SESSIONS_A_DAY
    looks = LOOKS_A_SESSION * sessions + 24 * 3600 // REBALANCE_S
    return {ARRIVAL: sessions, DEPARTURE: sessions, LOOK: looks}


@dataclass(frozen=True)
class SiteBill:
    """USD a day for a site of so many connectors."""

    connectors: int
    steps: int
    transitions: int
    workflow_usd: float
    writes_usd: float
    reads_usd: float
    requests_usd: float
    duration_usd: float
    messages_usd: float

    @property
    def total_usd(self) -> float:
        """Everything."""
        return (
            self.workflow_usd
            + self.writes_usd
            + self.reads_usd
            + self.requests_usd
            + self.duration_usd
            + self.messages_usd
        )


def bill(connectors: int, costs: Mapping[str, StepCost]) -> SiteBill:
    """The day of one site; `costs` has a step of every kind."""
    counts = steps_a_day(connectors)

    def total(of: Callable[[StepCost], float]) -> float:
        return sum(count * of(costs[kind]) for kind, count in counts.items())

    transitions = round(total(lambda one: one.transitions))
    return SiteBill(
        connectors=connectors,
        steps=sum(counts.values()),
        transitions=transitions,
        workflow_usd=prices.STATE_TRANSITION.usd(transitions),
        writes_usd=prices.WRITE_UNIT.usd(total(lambda one: one.write_units)),
        reads_usd=prices.READ_UNIT.usd(total(lambda one: one.read_units)),
        requests_usd=prices.LAMBDA_REQUEST.usd(total(lambda one: one.requests)),
        duration_usd=prices.LAMBDA_GB_SECOND.usd(total(lambda one: one.gb_seconds)),
        messages_usd=prices.WEBSOCKET_MESSAGE.usd(total(lambda one: one.messages)),
    )
