"""Handlers: CPU time, calls and units per message."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from benchmarks import aims
from benchmarks.actions import ActionCost
from benchmarks.section import Section, aims_table, missed
from benchmarks.tables import Table

_HEADERS: Final = (
    *("message", "circumstances", "AWS calls"),
    *("CPU ms", "ours", "boto3", "our share", "write units", "read"),
)
_NOTES: Final = (
    "CPU time of the thread. boto3: inside botocore's clients. Ours: the rest, with building expressions and items.",
    "The link was touched less than a minute ago unless a row says otherwise; a touch is 1 write unit.",
    "Units are MiniStack's ConsumedCapacity, indexes included.",
)


def actions_section(costs: Sequence[ActionCost]) -> Section:
    """The table of all messages, and the aims."""
    notes = (f"Medians of {costs[0].runs} runs.", *_NOTES)
    table = Table("Handlers, warm", _HEADERS, [_row(one) for one in costs], texts=3, notes=notes)
    findings = aims.of_actions(costs)
    return Section("actions", (table, aims_table(findings)), [asdict(one) for one in costs], missed(findings))


def _row(one: ActionCost) -> tuple[str, ...]:
    return (
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


def _calls(one: ActionCost) -> str:
    return ", ".join(name if count == 1 else f"{count} {name}" for name, count in one.operations.items()) or "none"
