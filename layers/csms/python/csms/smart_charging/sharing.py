"""Sharing a site's power: from a situation to what to send, pure.

The rule that keeps the grid safe: what counts is not what a connector was told but what it may draw by everything it is
known to have been sent (`held_da`). A decrease frees nothing until it is confirmed; an increase is given only if the
sum of what all hold, and it, stays within the capacity in every interval. So one function serves both waves: deciding
again after the decreases were confirmed yields the increases.
"""

from csms.smart_charging.ledger import Ledger, excess_da, less
from csms.smart_charging.shares import Claimant, claimants_of, share_out
from csms.smart_charging.situation import Decision, ManagedConnector, Note, Reason, Situation
from csms.smart_charging.waves import decreases, increases


def plan(situation: Situation) -> Decision:
    """What everyone should get, and what of it to send now."""
    book = Ledger(situation)
    connectors = sorted(situation.connectors, key=lambda one: one.key)
    claimants = claimants_of(situation, book, connectors)
    managed = [claimant.connector for claimant in claimants]
    idle = [one for one in connectors if one.session is None and one.is_reachable]
    out_of_reach = [one for one in connectors if not one.is_reachable]  # transactions may begin there unheard of

    free = less(
        book.limits,
        book.reserve(idle, situation.newcomers),
        book.sums((one, one.held_da) for one in out_of_reach),
    )
    shares = share_out(situation, book, claimants, free)
    keys = [one.key for one in managed]
    wanted = dict(zip(keys, zip(*shares.rows, strict=True), strict=True))

    room = less(free, book.sums((one, one.held_da) for one in managed))
    falling = decreases(situation, book, managed, wanted, free)
    rising = increases(situation, book, managed, wanted, room, falling)
    rises = {target.key: target.limits_da for target in rising}
    then = less(free, book.sums((one, rises.get(one.key, one.held_da)) for one in managed))
    notes = {one.key: _note_of_others(one) for one in (*idle, *out_of_reach)}
    notes |= {one.connector.key: _note(situation, book, one, wanted[one.connector.key][0]) for one in claimants}
    return Decision(
        decreases=falling,
        increases=rising,
        wanted=wanted,
        turns=dict(zip(keys, shares.turns, strict=True)),
        notes=notes,
        worst_case=book.used(then[0]),
        overload_da=tuple(map(excess_da, room)),
        unavoidable_da=tuple(map(excess_da, free)),
        next_turn=shares.next_turn,
    )


def _note_of_others(connector: ManagedConnector) -> Note:
    return Note(Reason.IDLE if connector.is_reachable else Reason.UNREACHABLE, connector.held_da[0])


def _note(situation: Situation, book: Ledger, claimant: Claimant, current_da: int) -> Note:
    most = book.most_da(claimant.connector)
    if most < situation.minimum_da:
        reason = Reason.TOO_SMALL
    elif current_da == 0:
        reason = Reason.RESTING if claimant.is_resting else Reason.WAITING
    elif current_da < claimant.most_da:
        reason = Reason.SHARED
    else:
        reason = Reason.MAXIMUM if current_da == most else Reason.DEMAND
    return Note(reason, current_da)
