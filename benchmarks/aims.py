"""What the figures are held against. Times are told, only counts decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.actions import ActionCost
from benchmarks.commands import CommandCost
from benchmarks.imports import ColdStart
from benchmarks.lap import HEARTBEAT
from benchmarks.planning import INTERVALS, PlanningTime
from benchmarks.round_trip import REST_S, RoundTrips
from local.fleet.report import percentile

OUR_SHARE: Final = 0.25
IMPORT_RATIO: Final = 1.15
HEARTBEAT_MS: Final = 0.3
MESSAGE_MS: Final = 1.0
HEARTBEAT_UNITS: Final = (1.0, 0.0)
START_WRITE_UNITS: Final = 4.0
COMMAND_UNITS: Final = (5.0, 3.0)
COMMAND_OVERHEAD_MS: Final = 100.0
PLANNING_CONNECTORS: Final = 1_000
PLANNING_MS: Final = 50.0
PLANNING_GROWTH: Final = 2.0


@dataclass(frozen=True)
class Finding:
    """One aim and what was measured."""

    aim: str
    measured: str
    is_met: bool
    decides: bool
    """Whether missing it fails the run: counts are the same on every machine."""


def of_actions(costs: Sequence[ActionCost]) -> list[Finding]:
    """Of CPU time and capacity units."""
    beats = [cost for cost in costs if cost.step == HEARTBEAT]
    starts = [cost for cost in costs if cost.step.action == "StartTransaction"]
    calling = [cost for cost in costs if cost.operations]
    largest = max(calling, key=lambda cost: cost.our_share)
    slowest = max(costs, key=lambda cost: cost.ours_ms)
    beat_ms = max(cost.ours_ms for cost in beats)
    heartbeat = max((cost.write_units, cost.read_units) for cost in beats)
    start = max(cost.write_units for cost in starts)
    return [
        Finding(
            f"our code at most {OUR_SHARE:.0%} of the CPU time of a message that calls AWS",
            f"at most {largest.our_share:.0%} ({largest.step.action})",
            is_met=largest.our_share <= OUR_SHARE,
            decides=False,
        ),
        Finding(
            f"our code under {HEARTBEAT_MS:g} ms of CPU time for a Heartbeat, link touched",
            f"{beat_ms:.2f} ms",
            is_met=beat_ms < HEARTBEAT_MS,
            decides=False,
        ),
        Finding(
            f"our code under {MESSAGE_MS:g} ms of CPU time for any message",
            f"at most {slowest.ours_ms:.2f} ms ({slowest.step.action})",
            is_met=slowest.ours_ms < MESSAGE_MS,
            decides=False,
        ),
        Finding(
            "Heartbeat on a warm function: 1 write unit, no read",
            f"{heartbeat[0]:g} write, {heartbeat[1]:g} read",
            is_met=heartbeat <= HEARTBEAT_UNITS,
            decides=True,
        ),
        Finding(
            f"StartTransaction at most {START_WRITE_UNITS:g} write units, message log included",
            f"{start:g}",
            is_met=start <= START_WRITE_UNITS,
            decides=True,
        ),
        Finding(
            "no transactional write",
            ", ".join(cost.step.action for cost in costs if "TransactWriteItems" in cost.operations) or "none",
            is_met=not any("TransactWriteItems" in cost.operations for cost in costs),
            decides=True,
        ),
    ]


def of_imports(starts: Sequence[ColdStart]) -> list[Finding]:
    """Of the cold start of `message`."""
    compiled, sources = (
        next(one.x_floor for one in starts if one.what == "message" and one.has_bytecode is has)
        for has in (True, False)
    )
    return [
        Finding(
            f"`message` ready within {IMPORT_RATIO}x of boto3 + client + logger + pydantic, as deployed: no bytecode",
            f"{sources:.2f}x (with bytecode {compiled:.2f}x)",
            is_met=sources <= IMPORT_RATIO,
            decides=False,
        )
    ]


def of_commands(costs: Sequence[CommandCost], trips: Sequence[RoundTrips]) -> list[Finding]:
    """Of what a command that succeeds costs, and how long it takes."""
    writes, reads = COMMAND_UNITS
    return [
        Finding(
            f"a command that succeeds: at most {writes:g} write units, deadline message included, message log apart",
            _by_action({one.action: one.write_units for one in costs}),
            is_met=all(one.write_units <= writes for one in costs),
            decides=True,
        ),
        Finding(
            f"a command that succeeds: at most {reads:g} read units, deadline message included, looks apart",
            _by_action({one.action: one.read_units for one in costs}),
            is_met=all(one.read_units <= reads for one in costs),
            decides=True,
        ),
        _of_overhead(f", {REST_S:g} s after another", [one for one in trips if one.has_rest]),
        _of_overhead(", right after another", [one for one in trips if not one.has_rest]),
    ]


def of_planning(times: Sequence[PlanningTime]) -> list[Finding]:
    """Of how long deciding about a site takes, and how that grows."""
    short = [one for one in times if one.intervals == INTERVALS[0]]
    slowest = max(one.cpu_ms for one in short if one.connectors == PLANNING_CONNECTORS)
    growth = max(
        large.cpu_ms / large.connectors / (one.cpu_ms / one.connectors)
        for one in short
        for large in short
        if (one.connectors, one.policy, one.is_scarce) == (PLANNING_CONNECTORS, large.policy, large.is_scarce)
        and large.connectors == 10 * PLANNING_CONNECTORS
    )
    return [
        Finding(
            f"deciding about {PLANNING_CONNECTORS:,} connectors takes under {PLANNING_MS:g} ms",
            f"{slowest:.0f} ms",
            is_met=slowest < PLANNING_MS,
            decides=False,
        ),
        Finding(
            f"with ten times as many, at most {PLANNING_GROWTH:g} times as long for each",
            f"{growth:.1f} times",
            is_met=growth <= PLANNING_GROWTH,
            decides=False,
        ),
    ]


def _of_overhead(circumstances: str, trips: Sequence[RoundTrips]) -> Finding:
    slowest = max(percentile(one.overhead_ms, 95) for one in trips)
    return Finding(
        f"overhead of a command over the station's own time under {COMMAND_OVERHEAD_MS:g} ms p95{circumstances}",
        f"at most {slowest:.0f} ms",
        is_met=slowest < COMMAND_OVERHEAD_MS,
        decides=False,
    )


def _by_action(units: dict[str, float]) -> str:
    """One number if all are alike, else who has which."""
    actions = {number: [action for action, one in units.items() if one == number] for number in units.values()}
    if len(actions) == 1:
        return f"{next(iter(actions)):g}"
    return "; ".join(f"{number:g} ({', '.join(actions[number])})" for number in sorted(actions))
