"""A simulated fleet of charge points for the local stack.

`await run_fleet(FleetPlan(...))` returns a `FleetReport`; `python -m local.fleet` does it from the command line.
"""

from local.fleet.fleet import run_fleet
from local.fleet.plan import FleetPlan
from local.fleet.report import ActionReport, FleetReport, SentTransaction

__all__ = ["ActionReport", "FleetPlan", "FleetReport", "SentTransaction", "run_fleet"]
