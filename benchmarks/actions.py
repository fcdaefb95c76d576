"""Per action: CPU time of our code and of boto3, AWS calls, capacity units."""

import gc
import statistics
from dataclasses import dataclass
from typing import Final

from benchmarks.aws_meter import AwsMeter
from benchmarks.embedded import embedded_aws
from benchmarks.lap import ID_TAG, Lap, Sample, Step
from csms.authorization import IdTag
from csms.runtime import runtime

WARM_UP_LAPS: Final = 10
UNIT_LAPS: Final = 3


@dataclass(frozen=True)
class ActionCost:
    """What one message costs a warm function."""

    step: Step
    runs: int
    ours_ms: float
    """Median CPU time outside of botocore's clients, and of what is inside."""
    aws_ms: float
    operations: dict[str, int]
    write_units: float
    read_units: float
    counted: Sample
    """What was counted besides."""

    @property
    def cpu_ms(self) -> float:
        """CPU time of the handler."""
        return self.ours_ms + self.aws_ms

    @property
    def our_share(self) -> float:
        """Our part of it, 0 to 1."""
        return self.ours_ms / self.cpu_ms if self.cpu_ms else 0.0


def measure_actions(laps: int) -> list[ActionCost]:
    """Play the laps over a fresh MiniStack; the steps in their order."""
    meter = AwsMeter(counts_units=True)
    with embedded_aws(tells_metrics=True), meter.installed():
        runtime().store.id_tags.put(IdTag(ID_TAG, parent_id_tag="BENCH-PARENT"))
        lap = Lap(meter)
        counted = [lap.play() for _ in range(UNIT_LAPS)][-1]  # the first writes what the later ones find
        meter.counts_units = False
        for _ in range(WARM_UP_LAPS):
            lap.play()
        gc.freeze()  # what the benchmark itself has imported is no part of the function
        timed = [lap.play() for _ in range(laps)]
        gc.unfreeze()
    return [_cost(sample, [one[index] for one in timed]) for index, sample in enumerate(counted)]


def _cost(counted: Sample, timed: list[Sample]) -> ActionCost:
    assert all(sample.spent.operations == counted.spent.operations for sample in timed), counted.step
    return ActionCost(
        step=counted.step,
        runs=len(timed),
        ours_ms=statistics.median(sample.cpu_ns - sample.spent.aws_cpu_ns for sample in timed) / 1e6,
        aws_ms=statistics.median(sample.spent.aws_cpu_ns for sample in timed) / 1e6,
        operations=dict(counted.spent.operations),
        write_units=counted.spent.write_units,
        read_units=counted.spent.read_units,
        counted=counted,
    )
