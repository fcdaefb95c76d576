"""Runs in a fresh interpreter: one cold start, measured from inside. Prints one JSON object, after what is logged.

    python -m benchmarks.cold_start_probe floor                 what every such function imports and makes, no more
    python -m benchmarks.cold_start_probe message event.json    a function, up to its answer to one event

CPU time, because an import waits for nothing: what else the machine does is left out.
"""

import importlib
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

_started = time.process_time()


def _floor() -> dict[str, float]:
    boto3, config, powertools, pydantic = map(
        importlib.import_module, ("boto3", "botocore.config", "aws_lambda_powertools", "pydantic")
    )
    # pydantic imports what is asked for: the names that no model does without.
    assert all((pydantic.BaseModel, pydantic.ConfigDict, pydantic.Field, pydantic.ValidationError))
    powertools.Logger(service="floor")
    boto3.client("dynamodb", config=config.Config(retries={"mode": "standard"}))
    return {"ready_ms": _elapsed_ms(), "answered_ms": 0.0}


def _function(name: str, event_file: Path) -> dict[str, float]:
    handler: Any = importlib.import_module(f"{name}.handler")
    assert importlib.import_module("csms.runtime").runtime().store
    if name == "message":
        importlib.import_module("csms.v16.registry").actions()
    ready_ms = _elapsed_ms()
    answer = handler.lambda_handler(json.loads(event_file.read_text()), None)
    assert answer["statusCode"] == 200, answer
    assert name != "message" or answer["body"].startswith("[3,"), answer
    return {"ready_ms": ready_ms, "answered_ms": _elapsed_ms()}


def _elapsed_ms() -> float:
    return (time.process_time() - _started) * 1000


def _peak_mb() -> float:
    """Of this program alone: the peak that getrusage knows began in the parent."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts bytes
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    measured = _floor() if what == "floor" else _function(what, Path(rest[0]))
    print(json.dumps(measured | {"peak_mb": _peak_mb()}))
