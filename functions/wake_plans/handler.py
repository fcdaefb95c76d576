"""Wakes charging plans: a connector of their site has changed, or their limit does.

Fed by the table's stream and by the queue of boundaries.
"""

import logging
from collections.abc import Callable
from typing import Any

from csms.boundary_queue import read
from csms.ids import SiteId
from csms.log import invoked
from csms.runtime import runtime
from csms.store.changes import changed_site

logger = logging.getLogger("csms.wake_plans")


@invoked
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Wake each site once a batch; the records whose site could not be woken come again."""
    woken: dict[SiteId, bool] = {}
    failed = [_identifier(record) for record in event["Records"] if not _handle(record, woken)]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def _identifier(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"] if "dynamodb" in record else record["messageId"])


def _handle(record: dict[str, Any], woken: dict[SiteId, bool]) -> bool:
    plans = runtime().charging_plans
    if "dynamodb" not in record:
        return _succeeds(lambda: plans.reach_boundary(read(record["body"])))
    site_id = changed_site(record)
    if site_id is not None and site_id not in woken:
        woken[site_id] = _succeeds(lambda: plans.wake(site_id))
    return site_id is None or woken[site_id]


def _succeeds(wake: Callable[[], None]) -> bool:
    try:
        wake()
    except Exception:
        logger.exception("waking a charging plan failed")
        return False
    return True
