"""Repeats what follows the end of a call, for one whose process died in between. Fed by the table's stream."""

import logging
from typing import Any

from csms.runtime import runtime
from csms.store.changes import call_of

logger = logging.getLogger("csms.finish_calls")


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Handle each record by itself; the stream is read again from the first that failed."""
    failed = [record["dynamodb"]["SequenceNumber"] for record in event["Records"] if not _handle(record)]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


def _handle(record: dict[str, Any]) -> bool:
    csms = runtime()
    try:
        call = csms.store.calls.get(*call_of(record))
        if call is not None:
            csms.calls.finish(call)
    except Exception:
        logger.exception("finishing a call failed")
        return False
    return True
