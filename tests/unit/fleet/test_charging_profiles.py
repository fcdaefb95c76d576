"""The station's own evaluation, against the vectors of the certification cases (unit A, one phase, x = 0)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from local.fleet.charging_profiles import NOMINAL_VOLTAGE_V, InstalledProfiles, parse_profile

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HARDWARE_W = 22_000.0


def profile(purpose: str, periods: dict[int, float], duration_s: int | None, **changes: Any) -> dict[str, Any]:
    return {
        "charging_profile_id": changes.pop("profile_id", 1),
        "stack_level": changes.pop("stack_level", 0),
        "charging_profile_purpose": purpose,
        "charging_profile_kind": changes.pop("kind", "Absolute"),
        "charging_schedule": {
            "start_schedule": START.isoformat(),
            "duration": duration_s,
            "charging_rate_unit": "A",
            "charging_schedule_period": [
                {"start_period": start, "limit": limit, "number_phases": 1} for start, limit in periods.items()
            ],
        },
    } | changes


def composite_a(installed: InstalledProfiles, duration_s: int) -> list[tuple[int, float]]:
    schedule = installed.composite(1, START, duration_s, START, HARDWARE_W)
    return [(start_s, limit_w / NOMINAL_VOLTAGE_V) for start_s, limit_w in schedule]


def test_tc_072_lower_stack_level_takes_over_when_the_higher_one_ends() -> None:
    installed = InstalledProfiles()
    installed.install(parse_profile(1, profile("TxDefaultProfile", {0: 6, 100: 8, 200: 10}, 400, profile_id=1)))
    installed.install(parse_profile(1, profile("TxDefaultProfile", {0: 7, 100: 9}, 150, profile_id=2, stack_level=1)))
    assert composite_a(installed, 350) == [(0, 7), (100, 9), (150, 8), (200, 10)]


def test_tc_066_nothing_falls_back_to_the_default_after_a_tx_profile() -> None:
    installed = InstalledProfiles()
    installed.install(parse_profile(0, profile("ChargePointMaxProfile", {0: 10}, 86400, profile_id=1)))
    default = profile("TxDefaultProfile", {0: 6, 60: 10, 120: 8, 180: 15, 260: 8}, 300, profile_id=2)
    installed.install(parse_profile(1, default))
    transaction = profile("TxProfile", {0: 8, 50: 11, 140: 16, 200: 6, 240: 12}, 260, profile_id=3, transaction_id=1)
    installed.install(parse_profile(1, transaction))
    assert composite_a(installed, 400) == [(0, 8), (50, 10), (200, 6), (240, 10)]


def test_tc_067_clearing_by_id_and_by_criteria_uncovers_what_is_below() -> None:
    installed = InstalledProfiles()
    first = profile("TxDefaultProfile", {0: 6, 60: 8, 200: 10}, 400, profile_id=1, stack_level=1)
    installed.install(parse_profile(1, first))
    installed.install(parse_profile(1, profile("TxDefaultProfile", {0: 7, 100: 9}, 400, profile_id=2)))
    installed.install(parse_profile(0, profile("ChargePointMaxProfile", {0: 11, 200: 12}, 86400, profile_id=3)))
    assert installed.clear(profile_id=1)
    assert composite_a(installed, 350) == [(0, 7), (100, 9)]
    assert installed.clear(purpose="TxDefaultProfile", stack_level=0)
    assert composite_a(installed, 350) == [(0, 11), (200, 12)]
    assert installed.clear()
    assert not installed.clear()
    assert composite_a(installed, 350) == [(0, HARDWARE_W / NOMINAL_VOLTAGE_V)]


def test_daily_profile_repeats_at_the_time_of_its_start() -> None:
    installed = InstalledProfiles()
    daily = profile("TxDefaultProfile", {0: 6, 3600: 16}, 86400, kind="Recurring", recurrency_kind="Daily")
    installed.install(parse_profile(0, daily))
    for day in (0, 1, 30):
        at = START + timedelta(days=day, minutes=59)
        assert installed.limit_w(1, at, None) == 6 * NOMINAL_VOLTAGE_V
        assert installed.limit_w(1, at + timedelta(minutes=2), None) == 16 * NOMINAL_VOLTAGE_V


def test_profile_with_the_same_purpose_and_level_is_replaced() -> None:
    installed = InstalledProfiles()
    installed.install(parse_profile(1, profile("TxDefaultProfile", {0: 6}, None, profile_id=1)))
    installed.install(parse_profile(1, profile("TxDefaultProfile", {0: 9}, None, profile_id=2)))
    assert len(installed) == 1
    assert installed.limit_w(1, START, None) == 9 * NOMINAL_VOLTAGE_V


def test_tx_profile_dies_with_its_transaction() -> None:
    installed = InstalledProfiles()
    installed.install(parse_profile(1, profile("TxProfile", {0: 6}, None)))
    installed.end_transaction(1)
    assert installed.limit_w(1, START, START) is None
