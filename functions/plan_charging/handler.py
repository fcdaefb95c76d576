"""The parts of a charging plan's step that take no station: invoked by the state machine."""

from typing import Any

from csms.ids import PlanId
from csms.runtime import runtime


def lambda_handler(event: dict[str, Any], context: object) -> Any:  # noqa: ARG001
    """Do the part that the event names; what is returned decides the state machine's way.

    Raises:
        ValueError: there is no such part.
    """
    plan_id, step = PlanId(event["plan"]), event["step"]
    plans = runtime().charging_plans  # type: ignore[attr-defined]
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
