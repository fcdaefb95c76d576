"""Where the embedded AWS invokes functions: MiniStack's Step Functions hands each invocation to this address.

MiniStack would run functions in child processes of its own; told an address for one, it posts the event there instead.
The address ends with a secret that is made anew with every start: whoever may run a function knows it.
"""

import logging
import math
import secrets
from collections.abc import Mapping
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from local.function import FunctionError, LambdaFunction

_FAILURE: Final = "Runtime.HandlerError"
"""MiniStack's name for whatever a function raises."""
_logger = logging.getLogger(__name__)


class Invocations:
    """Runs the function named in the path, if the secret before it is right."""

    def __init__(self, functions: Mapping[str, LambdaFunction], secret: str) -> None:
        self._functions = functions
        self._secret = secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry point."""
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        secret, _, name = request.url.path.removeprefix("/").partition("/")
        if not secrets.compare_digest(secret.encode(), self._secret.encode()) or name not in self._functions:
            return JSONResponse({"message": "Forbidden"}, 403)
        event = await request.json()
        try:
            return JSONResponse(await self._functions[name].invoke(event, math.inf))
        except FunctionError:
            await run_in_threadpool(_fail_task, event)
            return JSONResponse({"message": "Function failed"}, 500)


def _fail_task(event: Mapping[str, Any]) -> None:
    """End the task whose function failed: AWS does so at once, MiniStack would wait until the task times out."""
    if "task_token" not in event:
        return
    try:
        boto3.client("stepfunctions").send_task_failure(taskToken=event["task_token"], error=_FAILURE)
    except ClientError as error:
        _logger.info("the task of a function that failed had ended: %s", error)
