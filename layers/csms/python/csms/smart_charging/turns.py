"""Taking turns when there is not the minimum for everyone: pure.

Turns are aligned: one begins at every whole multiple of their length. Who waited when it began comes first, the longest
wait ahead; then who was served before it, the longest served last; who came since waits for the next. So all places are
given anew at once, nobody is overtaken by a smaller one for ever, and of n alike with places for k each is served
within ceil(n / k) turns.

Who wanted nothing and had to make room rests: it is asked again after a while, with the minimum for a start.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from csms.smart_charging.situation import Session, Turn

REST: Final = timedelta(minutes=30)
PROBE: Final = timedelta(minutes=2)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def turn_of(session: Session) -> Turn:
    """Where it stands; one that was never decided about waits since it started."""
    return session.turn or Turn(is_served=False, since=session.started_at)


def is_resting(session: Session, now: datetime) -> bool:
    """Whether it wants nothing: by what is seen, or when it was seen last."""
    turn = turn_of(session)
    return session.demand_da == 0 or (turn.rested and not turn.is_served and now < turn.since + REST)


def is_probing(session: Session, now: datetime) -> bool:
    """Whether it is about to show that it wants something again."""
    turn = turn_of(session)
    return turn.rested and not is_resting(session, now) and (not turn.is_served or now < turn.since + PROBE)


def rank(turn: Turn, at: datetime, length: timedelta) -> tuple[int, float]:
    """Sorts who comes first."""
    since = turn.since.timestamp()
    began_in_this_turn = turn.since >= turn_began(at, length)
    if turn.is_served:
        return (0, since) if began_in_this_turn else (2, -since)
    return (3, since) if began_in_this_turn else (1, since)


def turn_began(at: datetime, length: timedelta) -> datetime:
    """When the turn began that is on at a moment."""
    return at - (at - _EPOCH) % length


def next_turn_after(at: datetime, length: timedelta) -> datetime:
    """When the next one begins."""
    return turn_began(at, length) + length


def moved_on(turn: Turn, *, is_served: bool, rests: bool, at: datetime) -> Turn:
    """Where it stands once it was decided about."""
    if turn.is_served is is_served:
        return turn
    return Turn(is_served, at, rested=turn.rested if is_served else rests)
