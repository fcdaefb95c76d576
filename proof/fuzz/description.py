"""The operator API of a local stack held against its own description by schemathesis, over HTTP."""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from proof.fuzz.run import Result
from tests.stack import ROOT, running_stack

NAME: Final = "described"
_CHECKS: Final = ROOT / "tests/e2e/schemathesis.toml"
_COUNTED: Final = re.compile(r"(\d+) generated")
_CASES_OF_ONE: Final = 1_000
"""How many cases, about, an operation with ten examples adds up to over all operations, chains of requests included."""


def hold_against_description(cases: int, seed: int, *, with_corners: bool) -> Result:
    """About so many requests that the description allows, and some that it does not.

    Every corner of every schema is a lot more of them, and takes minutes.
    """
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as stack:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(_CHECKS)),
            *("run", f"{stack.api_url}/openapi.json", "--header", f"Authorization: Bearer {stack.token}"),
            *("--phases", "coverage,fuzzing,stateful" if with_corners else "fuzzing,stateful"),
            *("--max-examples", str(max(1, 10 * cases // _CASES_OF_ONE)), "--seed", str(seed), "--no-color"),
        ]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    counted = _COUNTED.search(done.stdout)
    escapes = [] if done.returncode == 0 and counted else [f"{NAME}, --seed {seed}: {done.stdout}{done.stderr}"]
    return Result(int(counted[1]) if counted else 0, time.monotonic() - begin, escapes)
