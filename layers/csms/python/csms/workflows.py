"""Step Functions: starting a step of a charging plan, and telling a task that what it waits for has come about."""

import json
import logging
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from csms import schema
from csms.ids import PlanId
from csms.ocpp.json_types import JsonObject

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

logger = logging.getLogger(__name__)

_NOBODY_WAITS: Final = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})


class StepFunctions:
    """The state machine of charging plans and the tasks that wait in it."""

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._state_machine_arn = state_machine_arn

    def start(self, plan_id: PlanId, step: int) -> None:
        """Start the execution of a step. One that was started before counts, whatever became of it."""
        data = {"schema": schema.VERSION, "plan": plan_id, "step": step}
        try:
            self._client.start_execution(
                stateMachineArn=self._state_machine_arn, name=f"{plan_id}-{step}", input=json.dumps(data)
            )
        except ClientError as error:
            if _code(error) != "ExecutionAlreadyExists":
                raise
            logger.info("this step was started before", extra={"plan_id": plan_id, "step": step})

    def complete(self, task_token: str, result: JsonObject) -> None:
        """Tell the waiting task; a token nobody waits for any more is ignored."""
        try:
            output = json.dumps({"schema": schema.VERSION, **result})
            self._client.send_task_success(taskToken=task_token, output=output)
        except ClientError as error:
            if _code(error) not in _NOBODY_WAITS:
                raise
            logger.info("nobody waits for this task any more")


def _code(error: ClientError) -> str | None:
    return error.response.get("Error", {}).get("Code")
