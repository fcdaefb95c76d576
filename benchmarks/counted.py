"""What the cost model multiplies, as it was counted: measured here, kept in `counted.json` beside this module.

Counts are the same on every machine; times are those of the machine and the day that the file names.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
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
from csms import metrics
from csms.fleet_count import count_part
from csms.ids import ChargePointId
from csms.ocpp.primitives import format_timestamp
from csms.runtime import runtime
from csms.store.charge_points import ChargePoint, SecurityProfile
from csms.store.keys import SHARDS
from csms.store.links import Registration
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

_EVENTS: Final[Mapping[str, str]] = {cost.EVENT: "finish_calls", cost.EVENT_PUBLISHED: "publish_events"}
_EVENTS_OF_A_DAY: Final = (
    *(
        ("events", {"event": name})
        for name in (
            *("ChargePointConnected", "ChargePointDisconnected", "ConnectorStatusReported"),
            *("TransactionStarted", "TransactionEnded"),
        )
    ),
    ("calls", {"outcome": "accepted"}),
)
"""How they are counted: custom metrics."""
_STATIONS: Final = 800
"""That are there to be counted."""
_NOWHERE: Final[Mapping[str, Any]] = {"writes_by_place": {}, "reads_by_place": {}, "item_bytes": {}}


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
    usage |= {kind: _of_event(kind, cpu_ms_a_call) for kind in _EVENTS}
    usage |= count_sweeps()
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


def _of_event(kind: str, cpu_ms_a_call: float) -> Usage:
    """One that comes alone, which is what few stations have: reckoned, an AWS call for each."""
    memory_mb = FUNCTIONS[_EVENTS[kind]].memory_mb
    lines = [metrics.line(name, 1, **words) for name, words in _EVENTS_OF_A_DAY] if kind == cost.EVENT_PUBLISHED else []
    said = _said("\n".join(lines)) | {
        "logged_bytes": max(map(len, lines), default=0),
        "logged_lines": min(1, len(lines)),
    }
    spent = Spent(operations=Counter({"one": 1}))
    return Usage(**_spent(spent), **said, cpu_ms=round(cpu_ms_a_call, 2), memory_mb=memory_mb)


def count_sweeps() -> dict[str, Usage]:
    """A sweep with nothing to do; and what it takes more for each station, because it counts them."""
    meter = AwsMeter(counts_units=True)
    with embedded_aws(tells_metrics=True), meter.installed(), lap.listening() as said:
        _every_minute(meter, _sweep)  # what the first one loads and writes, others find
        idle_ns = _every_minute(meter, _sweep)
        idle = meter.spent
        nobody_ns = _every_minute(meter, _count)
        nobody = meter.spent
        meter.reset()
        _add_stations()
        counting_ns = _every_minute(meter, _count) - nobody_ns
    return {
        cost.SWEEP: _of_sweep(idle, idle_ns, said.getvalue()),
        cost.COUNTING: Usage(
            write_units=0,
            read_units=round((meter.spent.read_units - nobody.read_units) / _STATIONS, 3),
            cpu_ms=round(counting_ns / 1e6 / _STATIONS, 3),
            aws_calls=round((meter.spent.operations.total() - nobody.operations.total()) / _STATIONS, 3),
            memory_mb=FUNCTIONS["sweep"].memory_mb,
            **_NOWHERE,
        ),
    }


def _of_sweep(spent: Spent, cpu_ns: int, text: str) -> Usage:
    """One of those that come every minute; `text` is what two rounds of them said."""
    said = _said(text)
    return Usage(
        write_units=spent.write_units / SHARDS,
        read_units=spent.read_units / SHARDS,
        cpu_ms=round(cpu_ns / 1e6 / SHARDS, 2),
        aws_calls=spent.operations.total() / SHARDS,
        memory_mb=FUNCTIONS["sweep"].memory_mb,
        **_NOWHERE,
        logged_bytes=round(said["logged_bytes"] / (2 * SHARDS)),
        logged_lines=round(said["logged_lines"] / (2 * SHARDS)),
        series=said["series"],
    )


def _sweep(now: datetime) -> None:
    sweep.handler.lambda_handler({"time": format_timestamp(now)}, None)


def _count(now: datetime) -> None:
    count_part(runtime().store, now, runtime().settings.heartbeat_interval_s)


def _every_minute(meter: AwsMeter, work: Callable[[datetime], None]) -> int:
    """Once a minute until each shard had its turn; the CPU time in nanoseconds."""
    meter.reset()
    started, now = time.thread_time_ns(), datetime.now(UTC)
    for minute in range(SHARDS):
        work(now + timedelta(minutes=minute))
    return time.thread_time_ns() - started


def _add_stations() -> None:
    for number in range(_STATIONS):
        charge_point = ChargePoint(ChargePointId(f"BENCH-{number:04}"), SecurityProfile.NONE, datetime.now(UTC))
        runtime().store.links.create(charge_point.id, Registration.ACCEPTED)
        runtime().store.charge_points.create(charge_point)


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
