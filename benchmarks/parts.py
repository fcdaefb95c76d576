"""Runs the parts that were asked for."""

from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.actions import measure_actions
from benchmarks.actions_section import actions_section
from benchmarks.commands_section import commands_section
from benchmarks.cost_section import cost_section
from benchmarks.counted import Counted, cold_start_ms, count
from benchmarks.fleet_section import fleet_section
from benchmarks.imports_section import imports_section
from benchmarks.load_section import load_section
from benchmarks.machine import this_machine
from benchmarks.planning_section import planning_section
from benchmarks.section import Section
from benchmarks.steps_section import steps_section

USUAL_PARTS: Final = ("actions", "commands", "imports", "fleet", "cost", "planning", "steps")
PARTS: Final = (*USUAL_PARTS, "load")
"""Load takes as long as it is given, and is worth its place on the page when it was given long: it is asked for."""

_FLEETS: Final = (50, 500)
_LOAD: Final = 50


def run_parts(
    names: Sequence[str],
    *,
    laps: int,
    starts: int,
    stations: Sequence[int] | None,
    day_s: float | None,
    visits: int,
    minutes: float = 1,
    as_counted: bool = False,
) -> list[Section]:
    """The sections in the order of `names`; actions are measured once, for the cost as well.

    `as_counted`: the cost of what was counted before.
    """
    needing = {"actions"} if as_counted else {"actions", "cost"}
    machine = str(this_machine())
    costs = measure_actions(laps) if needing & set(names) else []
    measure: dict[str, Callable[[], Section]] = {
        "actions": lambda: actions_section(costs),
        "commands": commands_section,
        "imports": lambda: imports_section(starts),
        "fleet": lambda: fleet_section(stations or _FLEETS, day_s, visits),
        "load": lambda: load_section(max(stations) if stations else _LOAD, minutes),
        "cost": lambda: cost_section(Counted.read() if as_counted else count(costs, cold_start_ms(), machine)),
        "planning": planning_section,
        "steps": steps_section,
    }
    return [measure[name]() for name in names]
