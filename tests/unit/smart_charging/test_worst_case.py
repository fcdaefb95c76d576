"""The most that may be drawn under uncertainty: what operators would say, and never less than any world allows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain, combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from csms.ids import TransactionId
from csms.smart_charging.composite import Connector, Window, composite_schedule
from csms.smart_charging.profiles import Profile, RunningTransaction, Supply
from csms.smart_charging.worst_case import worst_case_a
from tests.unit.smart_charging.profiles_made import DEFAULT, MAX, TRANSACTION, TX, A, W, a_profile, after
from tests.unit.smart_charging.worlds import SPAN_S, moments, profiles

HARDWARE_A = Decimal(32)


def worst(certain: Sequence[Profile] = (), uncertain: Sequence[Profile] = (), **changes: Any) -> float:
    described: dict[str, Any] = {
        "connector_id": 1,
        "transaction": TRANSACTION,
        "may_be_another_transaction": False,
        "at": after(seconds=10),
        "maximum_a": HARDWARE_A,
    }
    return float(worst_case_a(certain, uncertain, **described | changes))


def test_where_nothing_limits_it_is_the_hardware() -> None:
    assert worst() == 32
    assert worst([a_profile(TX, {0: 6}, 5)]) == 32


def test_what_is_certain_holds() -> None:
    assert worst([a_profile(TX, {0: 6})]) == 6
    assert worst([a_profile(DEFAULT, {0: 10}), a_profile(MAX, {0: 8}, id=2)]) == 8


def test_what_nobody_charges_is_not_drawn_unless_somebody_may_have_begun() -> None:
    default = a_profile(DEFAULT, {0: 10}, connector_id=0)
    assert worst([default], transaction=None) == 0
    assert worst([default], transaction=None, may_be_another_transaction=True) == 10


def test_an_unanswered_profile_counts_as_the_larger_of_old_and_new() -> None:
    old = a_profile(TX, {0: 16})
    assert worst([old], [a_profile(TX, {0: 10})]) == 16
    assert worst([old], [a_profile(TX, {0: 20})]) == 20
    assert worst([old], [a_profile(TX, {0: 10}, id=9)]) == 16
    assert worst([old], [a_profile(TX, {0: 20}, 5)]) == 32


def test_what_may_have_been_cleared_limits_nothing() -> None:
    assert worst([], [a_profile(TX, {0: 6})]) == 32
    assert worst([a_profile(DEFAULT, {0: 16}, id=2)], [a_profile(TX, {0: 6})]) == 16


def test_an_uncertain_profile_above_may_allow_more_and_one_below_cannot() -> None:
    certain = a_profile(TX, {0: 10}, stack_level=1)
    assert worst([certain], [a_profile(TX, {0: 20}, id=2, stack_level=2)]) == 20
    assert worst([certain], [a_profile(TX, {0: 20}, id=2, stack_level=0)]) == 10
    assert worst([a_profile(DEFAULT, {0: 10})], [a_profile(TX, {0: 20}, id=2)]) == 20


def test_a_profile_that_takes_the_id_of_another_may_leave_its_place_empty() -> None:
    failsafe = a_profile(DEFAULT, {0: 6}, connector_id=0)
    moved = a_profile(DEFAULT, {0: 6}, connector_id=2)
    assert worst([failsafe], [moved]) == 32


def test_another_transaction_has_the_defaults() -> None:
    installed = [a_profile(TX, {0: 6}), a_profile(DEFAULT, {0: 16}, connector_id=0, id=2)]
    assert worst(installed) == 6
    assert worst(installed, may_be_another_transaction=True) == 16


def test_a_profile_of_a_remote_start_may_be_that_of_the_other_transaction() -> None:
    default = a_profile(DEFAULT, {0: 10})
    to_come = a_profile(TX, {0: 20}, id=2, connector_id=None, transaction_id=None)
    for certain, uncertain in (([default, to_come], []), ([default], [to_come])):
        assert worst(certain, uncertain) == 10
        assert worst(certain, uncertain, may_be_another_transaction=True) == 20
    assert worst([to_come], transaction=None, may_be_another_transaction=True) == 32


def test_a_relative_default_of_a_transaction_nobody_told_us_of_may_be_in_any_period() -> None:
    relative = a_profile(DEFAULT, {0: 6, 60: 20, 120: 10}, start=None)
    assert worst([relative]) == 6
    assert worst([relative], may_be_another_transaction=True) == 20
    assert worst([a_profile(DEFAULT, {0: 6}, 60, start=None)], may_be_another_transaction=True) == 32


def test_a_relative_maximum_is_not_relied_on() -> None:
    assert worst([a_profile(MAX, {0: 6}, start=None)]) == 32


def test_over_a_span_it_is_the_most_of_any_moment() -> None:
    installed = [a_profile(TX, {0: 6, 60: 20, 120: 10})]
    assert worst(installed, until=after(seconds=60)) == 6
    assert worst(installed, until=after(seconds=61)) == 20
    assert worst(installed, at=after(seconds=120), until=after(days=1)) == 10


def test_w_may_all_flow_through_the_phases_that_are_there_and_are_rounded_up() -> None:
    watts = [a_profile(TX, {0: 11_000}, unit=W)]
    assert worst(watts) == 16.0
    assert worst(watts, phases=1) == 32
    assert worst([a_profile(TX, {0: 3_000}, unit=W)], phases=1) == 13.1


def test_connector_0_asks_for_the_maximum_of_the_whole() -> None:
    caps = [a_profile(MAX, {0: 20}), a_profile(DEFAULT, {0: 6}, connector_id=0, id=2)]
    assert worst(caps, connector_id=0, transaction=None) == 20
    assert worst([], caps, connector_id=0, transaction=None) == 32


def test_a_thousand_uncertain_profiles_are_soon_counted() -> None:
    many = [a_profile(TX, {0: 6, 60: 7}, id=number, stack_level=number % 8) for number in range(1000)]
    assert worst([a_profile(DEFAULT, {0: 10}, id=5000)], many, until=after(hours=1)) == 10


def worlds(certain: list[Profile], uncertain: list[Profile]) -> list[list[Profile]]:
    """Everything that may be installed."""
    chosen = chain.from_iterable(combinations(uncertain, size) for size in range(len(uncertain) + 1))
    return [
        [*(one for one in certain if not any(new.replaces(one) for new in some)), *some] for some in map(list, chosen)
    ]


@given(
    st.lists(profiles(), max_size=4),
    st.lists(profiles(), max_size=4),
    st.none() | st.builds(RunningTransaction, st.just(TRANSACTION.id), moments),
    st.integers(1, 3),
    moments,
    st.integers(1, SPAN_S),
)
def test_it_is_never_less_than_what_any_world_allows_at_any_second(
    certain: list[Profile],
    uncertain: list[Profile],
    transaction: RunningTransaction | None,
    phases: int,
    at: datetime,
    span_s: int,
) -> None:
    most = worst_case_a(
        certain,
        uncertain,
        connector_id=1,
        transaction=transaction,
        may_be_another_transaction=transaction is None,
        at=at,
        until=at + timedelta(seconds=span_s),
        maximum_a=HARDWARE_A,
        phases=phases,
    )
    assert 0 <= most <= HARDWARE_A
    supply = Supply(phases=phases, maximum_a=HARDWARE_A)
    others = [RunningTransaction(TransactionId(99), at - timedelta(seconds=ago_s)) for ago_s in (0, 1, 60, 200, 900)]
    for world in worlds(certain, uncertain):
        for charging in [transaction] if transaction else others:
            connector = Connector(1, charging, supply)
            for step in composite_schedule(world, connector, Window(at, span_s), A):
                assert step.limit is not None
                assert step.limit <= most
