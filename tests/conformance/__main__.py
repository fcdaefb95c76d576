"""`make conformance`: runs the cases and what stands beside them, measures, and writes the report."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

import httpx
import pytest

from benchmarks.machine import this_machine
from tests.conformance.operator_client import Operator
from tests.conformance.report import this_run, to_json
from tests.conformance.response_times import ResponseTime, measure_response_times
from tests.conformance.results import Results
from tests.conformance.statement import PAGE, AllIsWell, render
from tests.stack import running_stack

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".local" / "conformance"
_TESTS: Final = (
    "tests/conformance",
    "--ignore=tests/conformance/test_statement.py",  # it is about the page that this may be about to write
    "tests/integration/test_negative_calls.py",
    "tests/integration/test_negative_answers.py",
)


def main() -> int:
    """The exit code: 0 if everything passed."""
    parser = argparse.ArgumentParser("make conformance", description=__doc__)
    parser.add_argument("--write-docs", action="store_true", help="write docs/conformance.md if everything passed")
    asked, of_pytest = parser.parse_known_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    traces = FOLDER / "traces"
    traces.mkdir(parents=True)
    results = Results(traces)
    junit = ("-o", "junit_family=xunit1", f"--junitxml={FOLDER / 'junit.xml'}")  # the family that has properties
    code = int(pytest.main(["-v", *junit, *_TESTS, *of_pytest], plugins=[results]))
    machine = this_machine()  # with the load under which the times are measured
    run = this_run(_measure(), machine)
    (FOLDER / "report.json").write_text(to_json(run, results))
    (FOLDER / "report.md").write_text(render(results, run.to_markdown()))
    print(f"{FOLDER / 'report.md'}")
    if asked.write_docs and code == 0:
        page = render(AllIsWell(), run.to_markdown())
        if page != render(results, run.to_markdown()):
            sys.exit("not everything was run: docs/conformance.md stays as it is")
        PAGE.write_text(page)
    return code


def _measure() -> list[ResponseTime]:
    """At a stack that nothing else has used."""
    with (
        tempfile.TemporaryDirectory() as directory,
        running_stack(Path(directory)) as stack,
        httpx.Client(base_url=stack.api_url, headers={"Authorization": f"Bearer {stack.token}"}) as api,
    ):
        operator = Operator(api)
        return measure_response_times(stack, operator.create_charge_point(), operator.create_id_tag())


if __name__ == "__main__":
    sys.exit(main())
