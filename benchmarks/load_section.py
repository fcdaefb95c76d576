"""A thousand stations: response times by phase, memory, and whether anything was lost."""

from collections import Counter
from typing import Any, Final

from benchmarks.aims import Finding
from benchmarks.load import LoadRun, Scenario, measure_load
from benchmarks.load.memory import FLAT_MB_PER_HOUR, LONG_ENOUGH_S, WARM_UP, Growth
from benchmarks.load.recorder import Figures
from benchmarks.load.run import CSMS, MINISTACK
from benchmarks.load.scenario import FIRMWARE, MIDNIGHT, PHASES, RAMP, STEADY, STORM
from benchmarks.section import Section, aims_table, missed
from benchmarks.tables import Table

_PERCENTS: Final = (50, 95, 99)
_MOST_TOLD: Final = 20


def load_section(stations: int, minutes: float) -> Section:
    """One run with as many stations, and as many minutes of ordinary life."""
    return section_of(measure_load(Scenario.of(stations, minutes)))


def section_of(run: LoadRun) -> Section:
    """A run, told."""
    findings = _findings(run)
    tables = (_phases_table(run), _actions_table(run), _stored_table(run), _memory_table(run), aims_table(findings))
    return Section("load", tables, _data(run), [*_failures(run), *missed(findings)])


def _failures(run: LoadRun) -> list[str]:
    """Errors that stations met, lines in the log of the functions, and what is stored otherwise than it was sent."""
    errors = [f"{count} x {kind}" for kind, count in run.recorder.errors.items()]
    logged = [f"{count} x in the log: {line}" for line, count in Counter(run.log_errors).items()]
    told = [*errors, *run.comparison.differences, *logged]
    more = len(told) - _MOST_TOLD
    return told if more <= 0 else [*told[:_MOST_TOLD], f"and {more} more"]


def _phases_table(run: LoadRun) -> Table:
    scenario, minute = run.scenario, 60
    what = {
        RAMP: f"all connect and boot, evenly over {scenario.ramp_s:.0f} s",
        STEADY: f"ordinary life for {scenario.steady_s / minute:g} min",
        STORM: f"all connections cut at once; back within {scenario.back_off_s:.0f} s, with a boot and what was missed",
        MIDNIGHT: f"every transaction stopped within {scenario.midnight_s:.0f} s",
        FIRMWARE: f"one bulk UpdateFirmware; each downloads within {scenario.update_s:.0f} s, installs, boots",
    }
    rows = []
    for phase in PHASES:
        figures, lasted_s = run.recorder.figures[phase].values(), run.recorder.duration_s[phase]
        calls = sum(one.count for one in figures)
        rows.append(
            (
                *(phase, what[phase], f"{lasted_s:.0f}", str(calls), f"{calls / lasted_s:.0f}"),
                *(str(sum(one.errors for one in figures)), str(sum(one.cut_off for one in figures))),
            )
        )
    stay, pause = scenario.stay_s, scenario.pause_s
    notes = (
        f"In real time. Vehicles come to one connector of {scenario.charging_stations:.0%} of the stations.",
        f"They stay {stay[0]:g}-{stay[1]:g} s, and {pause[0]:g}-{pause[1]:g} s later comes the next.",
        f"MeterValues every {scenario.sample_s} s, a Heartbeat every {scenario.heartbeat_s} s.",
        "Ramp, storm and downloads are as fast as one process serves them: a boot is 8 messages, 25 requests to AWS.",
        "Cut off: no answer, because the connection was cut on purpose; a station repeats what may not be lost.",
        "Gateway and handlers in one process, MiniStack in a second, the stations in a third, all on this machine.",
    )
    headers = ("phase", "what happens", "s", "calls", "a second", "errors", "cut off")
    return Table(f"{scenario.stations} stations", headers, rows, texts=2, notes=notes)


def _actions_table(run: LoadRun) -> Table:
    rows = [
        (phase, action, str(one.count), str(one.errors), *_milliseconds(one))
        for phase in PHASES
        for action, one in sorted(run.recorder.figures[phase].items())
    ]
    headers = ("phase", "action", "calls", "errors", "p50 ms", "p95 ms", "p99 ms")
    return Table("Response times by phase", headers, rows, texts=2)


