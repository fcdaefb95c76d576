"""Tells others what has happened: puts events on the bus and counts them. Fed by the `events` queue."""

import logging
from collections import Counter
from typing import Any

from csms import metrics
from csms.event_queue import News, read
from csms.log import invoked
from csms.runtime import runtime

logger = logging.getLogger("csms.publish_events")


@invoked
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Publish what can be read; what the bus did not take, and what is no event, comes again."""
    bus = runtime().event_bus
    news = {record["messageId"]: found for record in event["Records"] if (found := _read(record)) is not None}
    taken = dict(zip(news, bus.publish(list(news.values())), strict=True)) if news else {}
    for (metric, name), count in Counter(news[name].measure for name in taken if taken[name]).items():
        metrics.emit(metric, count, **{"outcome" if metric == "calls" else "event": name})
    failed = [record["messageId"] for record in event["Records"] if not taken.get(record["messageId"], False)]
    if failed:
        logger.warning("events were not published", extra={"failed": len(failed)})
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _read(record: dict[str, Any]) -> News | None:
    try:
        return read(record["body"])
    except Exception:
        logger.exception("an event could not be read")
        return None
