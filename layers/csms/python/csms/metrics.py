"""Metrics as CloudWatch takes them from a log line (EMF): one line says one thing, and no client is needed.

A dimension costs by its values, so there is none per station: the stage, and one or two words of ours.
"""

import json
import os
import sys
import time
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
    if ("stage", *words) != DIMENSIONS[name][0]:
        raise ValueError(f"{name} has the dimensions {DIMENSIONS[name][0]}")
    metric = {"Name": name, "Unit": _UNITS.get(name, "Count")}
    fields: dict[str, Any] = {
        "_aws": {
            "Timestamp": time.time_ns() // 1_000_000,
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": DIMENSIONS[name], "Metrics": [metric]}],
        },
        "stage": os.environ.get("STAGE", "prod"),
        **words,
        name: value,
    }
    return json.dumps(fields, separators=(",", ":"))
