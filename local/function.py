"""A stand-in for the Lambda service: runs handlers in threads of this process.

    FunctionError
    ├── FunctionFailedError    the handler raised, or used up the function's own timeout
    └── InvocationTimeoutError the caller did not want to wait any longer

A thread cannot be killed: a handler that timed out runs on, only its answer is lost.
"""

import asyncio
import importlib
import logging
import math
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from infra.definitions import FunctionDefinition

Handler = Callable[[dict[str, Any], Any], Any]
_logger = logging.getLogger(__name__)


class FunctionError(Exception):
    """An invocation without a result."""


class FunctionFailedError(FunctionError):
    """The handler raised or used up the function's timeout; details are in the log."""


class InvocationTimeoutError(FunctionError):
    """No answer within the caller's patience."""


class Invocable(Protocol):
    """A function, wherever it runs."""

    async def invoke(self, event: dict[str, Any], timeout_s: float) -> Any:
        """The handler's result.

        Raises:
            FunctionFailedError: the handler raised or ran into the function's timeout.
            InvocationTimeoutError: `timeout_s` passed first.
        """


@dataclass(frozen=True)
class LambdaContext:
    """The second argument of a handler."""

    function_name: str
    memory_limit_in_mb: int
    deadline: float
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_version: str = "$LATEST"

    @property
    def invoked_function_arn(self) -> str:
        """An ARN of the right form."""
        return f"arn:aws:lambda:local:000000000000:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        """Where CloudWatch would keep the log."""
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        """The one stream there is."""
        return "local"

    def get_remaining_time_in_millis(self) -> int:
        """Until the function is stopped."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


class LambdaFunction:
    """One function; invocations run concurrently, as many as the pool has threads."""

    def __init__(self, definition: FunctionDefinition, handler: Handler, pool: Executor) -> None:
        self._definition = definition
        self._handler = handler
        self._pool = pool

    @classmethod
    def load(cls, definition: FunctionDefinition, pool: Executor) -> "LambdaFunction":
        """Import the handler; the environment must be in place."""
        module, name = definition.handler.rsplit(".", 1)
        return cls(definition, getattr(importlib.import_module(module), name), pool)

    async def invoke(self, event: dict[str, Any], timeout_s: float) -> Any:
        """The handler's result.

        Raises:
            FunctionFailedError: the handler raised or ran into the function's timeout.
            InvocationTimeoutError: `timeout_s` passed first.
        """
        loop = asyncio.get_running_loop()
        gives_up_at = loop.time() + timeout_s
        ends_at = math.inf

        def begin() -> None:
            """The function's own time is counted from here on: AWS would not have let it wait for a thread."""
            nonlocal ends_at
            ends_at = loop.time() + self._definition.timeout_s
            with suppress(RuntimeError):  # nobody waits any more
                time_out.reschedule(min(gives_up_at, ends_at))

        try:
            async with asyncio.timeout_at(gives_up_at) as time_out:
                return await loop.run_in_executor(self._pool, self._run, event, loop, begin)
        except TimeoutError:
            _logger.warning("%s timed out", self._definition.name)
            if ends_at <= gives_up_at:
                raise FunctionFailedError(self._definition.name) from None
            raise InvocationTimeoutError(self._definition.name) from None

    def _run(self, event: dict[str, Any], loop: asyncio.AbstractEventLoop, begin: Callable[[], None]) -> Any:
        loop.call_soon_threadsafe(begin)
        definition = self._definition
        context = LambdaContext(definition.name, definition.memory_mb, time.monotonic() + definition.timeout_s)
        try:
            return self._handler(event, context)
        except Exception as error:  # the boundary of the Lambda service
            _logger.exception("%s raised", definition.name)
            raise FunctionFailedError(definition.name) from error
