"""Response times under a fleet."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from benchmarks.fleet import STORM, FleetRun, Percentiles, measure_fleet
from benchmarks.section import Section
from benchmarks.tables import Table
from local.fleet import ActionReport

SHORTEST_DAY_S: Final = 60.0
SECONDS_PER_STATION: Final = 0.6
"""Keeps a larger fleet at about 100 messages a second, 20 times what as many real stations send."""

_HEADERS: Final = (
    *("action", "calls", "errors", "p50 ms", "p95 ms", "p99 ms"),
    *("with boots: p50", "p95", "p99"),
)
_NOTES: Final = (
    "Gateway and handlers in one process, MiniStack in a second, the stations in a third, all on this machine.",
    "A day in fast motion: all stations boot within its first 1.4 %, a storm that lasts as long as MiniStack needs.",
    f"The first figures are of the {1 - STORM:.0%} of the day that follow its beginning, the last of all of it.",
)


def fleet_section(sizes: Sequence[int], day_s: float | None, visits: int) -> Section:
    """Each size at a stack of its own."""
    runs = [
        measure_fleet(stations, day_s or max(SHORTEST_DAY_S, SECONDS_PER_STATION * stations), visits)
        for stations in sizes
    ]
    failures = [f"{run.report.stations} stations: {text}" for run in runs for text in _failures(run)]
    return Section("fleet", [_table(run) for run in runs], [_data(run) for run in runs], failures)


def _failures(run: FleetRun) -> list[str]:
    return [*(f"{count} x {kind}" for kind, count in run.report.errors.items()), *run.differences]


def _table(run: FleetRun) -> Table:
    report = run.report
    agreement = "all alike, meter values too" if not run.differences else f"{len(run.differences)} DIFFERENCES"
    notes = (
        f"{report.calls} calls in {report.duration_s:.0f} s, {report.calls / report.duration_s:.0f} a second.",
        f"{len(report.transactions)} transactions sent, {run.stored_transactions} stored: {agreement}.",
        *_NOTES,
    )
    rows = [_row(one, run.settled.get(one.action)) for one in report.actions]
    return Table(f"Fleet of {report.stations} stations", _HEADERS, rows, notes=notes)


def _row(one: ActionReport, settled: Percentiles | None) -> tuple[str, ...]:
    all_day = _milliseconds((one.p50_ms, one.p95_ms, one.p99_ms))
    return (one.action, str(one.count), str(one.errors), *_milliseconds(settled), *all_day)


def _milliseconds(percentiles: Percentiles | None) -> tuple[str, ...]:
    return tuple(f"{ms:.1f}" for ms in percentiles) if percentiles else ("", "", "")


def _data(run: FleetRun) -> dict[str, object]:
    return {
        "stations": run.report.stations,
        "daySeconds": run.day_s,
        "calls": run.report.calls,
        "transactions": len(run.report.transactions),
        "storedTransactions": run.stored_transactions,
        "errors": run.report.errors,
        "actions": [asdict(action) for action in run.report.actions],
        "settled": run.settled,
    }
