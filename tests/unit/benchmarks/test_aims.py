"""What fails a benchmark run, and what is only told."""

from benchmarks import aims
from benchmarks.actions import ActionCost
from benchmarks.imports import ColdStart
from benchmarks.lap import HEARTBEAT, Step


def action(step: Step, *, ours_ms: float = 0.2, write_units: float = 1, read_units: float = 0) -> ActionCost:
    return ActionCost(step, 1, ours_ms, 1.0, {"UpdateItem": 1}, write_units, read_units)


def missed(*costs: ActionCost) -> list[bool]:
    """Of each aim that is missed: whether it decides."""
    return [finding.decides for finding in aims.of_actions(costs) if not finding.is_met]


def test_counts_decide() -> None:
    start = Step("StartTransaction")
    assert missed(action(HEARTBEAT), action(start, write_units=4)) == []
    assert missed(action(HEARTBEAT, read_units=0.5), action(start, write_units=5)) == [True, True]


def test_cpu_time_is_told_but_never_decides() -> None:
    assert missed(action(HEARTBEAT, ours_ms=3), action(Step("StartTransaction"))) == [False]


def test_a_cold_start_is_compared_with_and_without_bytecode() -> None:
    starts = [ColdStart("message", has, 1, 0, 0, 0, ratio) for has, ratio in ((True, 1.25), (False, 1.4))]
    [finding] = aims.of_imports(starts)
    assert (finding.measured, finding.is_met, finding.decides) == ("1.25x (without bytecode 1.40x)", False, False)
