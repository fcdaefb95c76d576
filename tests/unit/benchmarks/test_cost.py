"""The cost model: counts x units x prices."""

import pytest

from benchmarks import cost
from benchmarks.cost import BUSY, DAYS_A_MONTH, IDLE, TYPICAL, Invocation, Profile, bill, invocations_a_day

KINDS = invocations_a_day(TYPICAL).keys()
ONE_WRITE = dict.fromkeys(KINDS, Invocation(write_units=1, read_units=0, cpu_ms=0, aws_calls=0, memory_mb=512))


def test_an_idle_station_speaks_once_every_heartbeat_interval() -> None:
    counts = invocations_a_day(IDLE)
    assert counts[cost.HEARTBEAT] + counts[cost.FIRST_MESSAGE] == 288
    assert counts[cost.METER_VALUES] == counts[cost.TOUCHING_METER_VALUES] == counts[cost.START] == 0


def test_meter_values_touch_the_link_once_a_minute() -> None:
    every_minute, twice = (
        invocations_a_day(Profile("", sessions_a_day=1, session_min=60, meter_interval_s=seconds))
        for seconds in (60, 30)
    )
    assert (every_minute[cost.TOUCHING_METER_VALUES], every_minute[cost.METER_VALUES]) == (60, 0)
    assert (twice[cost.TOUCHING_METER_VALUES], twice[cost.METER_VALUES]) == (60, 60)


def test_messages_are_paid_in_both_directions_and_connections_by_the_minute() -> None:
    month = bill(IDLE, ONE_WRITE)
    assert month.messages == pytest.approx(2 * 288 * DAYS_A_MONTH)
    assert month.messages_usd == pytest.approx(0.01752)
    assert month.connection_usd == pytest.approx(0.01095)


def test_every_invocation_is_paid_with_its_units() -> None:
    month = bill(IDLE, ONE_WRITE)
    assert month.write_units == pytest.approx((288 + 12 + 12) * DAYS_A_MONTH)
    assert month.writes_usd == pytest.approx(month.write_units * 0.625e-6)
    assert month.reads_usd == 0
    assert month.total_usd == pytest.approx(
        month.messages_usd + month.connection_usd + month.writes_usd + month.requests_usd
    )


def test_duration_is_cpu_time_at_the_share_of_a_cpu_and_waiting() -> None:
    half = Invocation(write_units=0, read_units=0, cpu_ms=2, aws_calls=1, memory_mb=512)
    assert half.gb_seconds == pytest.approx((2 * 1769 / 512 + 5) / 1000 / 2)
    whole = Invocation(write_units=0, read_units=0, cpu_ms=2, aws_calls=0, memory_mb=3538)
    assert whole.gb_seconds == pytest.approx(2 / 1000 * 3538 / 1024), "one thread gains nothing from a second CPU"


def test_a_busier_station_costs_more() -> None:
    idle, typical, busy = (bill(profile, ONE_WRITE).total_usd for profile in (IDLE, TYPICAL, BUSY))
    assert idle < typical < busy
