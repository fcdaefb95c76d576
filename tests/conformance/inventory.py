"""The tests there are, as they stand in the source: those that automate a case and those beside the cases."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.conformance.cases import Case, case_of

_FOLDER: Final = Path(__file__).parent
_ABOUT_THEMSELVES: Final = "test_statement.py"
_CASE: Final = re.compile(r"tc (\d+(?: \d(?!\d))?)(?: csms)?")


@dataclass(frozen=True)
class ConformanceTest:
    """A test function."""

    case: Case | None
    """That it automates, if it does."""
    module: str
    name: str
    title: str
    """As its docstring has it for a test of a case; of others the name as a sentence."""
    is_by_edition: bool


def find_tests() -> Iterator[ConformanceTest]:
    """Every test."""
    for path in sorted(_FOLDER.glob("test_*.py")):
        for node in ast.parse(path.read_text()).body if path.name != _ABOUT_THEMSELVES else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield _test(path.name, node)


def tests_of_cases() -> dict[str, ConformanceTest]:
    """The test of each case that has one, by the case's id."""
    return {test.case.id: test for test in find_tests() if test.case}


def _test(module: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ConformanceTest:
    case, is_by_edition = case_of(node.name), "edition" in {argument.arg for argument in node.args.args}
    title = (ast.get_docstring(node) or "").rstrip(".") if case else _sentence(node.name)
    return ConformanceTest(case, module, node.name, title, is_by_edition)


def _sentence(name: str) -> str:
    words = name.removeprefix("test_").replace("_", " ")
    text = _CASE.sub(lambda found: "TC_" + found[1].replace(" ", "_"), words)
    return text[0].upper() + text[1:]