def _milliseconds(figures: Figures) -> tuple[str, ...]:
    return tuple(f"{figures.percentile_ms(percent):.1f}" if figures.times_ms else "" for percent in _PERCENTS)


def _stored_table(run: LoadRun) -> Table:
    rows = [(what, f"{sent:,}", f"{stored:,}") for what, sent, stored in run.comparison.rows]
    count = len(run.comparison.differences)
    notes = (
        f"Each transaction, status and connector compared with what its station knows: {count or 'no'} differences.",
        "Sent: what was confirmed. A status that was cut off may be stored or not.",
        "The bulk result has every station as accepted, and every charge point one update, completed, in this order:",
        "Downloading, fetched, Downloaded, Installing, Installed.",
    )
    return Table("Sent and stored", ("what", "sent", "stored"), rows, notes=notes)


def _memory_table(run: LoadRun) -> Table:
    rows = [_memory_row(one) for one in run.growths]
    stored, size = run.items[STEADY] - run.items[RAMP], run.ministack_bytes_per_item
    notes = (
        "Resident set size at the end of each phase, and its most.",
        f"MB/h: slope of the least-squares line through the steady phase without its first {WARM_UP:.0%}.",
        f"Flat: at most {FLAT_MB_PER_HOUR:g} MB/h, told after {LONG_ENOUGH_S / 60:g} min; for gateway and handlers.",
        "MiniStack keeps the table and 24 h of its stream in memory, so it grows by what is stored.",
        f"In the steady phase {stored:,} items, at {size:,.0f} bytes each; {run.items[FIRMWARE]:,} in the end.",
    )
    return Table("Memory", ("process", *PHASES, "most MB", "MB/h", "verdict"), rows, notes=notes)


def _memory_row(one: Growth) -> tuple[str, ...]:
    verdict = {CSMS: "flat" if one.is_flat else "GROWS", MINISTACK: "as stored"}.get(one.name, "")
    if one.name == CSMS and not one.is_told:
        verdict = "too short to tell"
    by_phase = (f"{one.by_phase[phase]:.0f}" if phase in one.by_phase else "" for phase in PHASES)
    return (one.name, *by_phase, f"{one.most_mb:.0f}", f"{one.mb_per_hour:+.1f}" if one.is_told else "", verdict)


def _findings(run: LoadRun) -> list[Finding]:
    figures = [one for phase in run.recorder.figures.values() for one in phase.values()]
    errors = run.recorder.errors.total()
    differences = len(run.comparison.differences)
    found = [
        Finding("no call ends in an error", f"{errors} of {sum(one.count for one in figures):,}", errors == 0, True),
        Finding("what was sent is stored, once", f"{differences} differences", differences == 0, True),
    ]
    ours = next(one for one in run.growths if one.name == CSMS)
    if ours.is_told:
        aim = f"gateway and handlers grow by at most {FLAT_MB_PER_HOUR:g} MB/h"
        measured = f"{ours.mb_per_hour:+.1f} MB/h over {ours.watched_s / 60:.0f} min"
        found.append(Finding(aim, measured, ours.is_flat, True))
    return found


def _data(run: LoadRun) -> dict[str, Any]:
    phases = {
        phase: {
            "seconds": run.recorder.duration_s[phase],
            "items": run.items[phase],
            "actions": {action: _action_data(one) for action, one in run.recorder.figures[phase].items()},
        }
        for phase in PHASES
    }
    return {
        "stations": run.scenario.stations,
        "steadySeconds": run.scenario.steady_s,
        "phases": phases,
        "errors": run.recorder.errors,
        "differences": run.comparison.differences,
        "log": run.log_errors,
        "stored": [{"what": what, "sent": sent, "stored": stored} for what, sent, stored in run.comparison.rows],
        "memory": {
            name: [{"second": round(one.at_s), "phase": one.phase, "mb": one.mb} for one in samples]
            for name, samples in run.samples.items()
        },
    }


def _action_data(one: Figures) -> dict[str, Any]:
    percentiles = {f"p{percent}Ms": one.percentile_ms(percent) for percent in _PERCENTS}
    return {"calls": one.count, "errors": one.errors, "cutOff": one.cut_off} | percentiles
