"""What fails a benchmark run, and what is only told."""

from benchmarks import aims
from benchmarks.actions import ActionCost
from benchmarks.aws_meter import Spent
from benchmarks.commands import DEADLINE, PLACING, SETTLING, CommandCost
from benchmarks.imports import ColdStart
from benchmarks.lap import HEARTBEAT, Sample, Step
from benchmarks.round_trip import RoundTrips


def action(step: Step, *, ours_ms: float = 0.2, write_units: float = 1, read_units: float = 0) -> ActionCost:
    counted = Sample(step, 0, Spent(), received_bytes=0, answer_bytes=0, said="")
    return ActionCost(step, 1, ours_ms, 1.0, {"UpdateItem": 1}, write_units, read_units, counted)


def missed(*costs: ActionCost) -> list[bool]:
    """Of each aim that is missed: whether it decides."""
    return [finding.decides for finding in aims.of_actions(costs) if not finding.is_met]


def test_counts_decide() -> None:
    start = Step("StartTransaction")
    assert missed(action(HEARTBEAT), action(start, write_units=4)) == []
    assert missed(action(HEARTBEAT, read_units=0.5), action(start, write_units=5)) == [True, True]


def test_cpu_time_is_told_but_never_decides() -> None:
    assert missed(action(HEARTBEAT, ours_ms=3), action(Step("StartTransaction"))) == [False, False, False]


def test_a_cold_start_is_held_against_its_floor_as_it_is_deployed() -> None:
    starts = [ColdStart("message", has, 1, 0, 0, 0, ratio) for has, ratio in ((True, 1.1), (False, 1.4))]
    [finding] = aims.of_imports(starts)
    assert (finding.measured, finding.is_met, finding.decides) == ("1.40x (with bytecode 1.10x)", False, False)


def command(action: str, *, placing: float = 3, deadline_reads: float = 1) -> CommandCost:
    phases = {PLACING: Spent(0, placing, 1), SETTLING: Spent(0, 2, 1), DEADLINE: Spent(0, 0, deadline_reads)}
    return CommandCost(action, phases)


def test_the_units_of_a_command_decide_and_its_time_is_only_told() -> None:
    within, slow = RoundTrips("Reset", True, [80.0], [79.0]), RoundTrips("Reset", False, [120.0], [119.0])
    findings = aims.of_commands([command("Reset"), command("Other", placing=4, deadline_reads=2)], [within, slow])
    assert [(finding.measured, finding.is_met, finding.decides) for finding in findings] == [
        ("5 (Reset); 6 (Other)", False, True),
        ("3 (Reset); 4 (Other)", False, True),
        ("at most 79 ms", True, False),
        ("at most 119 ms", False, False),
    ]
    assert all(finding.is_met for finding in aims.of_commands([command("Reset")], [within, within, slow])[:3])
