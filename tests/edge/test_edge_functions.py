"""The CloudFront functions, tested in JavaScript by Node's own runner: `node --test tests/edge/*.test.js`."""

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = sorted(Path(__file__).parent.glob("*.test.js"))


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_the_functions_pass_their_tests_in_javascript() -> None:
    ran = subprocess.run(["node", "--test", *TESTS], capture_output=True, text=True, check=False, timeout=60)
    assert TESTS
    assert ran.returncode == 0, ran.stdout
