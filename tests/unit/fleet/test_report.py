import io

import pytest

from local.fleet.clock import DayClock
from local.fleet.progress import CLEAR_LINE, Progress
from local.fleet.report import Recorder, percentile


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (95, 95), (99, 99), (100, 100), (1, 1)])
def test_nearest_rank_percentiles(percent: int, expected: int) -> None:
    assert percentile([float(n) for n in range(1, 101)], percent) == expected


def test_percentile_of_one_value_is_that_value_and_of_none_zero() -> None:
    assert percentile([7.0], 50) == 7.0
    assert percentile([], 99) == 0.0


def test_refused_calls_are_counted_but_not_timed() -> None:
    recorder = Recorder()
    recorder.answered("Heartbeat", 4.0)
    recorder.refused("Heartbeat", "CALLERROR InternalError")
    (heartbeat,) = recorder.report(1, 1.0).actions
    assert (heartbeat.count, heartbeat.errors, heartbeat.max_ms) == (2, 1, 4.0)
    assert recorder.report(1, 1.0).errors == {"CALLERROR InternalError": 1}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "begin", "end"), [(Terminal(), CLEAR_LINE, ""), (io.StringIO(), "", "\n")])
def test_progress_refreshes_a_terminal_and_writes_lines_elsewhere(stream: io.StringIO, begin: str, end: str) -> None:
    recorder = Recorder(online=3)
    Progress(stream, stations=5).show(DayClock(60), recorder)
    assert stream.getvalue().startswith(begin)
    assert "online 3/5" in stream.getvalue()
    assert stream.getvalue().endswith(f"errors 0{end}")
