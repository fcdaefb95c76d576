"""Max-min fair shares under limits on sums, in integers and near-linear time: pure.

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


class Pool:
    """Claims that share what is free, again and again."""

    def __init__(self, claims: Sequence[Claim], *, minimum_da: int) -> None:
        """Prepare claims.

        Args:
            claims: their sequence decides who gets the odd tenth that cannot be split.
            minimum_da: what a claim gets at least if it gets anything.
        """
        self._claims = claims
        self._minimum_da = minimum_da
        self._able = [index for index, claim in enumerate(claims) if claim.most_da >= minimum_da]
        self._load = _load(Counter(claims[index] for index in self._able))
        self._tiers = self._by_tier(self._able)

    def allocate(self, free: list[int], order: Callable[[], Sequence[int]] | None = None) -> list[int]:
        """The current of each claim: the minimum for as many as have room, in `order`, and then equal shares.

        Args:
            free: what each sum may reach, by number; below zero where it is exceeded already. What is given is taken
                from it.
            order: who comes first when there is not the minimum for all, as indices; asked only then. Who does not
                fit is passed over: others may.
        """
        currents = [0] * len(self._claims)
        tiers = self._tiers
        if all(free[number] >= load * self._minimum_da for number, load in self._load.items()):
            for number, load in self._load.items():
                free[number] -= load * self._minimum_da
        else:
            tiers = self._by_tier(sorted(self._admit(free, order() if order else range(len(self._claims)))))
        for members, counts in tiers:
            for index in members:
                currents[index] = self._minimum_da
            if len(members) > 1:
                self._raise_equally(members, counts, currents, free)
            self._top_up(members, currents, free)
        return currents

    def _by_tier(self, members: Iterable[int]) -> list[tuple[list[int], Counter[Claim]]]:
        """The members of each tier, and how many there are of each kind."""
        tiers: dict[int, list[int]] = defaultdict(list)
        for index in members:
            tiers[self._claims[index].tier].append(index)
        return [(found, Counter(self._claims[index] for index in found)) for _, found in sorted(tiers.items())]

    def _admit(self, free: list[int], order: Sequence[int]) -> list[int]:
        """Those who get the minimum, which is taken."""
        admitted = []
        for index in order:
            claim = self._claims[index]
            if claim.most_da >= self._minimum_da and _take_if_it_fits(claim.draws, self._minimum_da, free):
                admitted.append(index)
        return admitted

    def _raise_equally(
        self, members: Sequence[int], counts: Mapping[Claim, int], currents: list[int], free: list[int]
    ) -> None:
        """From the minimum, which all members have, to their fair level, rounded down."""
        levels = _fair_levels(counts, free, self._minimum_da)
        fair = {claim: level // _FINE for claim, level in levels.items()}
        for claim, count in counts.items():
            _take(claim.draws, (fair[claim] - self._minimum_da) * count, free)
        for index in members:
            currents[index] = fair[self._claims[index]]

    def _top_up(self, members: Sequence[int], currents: list[int], free: list[int]) -> None:
        """Hand out what rounding left, a tenth each in turn; one alone takes all that it can."""
        step_da = 1 if len(members) > 1 else max(self._claims[index].most_da for index in members)
        growing = list(members)
        while growing:
            growing = [index for index in growing if self._grow(index, currents, free, step_da)]

    def _grow(self, index: int, currents: list[int], free: list[int], step_da: int) -> bool:
        """Raise it as far as there is room, by a step at most; tells whether it rose."""
        claim = self._claims[index]
        rise_da = min(step_da, claim.most_da - currents[index])
        for number, weight in claim.draws:
            rise_da = min(rise_da, free[number] // weight)
        if rise_da <= 0:
            return False
        _take(claim.draws, rise_da, free)
        currents[index] += rise_da
        return True


def _fair_levels(counts: Mapping[Claim, int], free: Sequence[int], minimum_da: int) -> dict[Claim, int]:
    """Progressive filling: all rise together; who reaches its own most stays there, and so do all under a limit that
    is reached. Levels are in fractions of a tenth of an ampere.
    """
    load = _load(counts)
    left = {number: (free[number] + minimum_da * weight) * _FINE for number, weight in load.items()}
    reached = [(left[number] // weight, number) for number, weight in load.items()]
    heapify(reached)
    users: dict[int, list[Claim]] = defaultdict(list)
    for claim in counts:
        for number, _ in claim.draws:
            users[number].append(claim)
    levels: dict[Claim, int] = {}

    def settle(claim: Claim, level: int) -> None:
        levels[claim] = level
        count = counts[claim]
        for number, weight in claim.draws:
            load[number] -= weight * count
            left[number] -= weight * count * level

    for claim in sorted(counts, key=_most):
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


def _most(claim: Claim) -> int:
    return claim.most_da


def _load(counts: Mapping[Claim, int]) -> dict[int, int]:
    """How often a common level counts under each limit."""
    load: dict[int, int] = defaultdict(int)
    for claim, count in counts.items():
        for number, weight in claim.draws:
            load[number] += weight * count
    return load


def _take_if_it_fits(draws: Draws, current_da: int, free: list[int]) -> bool:
    for number, weight in draws:
        if free[number] < weight * current_da:
            return False
    _take(draws, current_da, free)
    return True


def _take(draws: Draws, current_da: int, free: list[int]) -> None:
    for number, weight in draws:
        free[number] -= weight * current_da
