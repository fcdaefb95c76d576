"""What one part of the benchmark hands over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.aims import Finding
from benchmarks.tables import Table


@dataclass(frozen=True)
class Section:
    """The result of one part: for people, for programs, and what fails the run."""

    name: str
    tables: Sequence[Table]
    data: Any
    failures: Sequence[str] = field(default=())
    measured_on: str = ""
    """What the figures come from, if not from this run."""
    keep: Callable[[], None] = field(default=lambda: None)
    """Writes down what was counted, where a page is made of it later."""


def aims_table(findings: Sequence[Finding]) -> Table:
    """Each aim beside what was measured."""
    rows = [(one.aim, one.measured, "met" if one.is_met else "MISSED") for one in findings]
    return Table("Aims", ("aim", "measured", ""), rows, texts=3)


def missed(findings: Sequence[Finding]) -> list[str]:
    """Those that fail the run."""
    return [f"{one.aim}: {one.measured}" for one in findings if one.decides and not one.is_met]
