"""What everyone should get, interval after interval, by the site's policy: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from csms.smart_charging.allocation import Claim, allocate, remaining
from csms.smart_charging.ledger import Ledger
from csms.smart_charging.situation import ManagedConnector, Policy, Session, Situation, Turn
from csms.smart_charging.turns import moved_on, next_turn_after, rank, turn_of


@dataclass(frozen=True)
class Claimant:
    """A transaction that can be told what to draw."""

    connector: ManagedConnector
    session: Session


@dataclass(frozen=True)
class Shares:
    """One row of currents for each interval, in the order of the claimants."""

    rows: tuple[Sequence[int], ...]
    turns: tuple[Turn, ...]
    """Where each stands after the decision about the first interval."""
    next_turn: datetime | None


def most_da(situation: Situation, book: Ledger, claimant: Claimant) -> int:
    """The most that there is any use in giving it."""
    most = book.most_da(claimant.connector)
    demand_da = claimant.session.demand_da
    return most if demand_da is None else min(most, max(demand_da, situation.minimum_da))


def share_out(
    situation: Situation, book: Ledger, claimants: Sequence[Claimant], free: Sequence[Sequence[int]]
) -> Shares:
    """Share what is free in each interval; the turns move on from one to the next."""
    claims = _claims(situation, book, claimants)
    turns = [turn_of(claimant.session) for claimant in claimants]
    first_turns, next_turn = tuple(turns), None
    rows = []
    for interval, left in zip(situation.intervals, free, strict=True):
        at = max(situation.now, interval.start)
        row = _row(situation, claimants, claims, turns, left, at)
        turns = [moved_on(turn, current_da > 0, at) for turn, current_da in zip(turns, row, strict=True)]
        if not rows:
            first_turns = tuple(turns)
        if next_turn is None and _someone_waits(situation, claimants, claims, row):
            next_turn = next_turn_after(at, situation.turn)
        rows.append(row)
    return Shares(tuple(rows), first_turns, next_turn)


def _row(
    situation: Situation,
    claimants: Sequence[Claimant],
    claims: Sequence[Claim],
    turns: Sequence[Turn],
    free: Sequence[int],
    at: datetime,
) -> list[int]:
    """Currents in one interval. Who wants nothing gets the minimum from what the others leave."""
    row = [0] * len(claims)
    for is_resting in (False, True):
        members = [n for n, claimant in enumerate(claimants) if (claimant.session.demand_da == 0) is is_resting]
        shared = [claims[n] for n in members]
        order = partial(_order, situation, [claimants[n].session for n in members], [turns[n] for n in members], at)
        currents = allocate(shared, free, minimum_da=situation.minimum_da, order=order, step_da=situation.step_da)
        for n, current_da in zip(members, currents, strict=True):
            row[n] = current_da
        free = remaining(free, shared, currents)
    return row


def _claims(situation: Situation, book: Ledger, claimants: Sequence[Claimant]) -> list[Claim]:
    tiers = _tiers(situation.policy, [claimant.session for claimant in claimants])
    return [
        Claim(book.draws(claimant.connector), most_da(situation, book, claimant), tier)
        for claimant, tier in zip(claimants, tiers, strict=True)
    ]


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


def _someone_waits(
    situation: Situation, claimants: Sequence[Claimant], claims: Sequence[Claim], row: Sequence[int]
) -> bool:
    """Whether a later turn could be somebody's who gets nothing now."""
    if situation.policy is Policy.FIRST_COME or not any(row):
        return False
    return any(
        current_da == 0 and claim.most_da >= situation.minimum_da and claimant.session.demand_da != 0
        for claimant, claim, current_da in zip(claimants, claims, row, strict=True)
    )
