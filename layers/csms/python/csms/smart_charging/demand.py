"""What a vehicle can use, learnt from what it draws: pure."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

REACTION: Final = timedelta(seconds=60)
"""For so long after a new limit a reading says nothing about what the vehicle would take."""
HEADROOM_DA: Final = 10
HEADROOM_SHARE: Final = 10
"""A tenth of what is drawn, at least HEADROOM_DA: by so much less than allowed is clearly less, and so much more than
drawn is allowed, so that a vehicle that wants more is seen to."""
_TELLING: Final = 2
"""So many readings of a vehicle that charges show which phases it uses."""
NOTHING_DA: Final = 10
"""What a vehicle draws at most that does not charge (its electronics, a meter's offset)."""


def demand_da(
    readings: Sequence[tuple[datetime, int]],
    *,
    allowed_da: Callable[[datetime], int | None] | None,
    is_suspended_by_vehicle: bool,
    now: datetime,
) -> int | None:
    """The most that a vehicle has use for, with headroom, on each phase. 0: nothing now; None: no telling, it may be
    anything.

    Args:
        readings: when, and how much was drawn on the most loaded phase; the oldest first.
        allowed_da: what it was allowed to draw at a moment, None where that is not known.
        is_suspended_by_vehicle: whether its status is SuspendedEV.
        now: decides whether it was offered anything when it suspended.
    """
    if allowed_da is None:
        return None
    if is_suspended_by_vehicle and _allowed_lately(allowed_da, now):
        return 0
    settled = [(drawn_da, _allowed_lately(allowed_da, at)) for at, drawn_da in readings]
    telling = [(drawn_da, allowed) for drawn_da, allowed in settled if allowed][-2:]
    if not telling or any(allowed - drawn_da < _headroom_da(drawn_da) for drawn_da, allowed in telling[-1:]):
        return None
    highest_da = max(drawn_da for drawn_da, _ in telling)
    if highest_da <= NOTHING_DA:
        return 0
    return highest_da + _headroom_da(highest_da)


def _allowed_lately(allowed_da: Callable[[datetime], int | None], at: datetime) -> int | None:
    """The least that it has been allowed since it could have reacted; None or 0 if it had no chance to draw."""
    then, before = allowed_da(at), allowed_da(at - REACTION)
    return None if then is None or before is None else min(then, before)


def _headroom_da(drawn_da: int) -> int:
    return max(HEADROOM_DA, drawn_da // HEADROOM_SHARE)


def phases_in_use(readings: Sequence[Sequence[int]]) -> int | None:
    """On how many of its connector's phases, the first ones, a vehicle charges. None: there is no telling yet.

    A vehicle does not change that while it is plugged in, so what it draws on once, it may draw on again.

    Args:
        readings: currents on the connector's L1, L2 and L3, the oldest first.
    """
    used = [max((n for n, drawn_da in enumerate(one, 1) if drawn_da > NOTHING_DA), default=0) for one in readings]
    telling = [count for count in used if count]
    return max(telling) if len(telling) >= _TELLING else None
