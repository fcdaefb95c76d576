"""What a conformance run says of itself: a failure shows wherever it counts, and the wire is kept as it was."""

import json
from pathlib import Path

import pytest

from tests.conformance.response_times import ResponseTime
from tests.conformance.results import Verdict, verdict_on
from tests.conformance.statement import AllIsWell, measured_in, render
from tests.conformance.trace import wire_trace
from tests.station import WIRE


class OneFailure(AllIsWell):
    """One case and one message are not as they should be."""

    def of_test(self, name: str) -> Verdict:
        return Verdict.FAIL if name == "test_tc_046_csms" else Verdict.PASS

    def of_message(self, message: str) -> Verdict:
        return Verdict.FAIL if message == "MeterValues" else Verdict.PASS


def rows_of(page: str, name: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith(f"| {name} |")]


def test_a_case_that_fails_fails_its_functionality_and_the_whole() -> None:
    page = render(OneFailure(), "")
    assert rows_of(page, "Reservation") == ["| Reservation | 10 | 9 | 1 | 0 | Fail |"]
    assert rows_of(page, "Core") == ["| Core | 34 | 34 | 0 | 0 | Pass |"]
    assert rows_of(page, "all")[0].endswith("| Fail, as far as it is automated |")
    assert rows_of(page, "TC_046_CSMS")[0].endswith("| Fail |")


def test_a_message_that_is_answered_wrongly_fails_negative_conformance() -> None:
    page = render(OneFailure(), "")
    assert rows_of(page, "MeterValues")[0].endswith("| Fail |")
    assert rows_of(page, "Heartbeat")[0].endswith("| Pass |")
    assert rows_of(page, "all")[1].endswith("| Fail |")


def test_what_is_measured_is_found_again() -> None:
    assert measured_in(render(AllIsWell(), "12 ms\n")) == "12 ms\n"


@pytest.mark.parametrize(
    ("verdicts", "together"),
    [
        ([Verdict.PASS, Verdict.PASS], Verdict.PASS),
        ([Verdict.PASS, Verdict.NOT_RUN], Verdict.NOT_RUN),
        ([Verdict.NOT_RUN, Verdict.FAIL, Verdict.PASS], Verdict.FAIL),
        ([], Verdict.NOT_RUN),
    ],
)
def test_what_consists_of_several_is_as_good_as_the_worst(verdicts: list[Verdict], together: Verdict) -> None:
    assert verdict_on(verdicts) is together


def test_percentiles_are_values_that_were_measured() -> None:
    measured = ResponseTime.of("x", [float(ms) for ms in range(200, 0, -1)])
    assert (measured.samples, measured.p50_ms, measured.p99_ms, measured.max_ms) == (200, 100.0, 198.0, 200.0)


def test_the_wire_is_kept_verbatim_and_only_while_it_is_traced(tmp_path: Path) -> None:
    with wire_trace(tmp_path / "case.jsonl"):
        WIRE.info("%s %s %s", "CP1", ">", '[2,"1","Heartbeat",{}]')
    WIRE.info("%s %s %s", "CP1", "<", "later")
    (line,) = (tmp_path / "case.jsonl").read_text().splitlines()
    kept = json.loads(line)
    assert (kept["who"], kept["direction"], kept["what"]) == ("CP1", ">", '[2,"1","Heartbeat",{}]')
    assert kept["at"].endswith("+00:00")


def test_what_sends_nothing_leaves_no_trace(tmp_path: Path) -> None:
    with wire_trace(tmp_path / "case.jsonl"):
        pass
    assert list(tmp_path.iterdir()) == []
