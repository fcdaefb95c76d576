"""Does a test notice? Breaks the code in one way at a time, in a copy of the tree, and sees what turns red.

The same tests are run on an unbroken copy before: what fails there, too, would notice nothing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

ROOT: Final = Path(__file__).parents[1]
_CODE: Final = Path("layers/csms/python/csms")
_NEEDED: Final = ("layers", "functions", "tests", "local", "infra", "benchmarks", "proof", "pyproject.toml")
_PATIENCE: Final = 5
"""Broken code may never come to an end: that is noticed, too, once it has taken so many times as long as unbroken."""
_AT_LEAST_S: Final = 60.0
_PASSED: Final = re.compile(r"\b[1-9]\d* passed\b")


@dataclass(frozen=True)
class Mutation:
    """One way to break the code. `old` stands once in the file."""

    what: str
    file: str
    old: str
    new: str
    tests: str
    """What must fail."""
    only: str = ""
    """As pytest's -k."""


class SilentTestsError(Exception):
    """The tests do not pass on unbroken code, or there are none."""


def run(mutations: Iterable[Mutation]) -> NoReturn:
    """Try those whose description has the words of the command line in it.

    Exit status 1: one was not noticed; 2: there is none, or their tests say nothing, as they fail without it, too.
    """
    chosen = [mutation for mutation in mutations if " ".join(sys.argv[1:]) in mutation.what]
    if not chosen:
        print("no mutation is described like that")
        sys.exit(2)
    try:
        sys.exit(1 if list(_survivors(chosen)) else 0)
    except SilentTestsError as reason:
        print(reason)
        sys.exit(2)


def _survivors(mutations: Iterable[Mutation]) -> Iterator[Mutation]:
    """The mutations that no test noticed; the others are reported as they are found out."""
    took_s: dict[tuple[str, str], float] = {}
    for mutation in mutations:
        asked = mutation.tests, mutation.only
        if asked not in took_s:
            took_s[asked] = _time_unbroken(*asked)
        caught = _failed_tests(mutation, max(_AT_LEAST_S, _PATIENCE * took_s[asked]))
        print(f"{mutation.what}: {', '.join(caught) or 'NOT NOTICED'}", flush=True)
        if not caught:
            yield mutation


def source_of(mutation: Mutation) -> str:
    """The file that is to be broken."""
    return (ROOT / _CODE / mutation.file).read_text()


def _time_unbroken(tests: str, only: str) -> float:
    """How many seconds the tests take on unbroken code.

    Raises:
        SilentTestsError: not all pass, or none is run.
    """
    begin = time.monotonic()
    with _copied() as copy:
        control = _tested(tests, only, copy)
    if control.returncode != 0 or not _PASSED.search(control.stdout):
        named = f"{tests} -k '{only}'" if only else tests
        raise SilentTestsError(f"{named} says nothing, unbroken it comes to:\n{control.stdout}{control.stderr}")
    return time.monotonic() - begin


def _failed_tests(mutation: Mutation, longest_s: float) -> list[str]:
    with _copied() as copy:
        (copy / _CODE / mutation.file).write_text(source_of(mutation).replace(mutation.old, mutation.new))
        try:
            run = _tested(mutation.tests, mutation.only, copy, longest_s)
        except subprocess.TimeoutExpired:
            return [f"{mutation.tests}, which does not end"]
    assert run.returncode in {0, 1}, run.stdout + run.stderr
    summary = (line.split() for line in run.stdout.splitlines())
    return sorted({words[1].split("::")[1] for words in summary if words[:1] in (["FAILED"], ["ERROR"])})


@contextmanager
def _copied() -> Iterator[Path]:
    """What tests need, to be broken."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        for name in _NEEDED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
        yield copy


def _tested(tests: str, only: str, tree: Path, longest_s: float | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-rfE", "--show-capture=no", "--tb=no", tests]
        + (["-k", only] if only else []),
        cwd=tree,
        env=os.environ | {"PYTHONPATH": "layers/csms/python:functions:."},
        capture_output=True,
        text=True,
        check=False,
        timeout=longest_s,
    )
