"""What is told of failed logins at a known charge point: a log line each, and a history entry now and then."""

import logging
from typing import Final

from csms.ids import ChargePointId
from csms.store import Store
from csms.store.connection_attempts import ConnectionAttempt
from csms.store.history import Event, EventKind

logger = logging.getLogger(__name__)

_FIRST: Final = frozenset({10, 100})
_EVERY: Final = 1000


def note(store: Store, charge_point_id: ChargePointId, attempt: ConnectionAttempt) -> None:
    """One more; `attempt` has all of the same reason. The 10th, the 100th and every 1000th are in the history."""
    logger.warning(
        "login refused",
        extra={
            "charge_point_id": charge_point_id,
            "reason": attempt.reason,
            "source_ip": attempt.source_ip,
            "attempts": attempt.count,
        },
    )
    if attempt.count in _FIRST or attempt.count % _EVERY == 0:
        found = f"{attempt.reason}: {attempt.count} times from {_sources(attempt)}, the last from {attempt.source_ip}"
        details = {"type": "LoginsRefused", "techInfo": found, "reportedBy": "central system"}
        store.history.record(charge_point_id, Event(EventKind.SECURITY, attempt.last_at, attempt.last_at, details))


def _sources(attempt: ConnectionAttempt) -> str:
    is_all = sum(attempt.sources.values()) == attempt.count
    return f"{'' if is_all else 'more than '}{len(attempt.sources)} addresses"
