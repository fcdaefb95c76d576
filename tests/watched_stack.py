"""`python -m local`, noting the AWS calls of its functions: in the end they are in the file that SEEN_CALLS names."""

import json
import os
import runpy
from pathlib import Path

from tests.aws_calls import SeenCall, watch


def main() -> None:
    """Run until the local stack ends."""
    seen: set[SeenCall] = set()
    watch(seen.add)
    try:
        runpy.run_module("local", run_name="__main__", alter_sys=True)
    finally:
        Path(os.environ["SEEN_CALLS"]).write_text(json.dumps(sorted(seen)))


if __name__ == "__main__":
    main()
