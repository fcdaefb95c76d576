"""What the cost model multiplies, as it was counted: measured here, kept in `counted.json` beside this module.

Counts are the same on every machine; times are those of the machine and the day that the file names.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sweep.handler
from benchmarks import cost, lap
from benchmarks.actions import ActionCost
from benchmarks.aws_meter import AwsMeter, Spent
from benchmarks.commands import DEADLINE, LOG, PLACING, SETTLING, WAITING, CommandCost, measure_commands
from benchmarks.cost import Invocation, Usage
from benchmarks.embedded import embedded_aws
from benchmarks.lap import Sample, Step
from benchmarks.page import PAGE
from csms.ocpp.primitives import format_timestamp
from infra.definitions import FUNCTIONS

FILE: Final = Path(__file__).with_name("counted.json")

STEPS: Final[Mapping[str, Step]] = {
    cost.CONNECT: lap.CONNECT,
    cost.DISCONNECT: lap.DISCONNECT,
    cost.FIRST_MESSAGE: lap.FIRST_MESSAGE,
    cost.HEARTBEAT: lap.HEARTBEAT,
    cost.TOUCHING_METER_VALUES: lap.TOUCHING_METER_VALUES,
    cost.METER_VALUES: lap.METER_VALUES,
    cost.AUTHORIZE: Step("Authorize"),
    cost.START: Step("StartTransaction"),
    cost.STOP: Step("StopTransaction"),
    cost.STATUS: Step("StatusNotification"),
    cost.BOOT: Step("BootNotification"),
}
"""Which measured step stands for which kind of invocation."""

_COMMAND: Final = "TriggerMessage"
_PHASES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    cost.COMMAND: ("operator_api", (PLACING, WAITING)),
    cost.COMMAND_ANSWER: ("message", (SETTLING, LOG)),
    cost.COMMAND_DEADLINE: ("dispatch_calls", (DEADLINE,)),
}
"""Which function does what of a command."""

_NOT_COUNTED: Final = Invocation(write_units=0, read_units=0, cpu_ms=0, aws_calls=0, memory_mb=512)


_COLD_START: Final = re.compile(r"^\| message \|(?: *[\d.]+ \|){4} *(?P<ms>[\d.]+) \|", re.MULTILINE)


def cold_start_ms() -> float:
    """CPU time until `message` is ready, as deployed without bytecode: from docs/performance.md, measured apart."""
    found = _COLD_START.search(PAGE.read_text())
    assert found, "no cold start of message in docs/performance.md"
    return float(found["ms"])


@dataclass(frozen=True)
class Counted:
    """Usage by kind of invocation."""

    usage: Mapping[str, Usage]
    cold_start: Invocation
    """Of `message`, before its first answer."""
    machine: str

    def write(self) -> None:
        """Keep it for the page."""
        FILE.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")

    @classmethod
    def read(cls) -> "Counted":
        """As it was kept."""
        kept: dict[str, Any] = json.loads(FILE.read_text())
        return cls(
            usage={kind: Usage(**usage) for kind, usage in kept["usage"].items()},
            cold_start=Invocation(**kept["cold_start"]),
            machine=kept["machine"],
        )


def count(costs: Sequence[ActionCost], cold_start_ms: float, machine: str) -> Counted:
    """Messages as measured; besides, a command and an idle sweep."""
    by_step = {one.step: one for one in costs}
    usage = {kind: _of_message(kind, by_step[step]) for kind, step in STEPS.items()}
    cpu_ms_a_call = sum(one.cpu_ms for one in costs) / sum(sum(one.operations.values()) for one in costs)
    command = next(one for one in measure_commands() if one.action == _COMMAND)
    usage |= {kind: _of_command(command, kind, cpu_ms_a_call) for kind in _PHASES}
    usage[cost.SWEEP] = _of_sweep(cpu_ms_a_call)
    memory_mb = FUNCTIONS["message"].memory_mb
    return Counted(usage, Invocation(0, 0, cpu_ms=round(cold_start_ms), aws_calls=0, memory_mb=memory_mb), machine)


def _of_message(kind: str, measured: ActionCost) -> Usage:
    function = kind if kind in FUNCTIONS else "message"
    counted: Sample = measured.counted
    return Usage(
        **_spent(counted.spent),
        cpu_ms=round(measured.cpu_ms, 2),
        memory_mb=FUNCTIONS[function].memory_mb,
        received_bytes=counted.received_bytes,
        answer_bytes=counted.answer_bytes,
        **_said(counted.said),
    )


def _of_command(command: CommandCost, kind: str, cpu_ms_a_call: float) -> Usage:
    """Its CPU time is reckoned from its calls: phases run inside of each other."""
    function, phases = _PHASES[kind]
    spent = Spent()
    for phase in phases:
        one = command.phases[phase]
        spent.write_units += one.write_units
        spent.read_units += one.read_units
        spent.operations.update(one.operations)
        spent.units_by_place.update(one.units_by_place)
        spent.reads_by_place.update(one.reads_by_place)
        spent.item_bytes.update(one.item_bytes)
    calls = spent.operations.total()
    return Usage(**_spent(spent), cpu_ms=round(calls * cpu_ms_a_call, 2), memory_mb=FUNCTIONS[function].memory_mb)


def _of_sweep(cpu_ms_a_call: float) -> Usage:
    meter = AwsMeter(counts_units=True)
    with embedded_aws(tells_metrics=True), meter.installed(), lap.listening() as said:
        sweep.handler.lambda_handler({"time": format_timestamp(datetime.now(UTC))}, None)
    calls = meter.spent.operations.total()
    memory_mb, cpu_ms = FUNCTIONS["sweep"].memory_mb, round(calls * cpu_ms_a_call, 2)
    return Usage(**_spent(meter.spent), **_said(said.getvalue()), cpu_ms=cpu_ms, memory_mb=memory_mb)


def _spent(spent: Spent) -> dict[str, Any]:
    return {
        "write_units": spent.write_units,
        "read_units": spent.read_units,
        "aws_calls": spent.operations.total(),
        "writes_by_place": dict(spent.units_by_place),
        "reads_by_place": dict(spent.reads_by_place),
        "item_bytes": dict(spent.item_bytes),
    }


def _said(text: str) -> dict[str, Any]:
    """What is logged, and the custom metrics that CloudWatch makes of it (lines in its embedded metric format)."""
    lines = text.splitlines()
    read = [json.loads(line) for line in lines if line.startswith('{"_aws"')]
    series = {
        " ".join([metric["Name"], *(f"{name}={line[name]}" for name in dimensions)])
        for line in read
        for directive in line["_aws"]["CloudWatchMetrics"]
        for dimensions in directive["Dimensions"]
        for metric in directive["Metrics"]
    }
    return {"logged_bytes": len(text.encode()), "logged_lines": len(lines), "series": sorted(series)}
