"""Cold starts in fresh interpreters, against the floor: boto3, a client, a logger and pydantic."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.embedded import embedded_aws
from benchmarks.lap import station_of_today
from benchmarks.packages import ROOT, stage
from infra.definitions import INTERPRETER
from tests.lambda_station import event

FLOOR: Final = "floor"
_MEASURED: Final = (FLOOR, "message", "connect", "operator_api")


@dataclass(frozen=True)
class ColdStart:
    """Medians over fresh processes, CPU time in ms."""

    what: str
    has_bytecode: bool
    """False: as deployed, where the sources come without and their directories cannot be written."""
    runs: int
    ready_ms: float
    """Imported, the client made, the actions registered."""
    answered_ms: float
    """One event answered."""
    peak_mb: float
    x_floor: float
    """How much longer than the floor: the median over pairs that ran one after the other, under the same load."""


def measure_imports(runs: int) -> list[ColdStart]:
    """Start everything in turn, so that a slow minute of the machine slows all alike."""
    with embedded_aws(), tempfile.TemporaryDirectory() as temporary:
        staged, events = Path(temporary, "opt"), Path(temporary)
        stage(staged)
        _write_events(events)
        variants = [(what, has_bytecode) for has_bytecode in (True, False) for what in _MEASURED]
        probes: dict[tuple[str, bool], list[dict[str, float]]] = {variant: [] for variant in variants}
        for _ in range(runs + 1):
            for what, has_bytecode in variants:
                probes[what, has_bytecode].append(_probe(what, events, None if has_bytecode else staged))
    # The first round writes the bytecode and fills the page cache.
    return [
        _cold_start(what, has_bytecode, results[1:], probes[FLOOR, has_bytecode][1:])
        for (what, has_bytecode), results in probes.items()
    ]


def _cold_start(
    what: str, has_bytecode: bool, results: list[dict[str, float]], floors: list[dict[str, float]]
) -> ColdStart:
    ratios = [result["ready_ms"] / floor["ready_ms"] for result, floor in zip(results, floors, strict=True)]
    medians = {name: statistics.median(result[name] for result in results) for name in results[0]}
    return ColdStart(what, has_bytecode, len(results), x_floor=statistics.median(ratios), **medians)


def _probe(what: str, events: Path, staged: Path | None) -> dict[str, float]:
    environment = os.environ | INTERPRETER | {"PYTHONDONTWRITEBYTECODE": "" if staged is None else "1"}
    if staged is not None:
        environment["PYTHONPATH"] = os.pathsep.join((str(staged), str(ROOT)))
    arguments = [] if what == FLOOR else [str(events / f"{what}.json")]
    result = subprocess.run(  # noqa: S603  (our own interpreter and module)
        [sys.executable, "-m", "benchmarks.cold_start_probe", what, *arguments],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    measured: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return measured


def _write_events(folder: Path) -> None:
    """One event per function; the station of the message is connected."""
    station = station_of_today("BENCH-0001")
    station.connect()
    now = {
        "connectedAt": int(station.connected_at.timestamp() * 1000),
        "requestTimeEpoch": int(station.now.timestamp() * 1000),
    }
    opened, spoken, asked = event("connect"), event("message"), event("http")
    del opened["headers"]["Authorization"]
    opened["queryStringParameters"] = {"cp": "BENCH-0002"}
    opened["requestContext"] |= now
    spoken["requestContext"] |= {**now, "connectionId": station.connection_id}
    asked["rawPath"] = asked["requestContext"]["http"]["path"] = "/id-tags"
    contents: dict[str, Any] = {"connect": opened, "message": spoken, "operator_api": asked}
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
