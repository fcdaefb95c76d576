"""Max-min fair shares under limits on sums, in integers and near-linear time.

A *limit* is the most that a sum of currents may reach: on a phase of the site, over all phases (which is its power), on
a phase of one charge point. Limits are numbered; a claim says how often its current counts under which of them.
Nobody gets less than the minimum unless nothing. All currents are in tenths of an ampere.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heapreplace
from typing import Final, NamedTuple

Draws = tuple[tuple[int, int], ...]
"""(Number of a limit, how often the current counts under it), at least one."""

_FINE: Final = 1 << 20
"""Levels are computed in this fraction of a tenth of an ampere and rounded down at the end."""


class Claim(NamedTuple):
    """What somebody who charges may be given. Equal claims are interchangeable."""

    draws: Draws
    most_da: int
    tier: int = 0
    """Tiers are filled one after the other, the lowest first, once everyone has the minimum."""


def allocate(
    claims: Sequence[Claim],
    limits: Sequence[int],
    *,
    minimum_da: int,
    order: Callable[[], Sequence[int]] | None = None,
    step_da: int = 1,
) -> list[int]:
    """The current of each claim: the minimum for as many as have room, in `order`, and then equal shares.

    Args:
        claims: their sequence decides who gets the odd step that cannot be split.
        limits: what each sum may reach, by number; below zero where it is exceeded already.
        minimum_da: what a claim gets at least if it gets anything.
        order: who comes first when there is not the minimum for all, as indices into `claims`; asked only then.
        step_da: shares are whole steps above the minimum as far as possible.
    """
    admitted = admit(claims, limits, minimum_da, order or (lambda: range(len(claims))))
    shares = share([claims[index] for index in admitted], limits, minimum_da, step_da)
    currents = [0] * len(claims)
    for index, current_da in zip(admitted, shares, strict=True):
        currents[index] = current_da
    return currents


def admit(
    claims: Sequence[Claim], limits: Sequence[int], minimum_da: int, order: Callable[[], Sequence[int]]
) -> list[int]:
    """The indices of those who get the minimum, ascending. Who does not fit is passed over: others may."""
    able = [index for index, claim in enumerate(claims) if claim.most_da >= minimum_da]
    free = _less(limits, ((claims[index].draws, minimum_da) for index in able))
    if all(free[number] >= 0 for claim in set(claims) if claim.most_da >= minimum_da for number, _ in claim.draws):
        return able
    free = list(limits)
    admitted = []
    for index in order():
        claim = claims[index]
        if claim.most_da >= minimum_da and _fits(claim.draws, minimum_da, free):
            _take(claim.draws, minimum_da, free)
            admitted.append(index)
    return sorted(admitted)


def share(claims: Sequence[Claim], limits: Sequence[int], minimum_da: int, step_da: int = 1) -> list[int]:
    """Currents of claims that all have room for the minimum."""
    currents = [minimum_da] * len(claims)
    free = _less(limits, ((claim.draws, minimum_da) for claim in claims))
    tiers = defaultdict(list)
    for index, claim in enumerate(claims):
        tiers[claim.tier].append(index)
    for _, members in sorted(tiers.items()):
        if len(members) > 1:
            _raise_equally(claims, members, currents, free, step_da)
        _top_up(claims, members, currents, free, step_da)
    return currents


def remaining(limits: Sequence[int], claims: Sequence[Claim], currents: Sequence[int]) -> list[int]:
    """What the limits leave beside these."""
    return _less(limits, ((claim.draws, current) for claim, current in zip(claims, currents, strict=True)))


def _raise_equally(
    claims: Sequence[Claim], members: Sequence[int], currents: list[int], free: list[int], step_da: int
) -> None:
    """From the minimum, which all members have, to the whole steps below their fair level."""
    minimum_da = currents[members[0]]
    counts = Counter(claims[index] for index in members)
    rises = {
        claim: _whole_steps(claim.most_da - minimum_da, level - minimum_da * _FINE, step_da)
        for claim, level in _fair_levels(counts, free, minimum_da).items()
    }
    for claim, count in counts.items():
        _take(claim.draws, rises[claim] * count, free)
    for index in members:
        currents[index] += rises[claims[index]]


def _whole_steps(most_da: int, fine: int, step_da: int) -> int:
    return most_da if fine >= most_da * _FINE else fine // _FINE // step_da * step_da


def _fair_levels(counts: Mapping[Claim, int], free: Sequence[int], minimum_da: int) -> dict[Claim, int]:
    """Progressive filling: all rise together; who reaches its own most stays there, and so do all under a limit that
    is reached. Levels are in fractions of a tenth of an ampere.
    """
    load: dict[int, int] = defaultdict(int)
    users: dict[int, list[Claim]] = defaultdict(list)
    for claim, count in counts.items():
        for number, weight in claim.draws:
            load[number] += weight * count
            users[number].append(claim)
    left = {number: (free[number] + minimum_da * weight) * _FINE for number, weight in load.items()}
    reached = [(left[number] // weight, number) for number, weight in load.items()]
    heapify(reached)
    levels: dict[Claim, int] = {}

    def settle(claim: Claim, level: int) -> None:
        levels[claim] = level
        for number, weight in claim.draws:
            load[number] -= weight * counts[claim]
            left[number] -= weight * counts[claim] * level

    for claim in sorted(counts, key=lambda one: one.most_da):
        while claim not in levels:
            level, number = _next_reached(reached, left, load)
            if claim.most_da * _FINE <= level:
                settle(claim, claim.most_da * _FINE)
            else:
                for user in users[number]:
                    if user not in levels:
                        settle(user, level)
    return levels


def _next_reached(reached: list[tuple[int, int]], left: Mapping[int, int], load: Mapping[int, int]) -> tuple[int, int]:
    """The level at which the next limit is reached, and which. The heap may hold levels that have risen since."""
    while True:
        level, number = reached[0]
        if load[number] == 0:
            heappop(reached)
        elif (now := left[number] // load[number]) > level:
            heapreplace(reached, (now, number))
        else:
            return level, number


def _top_up(
    claims: Sequence[Claim], members: Sequence[int], currents: list[int], free: list[int], step_da: int
) -> None:
    """Hand out what rounding left: whole steps in turn while they fit, then the rest to whom it fits."""
    growing = [index for index in members if currents[index] < claims[index].most_da]
    if len(members) > 1:
        while growing:
            growing = [index for index in growing if _grow(claims[index], index, currents, free, step_da)]
        growing = [index for index in members if currents[index] < claims[index].most_da]
    for index in growing:
        claim = claims[index]
        rise_da = min(claim.most_da - currents[index], *(free[number] // weight for number, weight in claim.draws))
        if rise_da > 0:
            _take(claim.draws, rise_da, free)
            currents[index] += rise_da


def _grow(claim: Claim, index: int, currents: list[int], free: list[int], step_da: int) -> bool:
    """Raise it by a step, or to its most; tells whether there was room."""
    rise_da = min(step_da, claim.most_da - currents[index])
    if rise_da <= 0 or not _fits(claim.draws, rise_da, free):
        return False
    _take(claim.draws, rise_da, free)
    currents[index] += rise_da
    return True


def _fits(draws: Draws, current_da: int, free: Sequence[int]) -> bool:
    for number, weight in draws:  # noqa: SIM110 - a generator here is half of the time of a large site
        if free[number] < weight * current_da:
            return False
    return True


def _take(draws: Draws, current_da: int, free: list[int]) -> None:
    for number, weight in draws:
        free[number] -= weight * current_da


def _less(limits: Sequence[int], taken: Iterable[tuple[Draws, int]]) -> list[int]:
    free = list(limits)
    for (draws, current_da), count in Counter(taken).items():
        _take(draws, current_da * count, free)
    return free
