"""The parts of the benchmark: each measures, and says it in tables, in data and in what was missed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from benchmarks import aims, cost
from benchmarks.actions import ActionCost, measure_actions
from benchmarks.aims import Finding
from benchmarks.cost import Profile
from benchmarks.costs_of_kinds import invocations
from benchmarks.fleet import FleetRun, measure_fleet
from benchmarks.imports import ColdStart, measure_imports
from benchmarks.packages import package_sizes
from benchmarks.tables import Table

_ACTION_NOTES: Final = (
    "CPU time of the thread. boto3: inside botocore's clients. Ours: the rest, with building expressions and items.",
    "The link was touched less than a minute ago unless a row says otherwise; a touch is 1 write unit.",
    "Units are MiniStack's ConsumedCapacity, indexes included.",
)
_IMPORT_NOTES: Final = (
    "Ready: imported, DynamoDB client made, actions registered. First answer: ready, and one event answered.",
    "Floor: boto3, one DynamoDB client, a Powertools logger, pydantic.",
    "No bytecode: laid out as the layers are deployed, sources only, which Lambda compiles at every cold start.",
)
_FLEET_NOTES: Final = (
    "Gateway and handlers in one process, MiniStack in a second, the stations in a third, all on this machine.",
    "A day in fast motion: all stations connect and boot within its first 1.4 %.",
)
_COST_NOTES: Final = (
    "Counted units x the us-east-1 prices in benchmarks/prices.py.",
    "Not included: storage, backups, logs, CloudFront, operators' requests, cold starts.",
)


@dataclass(frozen=True)
class Section:
    """The result of one part."""

    name: str
    tables: Sequence[Table]
    data: Any
    failures: Sequence[str] = field(default=())
    """What fails the run."""


def actions_section(costs: Sequence[ActionCost]) -> Section:
    """CPU time, calls and units per action."""
    rows = [
        (
            one.step.action,
            one.step.circumstances,
            _calls(one),
            f"{one.cpu_ms:.2f}",
            f"{one.ours_ms:.2f}",
            f"{one.aws_ms:.2f}",
            f"{one.our_share:.0%}",
            f"{one.write_units:g}",
            f"{one.read_units:g}",
        )
        for one in costs
    ]
    headers = ("message", "circumstances", "AWS calls", "CPU ms", "ours", "boto3", "our share", "write units", "read")
    table = Table(
        "Handlers, warm",
        headers,
        rows,
        texts=3,
        notes=(f"Medians of {costs[0].runs} runs.", *_ACTION_NOTES),
    )
    findings = aims.of_actions(costs)
    return Section("actions", (table, _aims(findings)), [asdict(one) for one in costs], _missed(findings))


def _calls(one: ActionCost) -> str:
    return ", ".join(name if count == 1 else f"{count} {name}" for name, count in one.operations.items()) or "none"


def imports_section(runs: int) -> Section:
    """Cold starts and packages."""
    starts, packages = measure_imports(runs), package_sizes()
    table = Table(
        "Cold start",
        ("process", "ready ms", "x floor", "first answer ms", "peak MB", "ready ms, no bytecode", "x floor", "peak MB"),
        [_cold_start_row(what, starts) for what in dict.fromkeys(one.what for one in starts)],
        notes=(f"Medians of {starts[0].runs} fresh processes, CPU time.", *_IMPORT_NOTES),
    )
    sizes = Table(
        "Packages",
        ("package", "zipped KB", "unzipped KB"),
        [(one.name, f"{one.zipped_bytes / 1024:.1f}", f"{one.unzipped_bytes / 1024:.1f}") for one in packages],
    )
    data = {"coldStarts": [asdict(one) for one in starts], "packages": [asdict(one) for one in packages]}
    return Section("imports", (table, sizes, _aims(aims.of_imports(starts))), data)


def _cold_start_row(what: str, starts: Sequence[ColdStart]) -> tuple[str, ...]:
    with_bytecode, without = (
        next(one for one in starts if one.what == what and one.has_bytecode is has) for has in (True, False)
    )
    return (
        what,
        f"{with_bytecode.ready_ms:.0f}",
        f"{aims.ratio_to_floor(what, starts, True):.2f}",
        f"{with_bytecode.answered_ms:.0f}" if with_bytecode.answered_ms else "",
        f"{with_bytecode.peak_mb:.0f}",
        f"{without.ready_ms:.0f}",
        f"{aims.ratio_to_floor(what, starts, False):.2f}",
        f"{without.peak_mb:.0f}",
    )


def fleet_section(sizes: Sequence[int], day_s: float | None, visits: int) -> Section:
    """Response times under a fleet, each size at a stack of its own."""
    runs = [measure_fleet(stations, day_s or max(60.0, 0.6 * stations), visits) for stations in sizes]
    failures = [f"{run.report.stations} stations: {text}" for run in runs for text in _fleet_failures(run)]
    data = [
        {
            "stations": run.report.stations,
            "daySeconds": run.day_s,
            "calls": run.report.calls,
            "transactions": len(run.report.transactions),
            "storedTransactions": run.stored_transactions,
            "errors": run.report.errors,
            "actions": [asdict(action) for action in run.report.actions],
        }
        for run in runs
    ]
    return Section("fleet", [_fleet_table(run) for run in runs], data, failures)


def _fleet_table(run: FleetRun) -> Table:
    report = run.report
    rows = [
        (one.action, str(one.count), str(one.errors), *(f"{ms:.1f}" for ms in (one.p50_ms, one.p95_ms, one.p99_ms)))
        for one in report.actions
    ]
    agreement = "all alike, meter values too" if not run.differences else f"{len(run.differences)} DIFFERENCES"
    return Table(
        f"Fleet of {report.stations} stations",
        ("action", "calls", "errors", "p50 ms", "p95 ms", "p99 ms"),
        rows,
        notes=(
            f"{report.calls} calls in {report.duration_s:.0f} s, {report.calls / report.duration_s:.0f} a second.",
            f"{len(report.transactions)} transactions sent, {run.stored_transactions} stored: {agreement}.",
            *_FLEET_NOTES,
        ),
    )


def _fleet_failures(run: FleetRun) -> list[str]:
    return [*(f"{count} x {kind}" for kind, count in run.report.errors.items()), *run.differences]


def cost_section(costs: Sequence[ActionCost]) -> Section:
    """The modelled month."""
    bills = [cost.bill(profile, invocations(costs)) for profile in cost.PROFILES]
    rows = [
        (
            one.profile.name,
            *(
                f"{usd:.4f}"
                for usd in (
                    one.messages_usd,
                    one.connection_usd,
                    one.writes_usd,
                    one.reads_usd,
                    one.requests_usd,
                    one.duration_usd,
                    one.total_usd,
                )
            ),
            f"{one.messages:,.0f}",
            f"{one.write_units:,.0f}",
        )
        for one in bills
    ]
    headers = (
        "station",
        "messages",
        "minutes",
        "writes",
        "reads",
        "requests",
        "GB-s",
        "USD/month",
        "messages",
        "write units",
    )
    table = Table(
        "Cost of a station a month",
        headers,
        rows,
        notes=(
            *map(_profile_note, cost.PROFILES),
            *_COST_NOTES,
            f"Duration: measured CPU time at Lambda's share of a CPU, and {cost.AWS_CALL_WAIT_MS:g} ms a call.",
        ),
    )
    return Section("cost", (table,), [asdict(one) | {"total_usd": one.total_usd} for one in bills])


def _profile_note(profile: Profile) -> str:
    if not profile.sessions_a_day:
        return f"{profile.name}: a heartbeat every {profile.heartbeat_interval_s} s, a new connection every 2 h."
    sessions = f"{profile.sessions_a_day} sessions a day of {profile.session_min} min"
    return f"{profile.name}: besides, {sessions}, meter values every {profile.meter_interval_s} s."


def run_parts(
    names: Sequence[str], *, laps: int, starts: int, stations: Sequence[int], day_s: float | None, visits: int
) -> list[Section]:
    """The chosen parts, in the order of `names`; actions are measured once, for the cost as well."""
    costs = measure_actions(laps) if {"actions", "cost"} & set(names) else []
    measure = {
        "actions": lambda: actions_section(costs),
        "imports": lambda: imports_section(starts),
        "fleet": lambda: fleet_section(stations, day_s, visits),
        "cost": lambda: cost_section(costs),
    }
    return [measure[name]() for name in names]


def _aims(findings: Sequence[Finding]) -> Table:
    rows = [(one.aim, one.measured, "met" if one.is_met else "MISSED") for one in findings]
    return Table("Aims", ("aim", "measured", ""), rows, texts=3)


def _missed(findings: Sequence[Finding]) -> list[str]:
    return [f"{one.aim}: {one.measured}" for one in findings if one.decides and not one.is_met]
