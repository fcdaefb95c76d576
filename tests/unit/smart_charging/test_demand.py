from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from csms.smart_charging.demand import demand_da

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def constant(limit_da: int | None) -> Callable[[datetime], int | None]:
    return lambda _: limit_da


def learnt(
    *currents: int,
    allowed: Callable[[datetime], int | None] | None = None,
    is_suspended_by_vehicle: bool = False,
) -> int | None:
    """From readings a minute apart, the last one now."""
    readings: Sequence[tuple[datetime, int]] = [
        (NOW - (len(currents) - 1 - n) * MINUTE, current_da) for n, current_da in enumerate(currents)
    ]
    return demand_da(
        readings,
        allowed_da=allowed or constant(160),
        is_suspended_by_vehicle=is_suspended_by_vehicle,
        now=NOW,
    )


def test_who_draws_clearly_less_than_allowed_needs_no_more_than_that_with_headroom() -> None:
    assert learnt(80, 80) == 90
    assert learnt(140) == 154


@pytest.mark.parametrize("current_da", [151, 160, 170])
def test_who_draws_about_what_is_allowed_may_want_anything(current_da: int) -> None:
    assert learnt(80, current_da) is None


def test_the_demand_that_was_allowed_does_not_shrink_by_itself() -> None:
    for drawn_da in (60, 80, 140, 250):
        first = learnt(drawn_da, allowed=constant(320))
        assert first is not None
        assert learnt(drawn_da, allowed=constant(first)) == first


def test_the_higher_of_two_readings_counts() -> None:
    assert learnt(120, 80) == 132
    assert learnt(150, 120, 80) == 132


def test_so_soon_after_a_new_limit_a_reading_tells_nothing() -> None:
    def raised(at: datetime) -> int:
        return 160 if at >= NOW - timedelta(seconds=30) else 80

    assert learnt(79, allowed=raised) is None


def test_without_readings_or_where_the_limit_is_not_known_there_is_no_telling() -> None:
    assert learnt() is None
    assert learnt(10, allowed=constant(None)) is None
    assert demand_da([(NOW, 10)], allowed_da=None, is_suspended_by_vehicle=True, now=NOW) is None


def test_who_draws_nothing_wants_nothing() -> None:
    assert learnt(100, 0) == 110
    assert learnt(0, 2) == 0


def test_a_vehicle_that_suspends_what_it_is_offered_wants_nothing() -> None:
    assert learnt(150, is_suspended_by_vehicle=True) == 0


def test_a_paused_vehicle_cannot_show_what_it_wants() -> None:
    assert learnt(0, 0, allowed=constant(0)) is None
    assert learnt(0, allowed=constant(0), is_suspended_by_vehicle=True) is None
