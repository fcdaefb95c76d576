"""What the figures are held against. Times are told, only counts decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.actions import ActionCost
from benchmarks.imports import ColdStart
from benchmarks.lap import HEARTBEAT

OUR_SHARE: Final = 0.25
IMPORT_RATIO: Final = 1.3
HEARTBEAT_UNITS: Final = (1.0, 0.0)
START_WRITE_UNITS: Final = 4.0


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
            f"`message` ready within {IMPORT_RATIO}x of boto3 + client + logger + pydantic",
            f"{compiled:.2f}x (without bytecode {sources:.2f}x)",
            is_met=max(compiled, sources) <= IMPORT_RATIO,
            decides=False,
        )
    ]
