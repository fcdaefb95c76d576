"""Ends what is due: housekeeping on a schedule, because nothing runs when nothing happens."""

from typing import Any

from csms.ocpp.primitives import parse_timestamp
from csms.runtime import runtime
from csms.store.charging_plans import ChargingPlan
from csms.sweep import chores, sweep


def lambda_handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001
    """Sweep once, by the time of the schedule."""
    csms = runtime()

    def restart_plan(plan: ChargingPlan) -> None:
        csms.charging_plans.restart(plan)  # what plans is loaded only where there is one

    sweep(chores(csms.store, csms.calls, restart_plan), parse_timestamp(event["time"]))
