"""What follows changes of the table when nobody waits for it: fed by the table's stream.

Repeats what follows the end of a call, for one whose process died in between; and passes on, to the queue of
`publish_events`, what others want to hear of. The bus itself may be slow or away, so it is not called here.
"""

import logging
from collections.abc import Sequence
from typing import Any

from csms import event_queue
from csms.events import event_of
from csms.log import invoked
from csms.runtime import runtime
from csms.store.changes import call_of, change_of, is_to_finish

logger = logging.getLogger("csms.finish_calls")


@invoked
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Handle each record by itself; the stream is read again from the first that failed."""
    records = event["Records"]
    failed = [number for number, record in enumerate(records) if is_to_finish(record) and not _finish(record)]
    passed_on = records[: failed[0]] if failed else records  # what follows the first that failed comes again anyway
    if not _pass_on(passed_on):
        failed = [0]
    numbers = [records[number]["dynamodb"]["SequenceNumber"] for number in failed]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in numbers]}


def _finish(record: dict[str, Any]) -> bool:
    csms = runtime()
    try:
        call = csms.store.calls.get(*call_of(record))
        if call is not None:
            csms.calls.finish(call)
    except Exception:
        logger.exception("finishing a call failed")
        return False
    return True


def _pass_on(records: Sequence[dict[str, Any]]) -> bool:
    bodies = [body for record in records if (body := _news_of(record)) is not None]
    try:
        if bodies:
            runtime().event_queue.send(bodies)
    except Exception:
        logger.exception("passing on events failed")
        return False
    return True


def _news_of(record: dict[str, Any]) -> str | None:
    try:
        event = event_of(change_of(record))
    except Exception:  # it would hold up all that follows
        logger.exception("a change could not be read")
        return event_queue.write_unreadable(record["eventID"])
    return event_queue.write(event) if event else None
