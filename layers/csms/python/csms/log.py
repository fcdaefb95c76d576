"""Structured logs: one JSON line each, one set of keys. Modules log through `logging.getLogger(__name__)`.

`docs/runbook.md` lists the keys; a test holds every `extra=` to that list. Nothing secret is logged, and no id tag:
names of things that are ours and of charge points, never what they said.
"""

import logging
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any, Final, ParamSpec, TypeVar

from aws_lambda_powertools import Logger

P = ParamSpec("P")
T = TypeVar("T")

_FROM_CONTEXT: Final = {"function_name": "function_name", "function_request_id": "aws_request_id"}
"""Keys by the attributes of Lambda's context that they come from; Powertools calls them the same."""
_invocation: ContextVar[dict[str, str]] = ContextVar("invocation", default={})  # noqa: B039  it is replaced as a whole


@cache
def configure_logging() -> Logger:
    """Make `csms` and all loggers below it write JSON. State is never appended to it: functions may share a process."""
    logger = Logger(service="csms", use_rfc3339=True, serialize_stacktrace=False)  # it would say all of it twice
    logger.registered_handler.addFilter(_add_invocation)
    return logger


def invoked(handler: Callable[P, T]) -> Callable[P, T]:
    """Have every line that a function logs say which invocation it belongs to."""

    @wraps(handler)
    def run(*arguments: P.args, **named: P.kwargs) -> T:
        context: Any = arguments[1]
        token = _invocation.set({key: getattr(context, name, "") for key, name in _FROM_CONTEXT.items()})
        try:
            return handler(*arguments, **named)
        finally:
            _invocation.reset(token)

    return run


def _add_invocation(record: logging.LogRecord) -> bool:
    vars(record).update(_invocation.get())
    return True
