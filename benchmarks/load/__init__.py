"""Many stations at the local stack in real time, through what hurts: ramp, storm, midnight, new firmware for all."""

from benchmarks.load.run import LoadRun, measure_load
from benchmarks.load.scenario import Scenario

__all__ = ["LoadRun", "Scenario", "measure_load"]
