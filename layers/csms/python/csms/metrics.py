"""Metrics as CloudWatch takes them from a log line (EMF): one line says one thing, and no client is needed.

A dimension costs by its values, so there is none per station: the stage, and one or two words of ours.
"""

import json
import os
import sys
import time
from functools import lru_cache
from typing import Any, Final

NAMESPACE: Final = "csms"
"""Of every metric of ours."""
DIMENSIONS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "answer_time": (("stage", "action", "outcome"), ("stage", "outcome")),
    "refused_connections": (("stage", "status"), ("stage",)),
    "events": (("stage", "event"),),
    "calls": (("stage", "outcome"),),
    "stations_known": (("stage",),),
    "stations_online": (("stage",),),
    "open_transactions": (("stage",),),
}
"""The metrics there are, and what tells their values apart; after that, over what they are summed up for alarms, which
cannot search. `docs/runbook.md` says what each means."""
_UNITS: Final = {"answer_time": "Milliseconds"}


def emit(name: str, value: float, **words: str) -> None:
    """Write a value of one of `DIMENSIONS`; `words` are its dimensions but for the stage."""
    if os.environ.get("POWERTOOLS_METRICS_DISABLED") != "true":
        sys.stdout.write(f"{line(name, value, **words)}\n")


def line(name: str, value: float, **words: str) -> str:
    """The log line.

    Raises:
        ValueError: these are not its dimensions.
    """
    before, after = _around(name, os.environ.get("STAGE", "prod"), tuple(words.items()))
    return f"{before}{time.time_ns() // 1_000_000}{after}{value}}}"


@lru_cache(maxsize=512)
def _around(name: str, stage: str, words: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """The line before and after its time, up to the value: every message writes one, and most are the same."""
    if ("stage", *dict(words)) != DIMENSIONS[name][0]:
        raise ValueError(f"{name} has the dimensions {DIMENSIONS[name][0]}")
    metric = {"Name": name, "Unit": _UNITS.get(name, "Count")}
    about = {"CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": DIMENSIONS[name], "Metrics": [metric]}]}
    return '{"_aws":{"Timestamp":', f',{_members(about)}}},{_members({"stage": stage, **dict(words)})},"{name}":'


def _members(fields: dict[str, Any]) -> str:
    return json.dumps(fields, separators=(",", ":"))[1:-1]
