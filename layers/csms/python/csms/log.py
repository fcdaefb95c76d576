"""Structured logs: one JSON line each, one set of keys. Modules log through `logging.getLogger(__name__)`."""

from functools import cache

from aws_lambda_powertools import Logger


@cache
def configure_logging() -> Logger:
    """Make `csms` and all loggers below it write JSON. State is never appended to it: functions may share a process."""
    return Logger(service="csms")
