"""Does a test notice? Breaks the code in one way at a time, in a copy of the tree, and sees what turns red."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

ROOT: Final = Path(__file__).parents[1]
_CODE: Final = Path("layers/csms/python/csms")
_NEEDED: Final = ("layers", "functions", "tests", "local", "infra", "benchmarks", "proof", "pyproject.toml")
_LONGEST_S: Final = 900
"""Broken code may never come to an end: that is noticed, too."""


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


def run(mutations: Iterable[Mutation]) -> NoReturn:
    """Try those whose description has the words of the command line in it; exit status 1: one was not noticed."""
    chosen = [mutation for mutation in mutations if " ".join(sys.argv[1:]) in mutation.what]
    sys.exit(1 if list(_survivors(chosen)) else 0)


def _survivors(mutations: Iterable[Mutation]) -> Iterator[Mutation]:
    """The mutations that no test noticed; the others are reported as they are found out."""
    for mutation in mutations:
        caught = _failed_tests(mutation)
        print(f"{mutation.what}: {', '.join(caught) or 'NOT NOTICED'}", flush=True)
        if not caught:
            yield mutation


def source_of(mutation: Mutation) -> str:
    """The file that is to be broken."""
    return (ROOT / _CODE / mutation.file).read_text()


def _failed_tests(mutation: Mutation) -> list[str]:
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        for name in _NEEDED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
        (copy / _CODE / mutation.file).write_text(source_of(mutation).replace(mutation.old, mutation.new))
        try:
            run = _tested(mutation, copy)
        except subprocess.TimeoutExpired:
            return [f"{mutation.tests}, which does not end"]
    assert run.returncode in {0, 1}, run.stdout + run.stderr
    summary = (line.split() for line in run.stdout.splitlines())
    return sorted({words[1].split("::")[1] for words in summary if words[:1] in (["FAILED"], ["ERROR"])})


def _tested(mutation: Mutation, tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rfE", "--show-capture=no", "--tb=no", mutation.tests]
        + (["-k", mutation.only] if mutation.only else []),
        cwd=tree,
        env=os.environ | {"PYTHONPATH": "layers/csms/python:functions:."},
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_S,
    )
