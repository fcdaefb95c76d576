"""Sends what a charging plan wants of one target: invoked by the state machine, whose task ends with the call."""

from typing import Any

from csms.ids import PlanId
from csms.log import invoked
from csms.runtime import runtime


@invoked
def lambda_handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001
    """Place the call with the task's token."""
    runtime().charging_plans.send(PlanId(event["plan"]), event["step"], event["target"], event["task_token"])
