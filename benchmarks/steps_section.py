"""Steps of charging plans: what each costs, and what that comes to at a site and day."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from benchmarks import site_cost
from benchmarks.aims import Finding
from benchmarks.cost import AWS_CALL_WAIT_MS
from benchmarks.machine import this_machine
from benchmarks.plan_latency import Latency, measure_latency
from benchmarks.section import Section, aims_table, missed
from benchmarks.site_cost import SiteBill
from benchmarks.steps import CHARGING_SHARE, CONNECTORS, LOOK, StepCost, measure_steps
from benchmarks.tables import Table
from local.fleet.report import percentile

ROUNDS: Final = 10
LATENCY_MS: Final = 2000.0
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
    load = this_machine().load
    latencies = measure_latency(ROUNDS)
    findings = [_of_transitions(costs), _of_latency(latencies)]
    tables = (
        Table("A step of a charging plan", _STEP_HEADERS, [_step_row(one) for one in costs], notes=_STEP_NOTES),
        Table("Cost of a charging plan in USD a day", _COST_HEADERS, [_bill_row(one) for one in bills], 0, _COST_NOTES),
        _latency_table(latencies, load),
        aims_table(findings),
    )
    data: dict[str, Any] = {
        "steps": [_data(one) for one in costs],
        "days": [asdict(one) | {"usd": one.total_usd} for one in bills],
        "latencies": [asdict(one) for one in latencies],
        "load": load,
    }
    return Section("steps", tables, data, missed(findings))


def _of_transitions(costs: Sequence[StepCost]) -> Finding:
    most = max(one.transitions for one in costs if one.event == LOOK and not one.decreases and not one.increases)
    return Finding(
        f"a step that finds nothing to send: {LOOK_TRANSITIONS} transitions",
        f"{most}",
        is_met=most <= LOOK_TRANSITIONS,
        decides=True,
    )


def _of_latency(latencies: Sequence[Latency]) -> Finding:
    slowest = max(percentile(one.own_ms, 95) for one in latencies)
    return Finding(
        f"a transaction hears its limit within {LATENCY_MS / 1000:g} s of its start, p95",
        f"at most {slowest / 1000:.2f} s",
        is_met=slowest < LATENCY_MS,
        decides=False,
    )


def _latency_table(latencies: Sequence[Latency], load: float) -> Table:
    headers = ("others charge", "rounds", "first frame: p50 ms", "p95", "its own limit: p50 ms", "p95")
    rows = [
        (f"{one.others}", f"{len(one.own_ms)}", *_milliseconds(one.first_ms), *_milliseconds(one.own_ms))
        for one in latencies
    ]
    notes = (
        "From the StartTransaction sent to the SetChargingProfile received, over sockets, at the stack of `make run`.",
        "The stream is read every 0.25 s, and MiniStack lets an execution begin 0.15 s after it was started.",
        f"Load average {load:.1f} when it began: above the number of processors, others shared the machine.",
    )
    return Table("From an event to the wire", headers, rows, texts=0, notes=notes)


def _milliseconds(ordered: list[float]) -> tuple[str, ...]:
    return tuple(f"{percentile(ordered, percent):.0f}" for percent in (50, 95))


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
