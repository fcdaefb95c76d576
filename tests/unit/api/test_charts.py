"""Charts of what holds step by step."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from csms.api.charts import step_chart

START = datetime(2026, 3, 5, 12, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def paths(svg: str) -> list[str]:
    return [path.attrib["d"] for path in ElementTree.fromstring(svg).iter(f"{SVG}path")]  # noqa: S314


def test_a_series_is_drawn_as_stairs_within_the_window() -> None:
    series = [("computed", [(after(-5), 6.0), (after(1), 10.0)]), ("reported", [(after(0), 6.0), (after(9), 7.0)])]
    svg = step_chart("CP001 & <more>", "A", START, after(4), series)
    computed, reported = paths(svg)
    assert computed.count(" L ") == 3
    assert reported.count(" L ") == 1
    texts = [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314
    assert {"CP001 & <more>", "computed", "reported", "A", "UTC", "12:00", "16:00"} <= set(texts)


@pytest.mark.parametrize(("hours", "tick"), [(0.1, "12:00:00"), (24, "12:00"), (48, "05 Mar 12:00")])
def test_times_are_written_as_finely_as_the_window_asks(hours: float, tick: str) -> None:
    svg = step_chart("t", "A", START, after(hours), [("one", [(START, 6.0)])])
    assert tick in {text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")}  # noqa: S314


def test_where_there_is_no_limit_there_is_no_line() -> None:
    svg = step_chart("t", "A", START, after(4), [("one", [(START, 6.0), (after(1), None), (after(2), 6.0)])])
    assert len(paths(svg)) == 2
    nothing = step_chart("t", "A", START, after(4), [("none", [(START, None)]), ("empty", [])])
    assert 'stroke="none"' in nothing


def test_the_library_is_loaded_by_the_first_chart() -> None:
    code = "import sys, csms.api.handler; print('leather' in sys.modules)"
    environment = {"PYTHONPATH": "layers/csms/python", "PATH": ""}
    answer = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
