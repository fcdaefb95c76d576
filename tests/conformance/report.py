"""What a run says of itself: what was tested, when, on what, how fast; and all of it for programs."""

import json
import subprocess
import textwrap
import tomllib
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.machine import Machine
from tests.conformance.cases import all_cases
from tests.conformance.editions import Edition
from tests.conformance.response_times import METHOD, ResponseTime
from tests.conformance.results import Results
from tests.conformance.statement import verdict_of

_ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Run:
    """The facts of one run."""

    device: str
    release: str
    commit: str
    """As `git describe` has it."""
    machine: Machine
    response_times: list[ResponseTime]

    def to_markdown(self) -> str:
        """The abstract's head and the measurements."""
        facts = {
            "Device under test": f"{self.device}, a Central System (OCPP 1.6-J edition 2), on its local stack",
            "Version": f"{self.release}, {self.commit}",
            "Date": self.machine.date,
            "Cases": f"edition {Edition.NEWEST}; where they differ {Edition.OLDEST}, too",
            "Tested with": f"`tests/conformance`; schemas of the `ocpp` package {version('ocpp')}",
            "Machine": str(self.machine).partition(", ")[2],
        }
        rows = [f"| {name} | {fact} |" for name, fact in facts.items()]
        times = [
            f"| {one.name} | {one.samples} | {one.p50_ms:.1f} | {one.p99_ms:.1f} | {one.max_ms:.1f} |"
            for one in self.response_times
        ]
        headers = ["| Measurement | Samples | p50 ms | p99 ms | max ms |", "|---|--:|--:|--:|--:|"]
        return "\n".join(["| | |", "|---|---|", *rows, "", *headers, *times, "", textwrap.fill(METHOD, 120), ""])


def this_run(response_times: list[ResponseTime], machine: Machine) -> Run:
    """The facts of this one."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    return Run(project["name"], project["version"], _commit(), machine, response_times)


def to_json(run: Run, results: Results) -> str:
    """Everything, for programs."""
    cases = [
        asdict(case) | {"verdict": verdict_of(case, results), "tests": _tests_of(case.id, results)}
        for case in all_cases().values()
    ]
    beside = [asdict(result) for result in results.all if result.case is None]
    report: dict[str, Any] = {
        "run": asdict(run) | {"method": METHOD},
        "cases": cases,
        "beside_the_cases": beside,
        "negative": {"in_functions": results.in_functions, "over_the_wire": results.over_the_wire},
    }
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def _tests_of(case_id: str, results: Results) -> list[dict[str, Any]]:
    return [asdict(result) for result in results.all if result.case == case_id]


def _commit() -> str:
    command = ["git", "describe", "--tags", "--always", "--dirty"]
    described = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    return described.stdout.strip() or "no repository"
