"""Taking turns: everyone is served within a bound that does not depend on luck."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from hypothesis import given, settings
from hypothesis import strategies as st

from csms.smart_charging.sharing import plan
from csms.smart_charging.situation import Decision, ManagedConnector, Situation
from tests.unit.smart_charging.sites import ALL, MINIMUM_DA, NOON, a_site, charging, key, wanted_now

TURN = timedelta(minutes=15)


def days_of(site: Situation, moments: Sequence[datetime]) -> Iterator[tuple[Situation, Decision]]:
    """Decide at each moment, everyone obeying and keeping its turn."""
    for now in moments:
        site = replace(site, now=now, intervals=(replace(site.intervals[0], start=now, end=now + TURN),))
        decision = plan(site)
        yield site, decision
        site = replace(site, connectors=tuple(_after(one, decision) for one in site.connectors))


def _after(one: ManagedConnector, decision: Decision) -> ManagedConnector:
    assert one.session
    return replace(one, held_da=decision.wanted[one.key], session=replace(one.session, turn=decision.turns[one.key]))


def every_turn(count: int, extra: Sequence[int] = ()) -> list[datetime]:
    """The starts of turns, and other moments in between (in minutes)."""
    return sorted({NOON + n * TURN for n in range(count)} | {NOON + timedelta(minutes=minutes) for minutes in extra})


@given(st.integers(2, 9), st.integers(1, 9), st.lists(st.integers(0, 130), max_size=6))
@settings(max_examples=60, deadline=None)
def test_of_n_with_places_for_k_each_is_served_within_n_by_k_turns(n: int, k: int, extra: list[int]) -> None:
    connectors = [charging(number, started=NOON - timedelta(seconds=number % 3)) for number in range(n)]
    site = a_site(*connectors, limits_da=(k * MINIMUM_DA + 30,))
    bound = ceil(n / k)
    last_served = dict.fromkeys((one.key for one in connectors), NOON - TURN)
    for now_site, decision in days_of(site, every_turn(4 * bound, [minute for minute in extra if minute < 60 * bound])):
        for found, row in decision.wanted.items():
            if row[0]:
                last_served[found] = now_site.now
            assert now_site.now - last_served[found] <= bound * TURN
        assert sum(row[0] > 0 for row in decision.wanted.values()) == min(n, k)


@given(
    st.lists(st.sampled_from([ALL, (0,), (1,), (2,), (0, 1)]), min_size=2, max_size=7),
    st.lists(st.integers(0, 100), max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_nobody_is_overtaken_for_ever_by_smaller_ones(phases: list[tuple[int, ...]], extra: list[int]) -> None:
    """Whatever the others' phases: at each turn the one that has waited longest is served."""
    connectors = [charging(number, phases=found) for number, found in enumerate(phases)]
    waited = dict.fromkeys((one.key for one in connectors), 0)
    for site, decision in days_of(a_site(*connectors, limits_da=(70,)), every_turn(3 * len(phases), extra)):
        if site.now not in every_turn(3 * len(phases)):
            continue
        for found, row in decision.wanted.items():
            waited[found] = 0 if row[0] else waited[found] + 1
        assert max(waited.values()) < len(phases)


@given(st.integers(2, 6), st.integers(1, 5), st.lists(st.integers(1, 14), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_within_a_turn_everyone_keeps_its_place(n: int, k: int, minutes: list[int]) -> None:
    connectors = [charging(number) for number in range(n)]
    moments = [NOON, *(NOON + timedelta(minutes=minute) for minute in sorted(set(minutes)))]
    served = [
        {found for found, row in decision.wanted.items() if row[0]}
        for _, decision in days_of(a_site(*connectors, limits_da=(k * MINIMUM_DA,)), moments)
    ]
    assert all(found == served[0] for found in served)


def test_those_who_came_at_different_times_do_not_pass_places_to_each_other_past_a_larger_one() -> None:
    """Two pairs take turns on a phase each, half a turn apart; the one that needs both gets them all the same."""
    arrivals = {0: (0,), 7: (1,), 8: (0, 1), 9: (0,), 10: (1,)}
    site, served_at = a_site(limits_da=(70,)), []
    for minute in range(61):
        now = NOON + timedelta(minutes=minute)
        if minute in arrivals:
            newcomer = charging(minute, phases=arrivals[minute], started=now)
            site = replace(site, connectors=(*site.connectors, newcomer))
        site = replace(site, now=now, intervals=(replace(site.intervals[0], start=now, end=now + TURN),))
        decision = plan(site)
        served_at += [minute] if minute >= 8 and decision.wanted[key(8)][0] else []
        site = replace(site, connectors=tuple(_after(one, decision) for one in site.connectors))
    assert served_at[0] == 15


def test_a_newcomer_waits_for_the_next_turn() -> None:
    [_, (_, decision)] = days_of(a_site(charging(1), limits_da=(100,)), [NOON, NOON + timedelta(minutes=5)])
    newcomer = charging(2, started=NOON + timedelta(minutes=4))
    settled = charging(1, 100, turn=decision.turns[key(1)])
    for minutes, shares in ((5, {"CP001": 100, "CP002": 0}), (15, {"CP001": 0, "CP002": 100})):
        now = NOON + timedelta(minutes=minutes)
        site = replace(a_site(settled, newcomer, limits_da=(100, 100)), now=now)
        [found] = [found for _, found in days_of(site, [now])]
        assert wanted_now(found) == shares
        assert found.next_turn == NOON + (TURN if minutes < 15 else 2 * TURN)


def test_when_all_have_a_place_nobody_waits_for_a_turn() -> None:
    assert plan(a_site(charging(1), charging(2), limits_da=(120,))).next_turn is None


def test_turns_are_foreseen_in_later_intervals() -> None:
    decision = plan(a_site(charging(1, 0, 0), charging(2, 0, 0), limits_da=(100, 100)))
    assert sorted(decision.wanted.values()) == [(0, 100), (100, 0)]
