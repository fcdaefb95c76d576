"""How long it takes to decide about a site's power."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from benchmarks import aims
from benchmarks.planning import CompositeTime, PlanningTime, measure_composites, measure_planning
from benchmarks.section import Section, aims_table
from benchmarks.tables import Table

_NOTES: Final = (
    "CPU time, medians. Stations have two connectors that share a cable, vehicles one to three phases; 80 % charge.",
    "Scarce: not even the minimum for everyone, so that turns are taken.",
)
_COMPOSITE_NOTES: Final = ("Recurring profiles of 96 periods on each other, over a day; CPU time, medians.",)


def planning_section() -> Section:
    """Planning and composite schedules."""
    plans, composites = measure_planning(), measure_composites()
    headers = ("connectors", "policy", "intervals", "ms", "us per connector and interval")
    tables = (
        Table("Deciding about a site", headers, [_row(one) for one in plans], texts=2, notes=_NOTES),
        _composites_table(composites),
        aims_table(aims.of_planning(plans)),
    )
    data = {"plans": [asdict(one) for one in plans], "composites": [asdict(one) for one in composites]}
    return Section("planning", tables, data)


def _row(one: PlanningTime) -> tuple[str, ...]:
    scarce = ", scarce" if one.is_scarce else ""
    each_us = one.cpu_ms * 1000 / one.connectors / one.intervals
    return (
        f"{one.connectors:,}",
        f"{one.policy.value}{scarce}",
        f"{one.intervals}",
        f"{one.cpu_ms:.1f}",
        f"{each_us:.1f}",
    )


def _composites_table(composites: Sequence[CompositeTime]) -> Table:
    rows = [
        (f"{one.profiles}", f"{one.steps}", f"{one.cpu_ms:.2f}", f"{one.cpu_ms / one.profiles:.2f}")
        for one in composites
    ]
    headers = ("profiles", "periods of the composite", "ms", "ms per profile")
    return Table("Composite schedule", headers, rows, texts=0, notes=_COMPOSITE_NOTES)
