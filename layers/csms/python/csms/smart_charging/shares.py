"""What everyone should get, interval after interval, by the site's policy: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from csms.smart_charging.allocation import Claim, Pool
from csms.smart_charging.ledger import Ledger
from csms.smart_charging.situation import ManagedConnector, Policy, Session, Situation, Turn
from csms.smart_charging.turns import is_probing, is_resting, moved_on, next_turn_after, rank, turn_of


@dataclass(frozen=True)
class Claimant:
    """A transaction that can be told what to draw."""

    connector: ManagedConnector
    session: Session
    is_resting: bool
    most_da: int
    """More than this is of no use to it."""


@dataclass(frozen=True)
class Shares:
    """One row of currents for each interval, in the order of the claimants."""

    rows: tuple[Sequence[int], ...]
    turns: tuple[Turn, ...]
    """Where each stands after the decision about the first interval."""
    next_turn: datetime | None


def claimants_of(situation: Situation, book: Ledger, connectors: Iterable[ManagedConnector]) -> list[Claimant]:
    """The reachable transactions."""
    return [
        Claimant(one, one.session, is_resting(one.session, situation.now), _most_da(situation, book, one, one.session))
        for one in connectors
        if one.session is not None and one.is_reachable
    ]


def _most_da(situation: Situation, book: Ledger, connector: ManagedConnector, session: Session) -> int:
    most = book.most_da(connector)
    if is_resting(session, situation.now) or is_probing(session, situation.now):
        return min(most, situation.minimum_da)
    return most if session.demand_da is None else min(most, max(session.demand_da, situation.minimum_da))


def share_out(
    situation: Situation, book: Ledger, claimants: Sequence[Claimant], free: Sequence[Sequence[int]]
) -> Shares:
    """Share what is free in each interval; the turns move on from one to the next."""
    turns = [turn_of(claimant.session) for claimant in claimants]
    first_turns, next_turn = tuple(turns), None
    groups = _groups(situation, book, claimants)
    rows: list[list[int]] = []
    for interval, left in zip(situation.intervals, free, strict=True):
        at = max(situation.now, interval.start)
        row = _row(situation, groups, claimants, turns, list(left), at)
        turns = [
            moved_on(turn, is_served=current_da > 0, rests=claimant.is_resting, at=at)
            for turn, current_da, claimant in zip(turns, row, claimants, strict=True)
        ]
        first_turns = first_turns if rows else tuple(turns)
        if next_turn is None and _someone_waits(situation, claimants, row):
            next_turn = next_turn_after(at, situation.turn)
        rows.append(row)
    return Shares(tuple(rows), first_turns, next_turn)


def _groups(situation: Situation, book: Ledger, claimants: Sequence[Claimant]) -> list[tuple[list[int], Pool]]:
    """Those who want something, and those who get the minimum from what they leave; as indices, and their claims."""
    tiers = _tiers(situation.policy, [claimant.session for claimant in claimants])
    groups = []
    for rest in (False, True):
        members = [n for n, claimant in enumerate(claimants) if claimant.is_resting is rest]
        claims = [Claim(book.draws(claimants[n].connector), claimants[n].most_da, tiers[n]) for n in members]
        groups.append((members, Pool(claims, minimum_da=situation.minimum_da)))
    return groups


def _row(
    situation: Situation,
    groups: Iterable[tuple[list[int], Pool]],
    claimants: Sequence[Claimant],
    turns: Sequence[Turn],
    free: list[int],
    at: datetime,
) -> list[int]:
    """Currents in one interval."""
    row = [0] * len(claimants)
    for members, pool in groups:
        order = partial(_order, situation, [claimants[n].session for n in members], [turns[n] for n in members], at)
        for n, current_da in zip(members, pool.allocate(free, order), strict=True):
            row[n] = current_da
    return row


def _tiers(policy: Policy, sessions: Sequence[Session]) -> list[int]:
    """Which of them are filled before which others."""
    if policy is Policy.EQUAL_SHARE:
        return [0] * len(sessions)
    if policy is Policy.PRIORITY:
        return [-session.priority for session in sessions]
    tiers = [0] * len(sessions)
    for tier, n in enumerate(sorted(range(len(sessions)), key=lambda n: sessions[n].started_at)):
        tiers[n] = tier
    return tiers


def _order(situation: Situation, sessions: Sequence[Session], turns: Sequence[Turn], at: datetime) -> list[int]:
    """Who gets the minimum first."""
    numbers = range(len(sessions))
    if situation.policy is Policy.FIRST_COME:
        return sorted(numbers, key=lambda n: sessions[n].started_at)
    ranks = [rank(turn, at, situation.turn) for turn in turns]
    if situation.policy is Policy.PRIORITY:
        return sorted(numbers, key=lambda n: (-sessions[n].priority, ranks[n]))
    return sorted(numbers, key=ranks.__getitem__)


def _someone_waits(situation: Situation, claimants: Sequence[Claimant], row: Sequence[int]) -> bool:
    """Whether a later turn could be somebody's who gets nothing now."""
    if situation.policy is Policy.FIRST_COME or not any(row):
        return False
    return any(
        current_da == 0 and claimant.most_da >= situation.minimum_da and not claimant.is_resting
        for claimant, current_da in zip(claimants, row, strict=True)
    )
