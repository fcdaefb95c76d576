"""Writes `docs/conformance.md` from the cases and their tests: `python -m tests.conformance.statement`."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.cases import Case, Functionality, all_cases, case_of
from tests.conformance.editions import Edition

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
_FOLDER = Path(__file__).parent
_INTRODUCTION = f"""# Conformance

The certification cases for an OCPP 1.6 Central System, and which of them `make conformance` runs: a simulated charge
point plays them against the local stack, and the operator's part is played over the HTTP API. Every frame that the
Central System sends is held against the official schemas, and one that the case did not ask for is a failure. Charge
points under test are in quiet mode.

The cases are those of the {Edition.NEWEST} edition; where an edition back to {Edition.OLDEST} asks for something else,
the case runs as that one has it, too.
"""


@dataclass(frozen=True)
class CaseTest:
    """A test function that automates a case."""

    case: Case
    module: str
    title: str
    is_by_edition: bool


def find_tests() -> Iterator[CaseTest]:
    """Every test of a case, as it stands in the source."""
    for path in sorted(_FOLDER.glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (case := case_of(node.name)):
                names = {argument.arg for argument in node.args.args}
                yield CaseTest(case, path.name, (ast.get_docstring(node) or "").rstrip("."), "edition" in names)


def render() -> str:
    """The page."""
    tests = {test.case.id: test for test in find_tests()}
    cases = list(all_cases().values())
    lines = [_INTRODUCTION, "| Functionality | Cases | Automated |", "|---|---|---|"]
    for functionality in Functionality:
        of_it = [case for case in cases if case.functionality is functionality]
        lines.append(f"| {functionality} | {len(of_it)} | {sum(case.id in tests for case in of_it)} |")
    lines.append(f"| all | {len(cases)} | {len(tests)} |")
    for functionality in Functionality:
        lines += ["", f"## {functionality}", "", "| Case | Name | Test |", "|---|---|---|"]
        lines += [_row(case, tests.get(case.id)) for case in cases if case.functionality is functionality]
    return "\n".join(lines) + "\n"


def _row(case: Case, test: CaseTest | None) -> str:
    if test is None:
        return f"| {case.id} | {case.name} | not covered: {case.missing} |"
    editions = ", both editions" if test.is_by_edition else ""
    return f"| {case.id} | {case.name} | `{test.module}`{editions} |"


if __name__ == "__main__":
    PAGE.write_text(render())
