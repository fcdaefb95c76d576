from hypothesis import given
from hypothesis import strategies as st

from local.fleet.charging_curve import KNEE, Battery, Vehicle

CAR = Vehicle(capacity_wh=60_000, max_power_w=11_000, phases=3)
NO_LIMIT_W = 1e9


def test_full_power_up_to_the_knee_and_less_above_it() -> None:
    assert Battery(CAR, KNEE).power_w(NO_LIMIT_W) == CAR.max_power_w
    assert 0 < Battery(CAR, 0.95).power_w(NO_LIMIT_W) < CAR.max_power_w
    assert Battery(CAR, 1.0).power_w(NO_LIMIT_W) == 0


@given(st.floats(0, 0.99), st.floats(0, 48 * 3600), st.floats(0, 150_000))
def test_never_more_energy_than_fits_or_than_the_limit_allows(soc: float, duration_s: float, limit_w: float) -> None:
    battery = Battery(CAR, soc)
    energy_wh = battery.charge(duration_s, limit_w)
    assert 0 <= energy_wh <= (1 - soc) * CAR.capacity_wh + 1
    assert energy_wh <= limit_w * duration_s / 3600 + 1e-6
    assert soc <= battery.soc <= 1


def test_a_long_night_fills_the_battery() -> None:
    battery = Battery(CAR, 0.2)
    assert round(battery.charge(24 * 3600, NO_LIMIT_W)) == 48_000
    assert battery.full
