"""Max-min fair shares: what must always hold, and against exact linear programs."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from csms.smart_charging.allocation import Claim, Pool

MINIMUM_DA = 60
PHASES = st.sampled_from([(0, 1, 2), (0, 1), (1, 2), (0,), (1,), (2,)])
STATIONS = (None, 4, 7)
"""Numbers of the limits of two stations: three phases each."""


@st.composite
def claims(draw: st.DrawFn, tiers: int = 1) -> Claim:
    phases = draw(PHASES)
    station = draw(st.sampled_from(STATIONS))
    own = () if station is None else tuple((station + phase, 1) for phase in phases)
    draws = (*((phase, 1) for phase in phases), (3, len(phases)), *own)
    return Claim(draws, draw(st.integers(0, 320)), draw(st.integers(0, tiers - 1)))


limits = st.tuples(
    *[st.integers(-50, 900)] * 3, st.one_of(st.just(10**9), st.integers(-50, 2500)), *[st.integers(0, 500)] * 6
)
several = st.lists(claims(), min_size=1, max_size=12)
in_tiers = st.lists(claims(tiers=3), min_size=1, max_size=12)


def allocate(claims: Sequence[Claim], limits: Sequence[int]) -> list[int]:
    return Pool(claims, minimum_da=MINIMUM_DA).allocate(list(limits))


def drawn(claims: Sequence[Claim], currents: Sequence[float], number: int) -> float:
    return sum(
        weight * current
        for claim, current in zip(claims, currents, strict=True)
        for used, weight in claim.draws
        if used == number
    )


@given(in_tiers, limits)
def test_no_limit_is_exceeded(claims: list[Claim], limits: tuple[int, ...]) -> None:
    currents = allocate(claims, limits)
    for number, limit in enumerate(limits):
        assert drawn(claims, currents, number) <= max(limit, 0)


@given(in_tiers, limits)
def test_everyone_gets_nothing_or_from_the_minimum_to_its_most(claims: list[Claim], limits: tuple[int, ...]) -> None:
    for claim, current_da in zip(claims, allocate(claims, limits), strict=True):
        assert current_da == 0 or MINIMUM_DA <= current_da <= claim.most_da


@given(in_tiers, limits)
def test_nothing_is_left_that_someone_could_use(claims: list[Claim], limits: tuple[int, ...]) -> None:
    currents = allocate(claims, limits)
    free = [limit - drawn(claims, currents, number) for number, limit in enumerate(limits)]
    for claim, current_da in zip(claims, currents, strict=True):
        more_da = 1 if current_da else MINIMUM_DA
        has_room = all(free[number] >= weight * more_da for number, weight in claim.draws)
        assert current_da + more_da > claim.most_da or not has_room


@given(in_tiers, limits)
def test_what_is_taken_is_what_is_given(claims: list[Claim], limits: tuple[int, ...]) -> None:
    free = list(limits)
    currents = Pool(claims, minimum_da=MINIMUM_DA).allocate(free)
    assert free == [limit - drawn(claims, currents, number) for number, limit in enumerate(limits)]


@given(in_tiers, limits)
def test_lower_tiers_take_nothing_but_their_minimum_from_higher_ones(
    claims: list[Claim], limits: tuple[int, ...]
) -> None:
    modest = [claim if claim.tier == 0 else claim._replace(most_da=min(claim.most_da, MINIMUM_DA)) for claim in claims]
    firsts = [n for n, claim in enumerate(claims) if claim.tier == 0]
    currents, without = allocate(claims, limits), allocate(modest, limits)
    assert [currents[n] for n in firsts] == [without[n] for n in firsts]


@given(several, limits, st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_the_minimum_is_given_in_the_order_asked_for(
    claims: list[Claim], limits: tuple[int, ...], random: object
) -> None:
    order = list(range(len(claims)))
    random.shuffle(order)  # type: ignore[attr-defined]
    currents = Pool(claims, minimum_da=MINIMUM_DA).allocate(list(limits), lambda: order)
    free = list(limits)
    for n in order:
        draws = claims[n].draws
        has_room = claims[n].most_da >= MINIMUM_DA and all(free[at] >= weight * MINIMUM_DA for at, weight in draws)
        assert (currents[n] > 0) is has_room
        for number, weight in draws if has_room else ():
            free[number] -= weight * MINIMUM_DA


@given(st.lists(claims(), min_size=1, max_size=6), limits)
@settings(max_examples=50, deadline=None)
def test_nobody_gets_less_than_its_exact_fair_share_rounded_down(claims: list[Claim], limits: tuple[int, ...]) -> None:
    """The exact one by linear programs: the highest level that all can have, then who cannot have more stays there."""
    currents = allocate(claims, limits)
    served = [n for n, current_da in enumerate(currents) if current_da]
    fair = exact_shares([claims[n] for n in served], limits)
    for n, exact_da in zip(served, fair, strict=True):
        assert currents[n] > exact_da - 1 - 1e-3


def exact_shares(claims: Sequence[Claim], limits: Sequence[int]) -> list[float]:
    fixed: dict[int, float] = {}
    while len(fixed) < len(claims):
        level = -_solve(claims, limits, fixed, level=None, raised=None)
        for n in (n for n in range(len(claims)) if n not in fixed):
            if -_solve(claims, limits, fixed, level=level - 1e-7, raised=n) < level + 1e-4:
                fixed[n] = level
    return [fixed[n] for n in range(len(claims))]


def _solve(
    claims: Sequence[Claim], limits: Sequence[int], fixed: dict[int, float], level: float | None, raised: int | None
) -> float:
    """Minus the highest common level, or minus the most of one claim while all others have at least a level."""
    count = len(claims)
    uses = np.zeros((len(limits) + count, count + 1))
    for n, claim in enumerate(claims):
        for number, weight in claim.draws:
            uses[number, n] += weight
        if n not in fixed and level is None:
            uses[len(limits) + n, [n, count]] = (-1, 1)
    bounds = [
        (fixed[n] - 1e-7, fixed[n] + 1e-7) if n in fixed else (level or MINIMUM_DA, claim.most_da)
        for n, claim in enumerate(claims)
    ]
    goal = np.zeros(count + 1)
    goal[count if raised is None else raised] = -1
    room = [*(max(0, limit) + 1e-5 for limit in limits), *[0.0] * count]
    solution = linprog(goal, A_ub=uses, b_ub=room, bounds=[*bounds, (0, None)], method="highs")
    assert solution.success, solution.message
    return float(solution.fun or 0.0)


def three_phases(most_da: int = 320, tier: int = 0) -> Claim:
    return Claim(((0, 1), (1, 1), (2, 1), (3, 3)), most_da, tier)


def one_phase(phase: int, most_da: int = 320) -> Claim:
    return Claim(((phase, 1), (3, 1)), most_da)


BOUNDLESS = 10**9


def test_a_current_that_cannot_be_split_evenly_goes_to_the_first() -> None:
    assert allocate([three_phases()] * 3, (320, 320, 320, BOUNDLESS)) == [107, 107, 106]


def test_what_one_cannot_use_is_for_the_others() -> None:
    assert allocate([three_phases(80), three_phases(), three_phases()], (400, 400, 400, BOUNDLESS)) == [80, 160, 160]


def test_a_phase_that_is_full_stops_only_those_on_it() -> None:
    claims = [one_phase(0), one_phase(0), one_phase(1)]
    assert allocate(claims, (200, 250, 0, BOUNDLESS)) == [100, 100, 250]


def test_power_counts_every_phase() -> None:
    assert allocate([three_phases(), one_phase(0)], (320, 320, 320, 400)) == [100, 100]


def test_without_room_for_every_minimum_the_first_are_served() -> None:
    assert allocate([three_phases()] * 3, (130, 130, 130, BOUNDLESS)) == [65, 65, 0]


def test_who_does_not_fit_is_passed_over() -> None:
    assert allocate([three_phases(), one_phase(0)], (70, 0, 70, BOUNDLESS)) == [0, 70]


def test_one_tier_is_filled_before_the_next() -> None:
    assert allocate([three_phases(tier=1), three_phases(tier=0)], (400, 400, 400, BOUNDLESS)) == [80, 320]
