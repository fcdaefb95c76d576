"""Collects what the tests of a run came to: a pytest plugin, and what it says of cases and messages."""

import re
from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import pytest

from tests.conformance.trace import wire_trace
from tests.negative.samples import Counts

_OVER_THE_WIRE: Final = "test_negative.py"
_PASSED: Final = "passed"


class Verdict(StrEnum):
    """What is said of a case, a test or a message."""

    PASS = "Pass"
    FAIL = "Fail"
    NOT_RUN = "Not run"
    NOT_AUTOMATED = "Not automated"


@dataclass
class TestResult:
    """One test, of a case or beside the cases."""

    __test__ = False

    module: str
    name: str
    """Of the function."""
    parameters: str
    """What is between the brackets, if there is anything."""
    case: str | None
    verdict: Verdict = Verdict.NOT_RUN
    duration_s: float = 0.0
    trace: str | None = None
    """Name of the file."""
    negative: Counts = field(default_factory=dict)
    """Wrong variants that were sent."""


class Results:
    """Of every test of the run, in its order; a wire trace of each goes into a folder."""

    def __init__(self, traces: Path) -> None:
        self._traces = traces
        self._by_id: dict[str, TestResult] = {}

    @property
    def all(self) -> list[TestResult]:
        """Every one."""
        return list(self._by_id.values())

    def of_test(self, name: str) -> Verdict:
        """Of a test function with whatever parameters."""
        return verdict_on(result.verdict for result in self.all if result.name == name)

    def of_message(self, message: str) -> Verdict:
        """Of the wrong variants of a message."""
        return verdict_on(result.verdict for result in self.all if message in result.negative)

    @property
    def in_functions(self) -> Counts:
        """The wrong variants that went straight into the functions."""
        return _sum(result.negative for result in self.all if result.module != _OVER_THE_WIRE)

    @property
    def over_the_wire(self) -> Counts:
        """Those that a station sent."""
        return _sum(result.negative for result in self.all if result.module == _OVER_THE_WIRE)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Trace what the test sends and receives."""
        function, _, parameters = item.name.partition("[")
        case = next((str(value) for name, value in item.user_properties if name == "case"), None)
        result = TestResult(item.path.name, function, parameters.rstrip("]"), case)
        self._by_id[item.nodeid] = result
        path = self._traces / f"{_file_name(result)}.jsonl"
        with wire_trace(path):
            outcome = yield
        result.trace = path.name if path.exists() else None
        return outcome

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Set-up, call and tear-down of one test; one that is skipped has proven nothing."""
        result = self._by_id[report.nodeid]
        result.duration_s += report.duration
        if report.outcome != _PASSED:
            result.verdict = Verdict.FAIL
        elif result.verdict is Verdict.NOT_RUN:
            result.verdict = Verdict.PASS
        properties: dict[str, Any] = dict(report.user_properties)
        result.negative = {message: dict(kinds) for message, kinds in properties.get("negative", {}).items()}


def verdict_on(verdicts: Iterable[Verdict]) -> Verdict:
    """Of what consists of several: as good as the worst of them."""
    found = set(verdicts)
    for worst in (Verdict.FAIL, Verdict.NOT_RUN, Verdict.PASS):
        if worst in found:
            return worst
    return Verdict.NOT_RUN


def _sum(parts: Iterable[Counts]) -> Counts:
    summed: Counts = {}
    for part in parts:
        for message, kinds in part.items():
            summed[message] = dict(Counter(summed.get(message)) + Counter(kinds))
    return summed


def _file_name(result: TestResult) -> str:
    return re.sub(r"[^\w.\-]+", "-", "-".join(filter(None, [result.case or result.name, result.parameters])))
