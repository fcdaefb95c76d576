"""Wakes the call engine: a call may go out, an answer is overdue, many are to be called. Fed by the `calls` queue."""

import logging
from typing import Any

from csms.call_queue import BulkChunk, BulkSelection, Commission, Deadline, Dispatch, Wake, read
from csms.log import invoked
from csms.runtime import Runtime, runtime
from csms.v16 import commissioning

logger = logging.getLogger("csms.dispatch_calls")


@invoked
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Handle each message by itself; those that failed come again."""
    failed = [record["messageId"] for record in event["Records"] if not _handle(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _handle(record: dict[str, Any]) -> bool:
    csms = runtime()
    try:
        _wake(csms, read(record["body"]))
    except Exception:
        logger.exception("a wake-up failed")
        return False
    return True


def _wake(csms: Runtime, wake: Wake) -> None:
    match wake:
        case Dispatch():
            csms.calls.dispatch(wake.charge_point_id)
        case Deadline():
            csms.calls.meet_deadline(wake)
        case BulkSelection():
            csms.bulk.select(wake)
        case BulkChunk():
            csms.bulk.place(wake)
        case Commission():
            commissioning.begin(csms.store, csms.calls.place, wake)
