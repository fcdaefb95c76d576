"""Ends what is due: housekeeping on a schedule, because nothing runs when nothing happens."""

from typing import Any

from csms.ocpp.primitives import parse_timestamp
from csms.runtime import runtime
from csms.sweep import chores, sweep


def lambda_handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001
    """Sweep once, by the time of the schedule."""
    csms = runtime()
    sweep(chores(csms.store, csms.calls, csms.charging_plans.restart), parse_timestamp(event["time"]))
