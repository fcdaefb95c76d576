"""What a run of the load is judged by, without one."""

from dataclasses import replace

import pytest

from benchmarks.load import LoadRun, Scenario
from benchmarks.load.memory import FLAT_MB_PER_HOUR, LONG_ENOUGH_S, Sample, growth, slope
from benchmarks.load.recorder import PhaseRecorder
from benchmarks.load.run import CSMS, MINISTACK
from benchmarks.load.scenario import MIDNIGHT, PHASES, RAMP, STEADY, STORM
from benchmarks.load.stored import Comparison
from benchmarks.load_section import section_of


def memory(mb_per_hour: float, steady_s: int = 1800) -> list[Sample]:
    """It fills in the ramp and the first minutes, then grows; the storm needs more."""
    ramp = [Sample(second, RAMP, 50 + second) for second in range(0, 40, 2)]
    steady = [Sample(40 + s, STEADY, 90 + min(s, 300) / 30 + mb_per_hour * s / 3600) for s in range(0, steady_s, 2)]
    return [*ramp, *steady, Sample(40 + steady_s, STORM, 200.0)]


def run(mb_per_hour: float = 0, steady_s: int = 1800) -> LoadRun:
    recorder = PhaseRecorder()
    recorder.duration_s = dict.fromkeys(PHASES, 1.0)
    recorder.answered("Heartbeat", 3.0)
    samples = {CSMS: memory(mb_per_hour, steady_s), MINISTACK: memory(600, steady_s)}
    items = {phase: 1000 * number for number, phase in enumerate(PHASES)}
    return LoadRun(Scenario.of(10, 1), recorder, samples, items, Comparison(), [])


def test_memory_that_only_fills_at_first_is_flat() -> None:
    flat = growth("ours", memory(0))
    assert flat.mb_per_hour == pytest.approx(0)
    assert (flat.is_told, flat.is_flat, flat.most_mb) == (True, True, 200)
    assert flat.by_phase == {RAMP: 88, STEADY: 100, STORM: 200}


def test_memory_that_grows_is_told_and_fails_the_run() -> None:
    leak = 2 * FLAT_MB_PER_HOUR
    assert growth("ours", memory(leak)).mb_per_hour == pytest.approx(leak)
    assert section_of(run()).failures == []
    [failure] = section_of(run(leak)).failures
    assert "+40.0 MB/h" in failure


def test_a_short_run_says_nothing_about_growth() -> None:
    assert not growth("ours", memory(500, steady_s=int(LONG_ENOUGH_S))).is_told
    assert section_of(run(500, steady_s=60)).failures == []


def test_memory_that_cannot_be_seen_says_nothing_about_growth() -> None:
    assert not growth("ours", [replace(sample, mb=0.0) for sample in memory(0)]).is_told


def test_no_line_goes_through_one_point() -> None:
    assert slope([(1, 2)]) == slope([(1, 2), (1, 3)]) == 0
    assert slope([(0, 1), (2, 5)]) == 2


def test_calls_belong_to_the_phase_in_which_they_end() -> None:
    recorder = PhaseRecorder()
    recorder.answered("Heartbeat", 4.0)
    recorder.phase = MIDNIGHT
    recorder.answered("Heartbeat", 8.0)
    recorder.refused("Heartbeat", "CALLERROR InternalError")
    assert recorder.figures[RAMP]["Heartbeat"].percentile_ms(99) == 4
    later = recorder.figures[MIDNIGHT]["Heartbeat"]
    assert (later.count, later.errors, later.percentile_ms(50)) == (2, 1, 8)
    assert recorder.errors == {"CALLERROR InternalError (midnight: Heartbeat)": 1}


def test_what_is_cut_off_on_purpose_is_no_error_and_a_refusal_always_is() -> None:
    recorder = PhaseRecorder()
    recorder.phase, recorder.is_cutting = STORM, True
    recorder.refused("MeterValues", "no answer")
    recorder.refused("MeterValues", "CALLERROR InternalError")
    recorder.is_cutting = False
    recorder.refused("MeterValues", "no answer")
    figures = recorder.figures[STORM]["MeterValues"]
    assert (figures.count, figures.cut_off, figures.errors) == (3, 1, 2)


def test_an_error_a_difference_and_an_error_in_the_log_fail_the_run_and_slowness_does_not() -> None:
    slow = run()
    slow.recorder.answered("Heartbeat", 60_000.0)
    assert section_of(slow).failures == []
    refused = run()
    refused.recorder.refused("Heartbeat", "no answer")
    assert any("no answer (ramp: Heartbeat)" in failure for failure in section_of(refused).failures)
    different = replace(run(), comparison=Comparison(differences=["LOAD-0001/7: 3 of 4 meter messages"]))
    assert "LOAD-0001/7: 3 of 4 meter messages" in section_of(different).failures
    assert "1 x in the log: a stack trace" in section_of(replace(run(), log_errors=["a stack trace"])).failures
