"""Sends what a charging plan wants of one target: invoked by the state machine, whose task ends with the call."""

from typing import Any

from csms import schema
from csms.ids import PlanId
from csms.log import invoked
from csms.runtime import runtime


@invoked
def lambda_handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001
    """Place the call with the task's token.

    Raises:
        NewerSchemaError: the state machine is newer; the target is budgeted at its worst case.
    """
    schema.check(event.get("schema"))
    runtime().charging_plans.send(PlanId(event["plan"]), event["step"], event["target"], event["task_token"])
