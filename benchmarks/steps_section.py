"""Steps of charging plans: what each costs, and what that comes to at a site and day."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from benchmarks import site_cost
from benchmarks.aims import Finding
from benchmarks.cost import AWS_CALL_WAIT_MS
from benchmarks.section import Section, aims_table, missed
from benchmarks.site_cost import SiteBill
from benchmarks.steps import CHARGING_SHARE, CONNECTORS, LOOK, StepCost, measure_steps
from benchmarks.tables import Table

LOOK_TRANSITIONS: Final = 4
_LOOKS: Final = site_cost.LOOKS_A_SESSION
_STEP_HEADERS: Final = (
    *("event", "connectors", "decreases", "increases", "transitions"),
    *("invocations", "AWS calls", "write units", "read units"),
)
_STEP_NOTES: Final = (
    f"Transactions at {CHARGING_SHARE:.0%} of the connectors; stations accept at once; deadline messages not included.",
    "From the wake-up to the next wait; the event's own message, and the stream that reports it, not included.",
    "Transitions: the states that the definition enters with as many targets, in moto's interpreter.",
)
_COST_HEADERS: Final = (
    *("connectors", "steps", "transitions", "Step Functions", "writes", "reads"),
    *("requests", "GB-s", "messages", "USD a day"),
)
_COST_NOTES: Final = (
    f"A connector has {site_cost.SESSIONS_A_DAY} sessions a day, each an arrival, a departure and {_LOOKS} looks.",
    f"Besides, a look every {site_cost.REBALANCE_S} s. What stations cost by themselves is told above.",
    f"Duration: measured CPU time at Lambda's share of a CPU, and {AWS_CALL_WAIT_MS:g} ms (assumed) a call in a row.",
)


def steps_section() -> Section:
    """Measured steps, and the modelled day."""
    costs = measure_steps()
    bills = [site_cost.bill(n, {one.event: one for one in costs if one.connectors == n}) for n in CONNECTORS]
    findings = [_of_transitions(costs)]
    tables = (
        Table("A step of a charging plan", _STEP_HEADERS, [_step_row(one) for one in costs], notes=_STEP_NOTES),
        Table("Cost of a charging plan in USD a day", _COST_HEADERS, [_bill_row(one) for one in bills], 0, _COST_NOTES),
        aims_table(findings),
    )
    data = {"steps": [_data(one) for one in costs], "days": [asdict(one) | {"usd": one.total_usd} for one in bills]}
    return Section("steps", tables, data, missed(findings))


def _of_transitions(costs: Sequence[StepCost]) -> Finding:
    most = max(one.transitions for one in costs if one.event == LOOK and not one.decreases and not one.increases)
    return Finding(
        f"a step that finds nothing to send: {LOOK_TRANSITIONS} transitions",
        f"{most}",
        is_met=most <= LOOK_TRANSITIONS,
        decides=True,
    )


def _step_row(one: StepCost) -> tuple[str, ...]:
    numbers = (
        *(one.connectors, one.decreases, one.increases, one.transitions),
        *(one.requests, one.aws_calls, one.write_units, one.read_units),
    )
    return (one.event, *(f"{number:g}" for number in numbers))


def _bill_row(one: SiteBill) -> tuple[str, ...]:
    parts = (
        *(one.workflow_usd, one.writes_usd, one.reads_usd),
        *(one.requests_usd, one.duration_usd, one.messages_usd, one.total_usd),
    )
    return (f"{one.connectors}", f"{one.steps:,}", f"{one.transitions:,}", *(f"{usd:.4f}" for usd in parts))


def _data(one: StepCost) -> dict[str, Any]:
    parts = {name: [asdict(each) for each in invocations] for name, invocations in one.invocations.items()}
    return {
        "event": one.event,
        "connectors": one.connectors,
        "decreases": one.decreases,
        "increases": one.increases,
        "transitions": one.transitions,
        "invocations": parts,
    }
