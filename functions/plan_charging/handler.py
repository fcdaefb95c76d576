"""The parts of a charging plan's step that take no station: invoked by the state machine."""

from typing import Any

from csms import schema
from csms.ids import PlanId
from csms.log import invoked
from csms.ocpp.json_types import JsonObject
from csms.runtime import runtime


@invoked
def lambda_handler(event: dict[str, Any], context: object) -> JsonObject | None:  # noqa: ARG001
    """Do the part that the event names; what is returned decides the state machine's way.

    Raises:
        ValueError: there is no such part.
        NewerSchemaError: the state machine is newer; it tries again, and goes on with functions that know it.
    """
    schema.check(event.get("schema"))
    plans, plan_id, step = runtime().charging_plans, PlanId(event["plan"]), event["step"]
    match event["do"]:
        case "plan":
            return plans.take_step(plan_id, step)
        case "rebudget":
            return plans.rebudget(plan_id, step)
        case "wait":
            plans.wait(plan_id, step, event["version"], event["task_token"])
        case "next":
            plans.next_step(plan_id, step)
        case unknown:
            raise ValueError(unknown)
    return None
