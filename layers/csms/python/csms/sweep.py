"""Housekeeping by the clock: ends what is due, of every kind that enters itself into the due index (`keys.due`).

Another kind of due thing is another `Chore` in `chores`.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from csms.calls import CallEngine
from csms.store import Store
from csms.store.charging_plans import ChargingPlan
from csms.store.keys import SHARDS

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Chore(Generic[T]):
    """One kind of thing that falls due."""

    name: str
    due: Callable[[datetime, int], Iterable[T]]
    """Things of one shard that are due by then, the longest due first; not more than one sweep can end."""
    end: Callable[[T], object]
    """Ends one, which takes it off the due index. Safe to run again."""


class SweepFailed(Exception):  # noqa: N818  reads better where it is raised
    """Some things could not be ended; they are still due the next time."""


def chores(store: Store, calls: CallEngine, restart_plan: Callable[[ChargingPlan], object]) -> tuple[Chore[Any], ...]:
    """Everything that falls due. A charging plan is due when its executions have failed: it goes on with others."""
    return (
        Chore("queued calls", store.calls.due, calls.expire),
        Chore("reservations", store.reservations.due, store.reservations.expire),
        Chore("charging plans", store.charging_plans.due, restart_plan),
    )


def sweep(work: Sequence[Chore[Any]], now: datetime) -> None:
    """End everything that is due. One thing that cannot be ended stops no other.

    Raises:
        SweepFailed: there were such things.
    """
    failures = sum(_do(chore, shard, now) for chore in work for shard in range(SHARDS))
    if failures:
        raise SweepFailed(f"{failures} things could not be ended")


def _do(chore: Chore[Any], shard: int, now: datetime) -> int:
    """Do one shard of a chore; how many things it failed for."""
    ended = failed = 0
    try:
        for thing in chore.due(now, shard):
            is_ended = _is_ended(chore, thing)
            ended, failed = ended + is_ended, failed + (not is_ended)
    except Exception:
        logger.exception("looking for %s to sweep failed", chore.name)
        failed += 1
    if ended or failed:
        logger.info("swept %s", chore.name, extra={"ended": ended, "failed": failed})
    return failed


def _is_ended(chore: Chore[T], thing: T) -> bool:
    try:
        chore.end(thing)
    except Exception:
        logger.exception("sweeping %s failed", chore.name)
        return False
    return True
