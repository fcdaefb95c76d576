"""Telling Step Functions that a call it waits for has ended."""

import json
import logging
from typing import Final

import boto3
from botocore.exceptions import ClientError

from csms.ocpp.json_types import JsonObject

logger = logging.getLogger(__name__)

_NOBODY_WAITS: Final = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})


class StepFunctions:
    """Completes tasks; the client is made when the first one is."""

    def complete(self, task_token: str, result: JsonObject) -> None:
        """Tell the waiting task; a token nobody waits for any more is ignored."""
        try:
            boto3.client("stepfunctions").send_task_success(taskToken=task_token, output=json.dumps(result))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _NOBODY_WAITS:
                raise
            logger.info("nobody waits for this call any more")
