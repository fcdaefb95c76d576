"""Ends what is due: housekeeping on a schedule, because nothing runs when nothing happens."""

from datetime import datetime
from typing import Any

from csms import metrics
from csms.fleet_count import count_part
from csms.log import invoked
from csms.ocpp.primitives import parse_timestamp
from csms.runtime import Runtime, runtime
from csms.store.charging_plans import ChargingPlan
from csms.sweep import chores, sweep


@invoked
def lambda_handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001
    """Sweep once, by the time of the schedule."""
    csms = runtime()

    def restart_plan(plan: ChargingPlan) -> None:
        csms.charging_plans.restart(plan)  # what plans is loaded only where there is one

    now = parse_timestamp(event["time"])
    try:
        sweep(chores(csms.store, csms.calls, restart_plan), now)
    finally:
        _measure(csms, now)


def _measure(csms: Runtime, now: datetime) -> None:
    """Count another part of the fleet; figures are there once every part was counted lately."""
    fleet = count_part(csms.store, now, csms.settings.heartbeat_interval_s)
    if fleet is not None:
        metrics.emit("stations_known", fleet.known)
        metrics.emit("stations_online", fleet.online)
        metrics.emit("open_transactions", fleet.open_transactions)
