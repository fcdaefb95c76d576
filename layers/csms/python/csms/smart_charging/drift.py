"""Where two composite schedules differ: what we worked out, and what the charge point says it follows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from csms.smart_charging.composite import Step

SHIFT_S = 1
"""A step may come so much earlier or later: both are given in whole seconds, from starts that are not the same."""


@dataclass(frozen=True)
class Drift:
    """A stretch, in seconds after the start of both, in which they differ."""

    start_s: int
    end_s: int
    ours: Decimal
    theirs: Decimal | None


def drifts(ours: Sequence[Step], theirs: Sequence[Step], duration_s: int, tolerance: Decimal) -> Iterator[Drift]:
    """The stretches, longer than a second, in which they differ by more than the tolerance.

    Where we know of no limit there is none to keep: whatever the charge point says is its hardware.
    """
    edges = sorted({step.start_s for step in (*ours, *theirs) if step.start_s < duration_s} | {0, duration_s})
    stretch: Drift | None = None
    for start_s, end_s in pairwise(edges):
        found = _between(limit_at(ours, start_s), limit_at(theirs, start_s), start_s, end_s, tolerance)
        if stretch and found and (stretch.ours, stretch.theirs) == (found.ours, found.theirs):
            stretch = Drift(stretch.start_s, end_s, found.ours, found.theirs)
            continue
        if stretch and stretch.end_s - stretch.start_s > SHIFT_S:
            yield stretch
        stretch = found
    if stretch and stretch.end_s - stretch.start_s > SHIFT_S:
        yield stretch


def limit_at(steps: Sequence[Step], offset_s: int) -> Decimal | None:
    """The limit so long after the start."""
    return next((step.limit for step in reversed(steps) if step.start_s <= offset_s), None)


def _between(
    ours: Decimal | None, theirs: Decimal | None, start_s: int, end_s: int, tolerance: Decimal
) -> Drift | None:
    if ours is None or (theirs is not None and abs(ours - theirs) <= tolerance):
        return None
    return Drift(start_s, end_s, ours, theirs)
