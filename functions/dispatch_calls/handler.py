"""Wakes the call engine: a call may go out now, or an answer is overdue. Fed by the `calls` queue."""

import logging
from typing import Any

from csms.call_queue import Dispatch, read
from csms.runtime import runtime

logger = logging.getLogger("csms.dispatch_calls")


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Handle each message by itself; those that failed come again."""
    failed = [record["messageId"] for record in event["Records"] if not _handle(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _handle(record: dict[str, Any]) -> bool:
    calls = runtime().calls
    try:
        wake = read(record["body"])
        if isinstance(wake, Dispatch):
            calls.dispatch(wake.charge_point_id)
        else:
            calls.meet_deadline(wake)
    except Exception:
        logger.exception("a wake-up failed")
        return False
    return True
