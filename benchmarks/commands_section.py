"""Commands: units and AWS calls of one that succeeds, and its round trip."""

from typing import Any, Final

from benchmarks import aims
from benchmarks.commands import (
    COMMANDS,
    DEADLINE,
    LOG,
    PLACING,
    SETTLING,
    WAITING,
    CommandCost,
    measure_commands,
)
from benchmarks.machine import this_machine
from benchmarks.round_trip import REST_S, RoundTrips, measure_round_trips
from benchmarks.section import Section, aims_table, missed
from benchmarks.tables import Table
from local.fleet.report import percentile

ROUNDS: Final = 100
TIMED: Final = ("ClearCache", "ChangeAvailability")
"""One whose end changes nothing else, and one that may."""
_PERCENTS: Final = (50, 95)

_UNIT_HEADERS: Final = (
    *("command", "AWS calls", "write units", "read"),
    *("placed: write", "read", "answered: write", "read", "deadline: write", "read"),
    *("apart: log write", "looks read"),
)
_UNIT_NOTES: Final = (
    "A booted station accepts the command at once; its link was touched less than a minute ago.",
    "From the operator's request to the deadline message, which comes 30 s later and finds the call ended.",
    "Apart: the exchange in the message log, and the one look of an operator who waits for so quick a station.",
    "Units are MiniStack's ConsumedCapacity, indexes included; BatchGetItem, which has none there: half a unit a key.",
)
_PHASES: Final = (PLACING, SETTLING, DEADLINE, LOG, WAITING)
_CPU_HEADERS: Final = (
    "command",
    *("placed: ours", "boto3", "answered: ours", "boto3", "deadline: ours", "boto3"),
    *("apart: log, ours", "boto3", "looks, ours", "boto3"),
)
_CPU_NOTES: Final = (
    "Medians over the same phases. Placed: the API's function, with the engine; answered: `message`, with the engine.",
    "Ours includes making the event that the function gets, and reading what it answers.",
)
_TIME_HEADERS: Final = ("command", "circumstances", "rounds", "p50 ms", "p95 ms", "overhead: p50", "p95")


def commands_section() -> Section:
    """Units at an embedded AWS in this process, then times at the running stack."""
    costs = measure_commands()
    load = this_machine().load
    trips = measure_round_trips({action: COMMANDS[action] for action in TIMED}, ROUNDS)
    findings = aims.of_commands(costs, trips)
    data = {"units": [_units_data(one) for one in costs], "load": load, "times": [_times_data(one) for one in trips]}
    tables = (_units_table(costs), _cpu_table(costs), _times_table(trips, load), aims_table(findings))
    return Section("commands", tables, data, missed(findings))


def _units_table(costs: list[CommandCost]) -> Table:
    return Table("A command that succeeds", _UNIT_HEADERS, [_units_row(one) for one in costs], 2, _UNIT_NOTES)


def _units_row(one: CommandCost) -> tuple[str, ...]:
    calls = ", ".join(name if count == 1 else f"{count} {name}" for name, count in one.operations.items())
    placing, settling, deadline = (one.phases[phase] for phase in (PLACING, SETTLING, DEADLINE))
    units = [one.write_units, one.read_units]
    for phase in (placing, settling, deadline):
        units += [phase.write_units, phase.read_units]
    units += [one.phases[LOG].write_units, one.phases[WAITING].read_units]
    return (one.action, calls, *(f"{number:g}" for number in units))


def _cpu_table(costs: list[CommandCost]) -> Table:
    rows = [(one.action, *(f"{ms:.2f}" for phase in _PHASES for ms in one.cpu_ms[phase])) for one in costs]
    return Table("CPU time of a command, ms", _CPU_HEADERS, rows, 1, _CPU_NOTES)


def _times_table(trips: list[RoundTrips], load: float) -> Table:
    notes = (
        "From the operator's request with `wait`, over HTTP, to its answer with the settled command.",
        "Overhead: without the station's own time, from the frame received to the answer sent.",
        "Right after another: no pause between an answer and the next request; the same station each time.",
        "Who waits looks every 30 ms at first: its length is a number of looks.",
        "Gateway and handlers in one process, MiniStack in a second, station and operator in a third.",
        f"Load average {load:.1f} when it began: above the number of processors, others shared the machine.",
    )
    rows = [
        (
            one.action,
            _circumstances(one),
            str(len(one.total_ms)),
            *_milliseconds(one.total_ms),
            *_milliseconds(one.overhead_ms),
        )
        for one in trips
    ]
    return Table("Round trip of a command", _TIME_HEADERS, rows, texts=2, notes=notes)


def _circumstances(one: RoundTrips) -> str:
    return f"{REST_S:g} s after another" if one.has_rest else "right after another"


def _milliseconds(ordered: list[float]) -> tuple[str, ...]:
    return tuple(f"{percentile(ordered, percent):.1f}" for percent in _PERCENTS)


def _units_data(one: CommandCost) -> dict[str, Any]:
    phases = {
        name: {
            "writeUnits": phase.write_units,
            "readUnits": phase.read_units,
            "operations": phase.operations,
            "cpuMs": dict(zip(("ours", "boto3"), one.cpu_ms[name], strict=True)),
        }
        for name, phase in one.phases.items()
    }
    return {"action": one.action, "writeUnits": one.write_units, "readUnits": one.read_units, "phases": phases}


def _times_data(one: RoundTrips) -> dict[str, Any]:
    times = {"hasRest": one.has_rest, "total": _percentiles(one.total_ms), "overhead": _percentiles(one.overhead_ms)}
    return {"action": one.action, "rounds": len(one.total_ms)} | times


def _percentiles(ordered: list[float]) -> dict[str, float]:
    return {f"p{percent}": percentile(ordered, percent) for percent in _PERCENTS}
