"""The operator API held against its own description by schemathesis: no server error, nothing it does not describe.

A few requests for each operation, and chains of them. More of them: `make fuzz ARGS="--only described"`.
"""

import subprocess
import sys
from pathlib import Path

from tests.stack import running_stack

CHECKS = Path(__file__).with_name("schemathesis.toml")
WITHIN_S = 280


def test_the_api_is_as_it_describes_itself(tmp_path: Path) -> None:
    with running_stack(tmp_path) as stack:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CHECKS)),
            *("run", f"{stack.api_url}/openapi.json", "--header", f"Authorization: Bearer {stack.token}"),
            *("--phases", "fuzzing,stateful", "--max-examples", "4", "--seed", "1", "--no-color"),
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
