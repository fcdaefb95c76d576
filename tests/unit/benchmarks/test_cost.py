"""The cost model: counts x units x prices."""

from dataclasses import replace
from typing import Any

import pytest

from benchmarks import cost, prices
from benchmarks.cost import (
    BUSY,
    DAYS_A_MONTH,
    IDLE,
    TYPICAL,
    Invocation,
    Profile,
    Quantities,
    Usage,
    bill,
    fixed_costs,
    invocations_a_day,
    month_of_station,
    stored_bytes,
)

KINDS = invocations_a_day(TYPICAL).keys()
NO_COLD_START = Invocation(write_units=0, read_units=0, cpu_ms=0, aws_calls=0, memory_mb=512)


def usage(**changes: Any) -> Usage:
    """One invocation that writes a unit."""
    one = Usage(1, 0, cpu_ms=0, aws_calls=0, memory_mb=512, writes_by_place={}, reads_by_place={}, item_bytes={})
    return replace(one, **changes)


NOTHING = usage(write_units=0)
ONE_WRITE = {kind: usage() for kind in KINDS} | dict.fromkeys(
    (cost.EVENT, cost.EVENT_PUBLISHED, cost.COUNTING), NOTHING
)


def month(profile: Profile, used: dict[str, Usage] = ONE_WRITE, cold: Invocation = NO_COLD_START) -> Quantities:
    """What one station takes."""
    return month_of_station(profile, used, cold)


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
    paid = bill(month(IDLE))
    assert month(IDLE)[prices.WEBSOCKET_MESSAGE] == pytest.approx(2 * 288 * DAYS_A_MONTH)
    assert paid["messages"] == pytest.approx(0.01752)
    assert paid["connections"] == pytest.approx(0.01095)


def test_a_command_is_two_messages_a_message_in_the_queue_an_event_and_a_request() -> None:
    quiet, commanded = (
        month(Profile("", sessions_a_day=0, session_min=0, meter_interval_s=60, commands_a_day=count))
        for count in (0, 10)
    )
    times = 10 * DAYS_A_MONTH
    added = {price: commanded[price] - quiet[price] for price in (prices.WEBSOCKET_MESSAGE, prices.QUEUE_REQUEST)}
    assert added == pytest.approx({prices.WEBSOCKET_MESSAGE: 2 * times, prices.QUEUE_REQUEST: 2 * 3 * times})
    assert commanded[prices.HTTP_REQUEST] == pytest.approx(times)
    assert commanded[prices.EVENT] - quiet[prices.EVENT] == pytest.approx(times), "that it ended is told to others"


def test_each_connection_is_two_events_and_each_session_six() -> None:
    assert month(IDLE)[prices.EVENT] == pytest.approx(24 * DAYS_A_MONTH)
    assert month(TYPICAL)[prices.EVENT] == pytest.approx((24 + 4 * 6 + 2) * DAYS_A_MONTH)


def test_every_station_is_counted_once_in_sixteen_minutes() -> None:
    reads = month(IDLE, ONE_WRITE | {cost.COUNTING: usage(read_units=0.5)})[prices.READ_UNIT]
    assert reads == pytest.approx(0.5 * 90 * DAYS_A_MONTH)


def test_every_invocation_is_paid_with_its_units() -> None:
    bought = month(IDLE)
    assert bought[prices.WRITE_UNIT] == pytest.approx((288 + 12 + 12) * DAYS_A_MONTH)
    assert bill(bought)["writes"] == pytest.approx(bought[prices.WRITE_UNIT] * 0.625e-6)
    assert bill(bought)["reads"] == 0


def test_plugging_in_and_leaving_touch_the_link() -> None:
    sessions = Profile("", sessions_a_day=1, session_min=0, meter_interval_s=60)
    added = month(sessions)[prices.WRITE_UNIT] - month(IDLE)[prices.WRITE_UNIT]
    assert added == pytest.approx((7 + 2) * DAYS_A_MONTH), "authorize, start, stop, four statuses, two touches"


def test_duration_is_cpu_time_at_the_share_of_a_cpu_and_waiting() -> None:
    half = Invocation(write_units=0, read_units=0, cpu_ms=2, aws_calls=1, memory_mb=512)
    assert half.gb_seconds == pytest.approx((2 * 1769 / 512 + 5) / 1000 / 2)
    whole = Invocation(write_units=0, read_units=0, cpu_ms=2, aws_calls=0, memory_mb=3538)
    assert whole.gb_seconds == pytest.approx(2 / 1000 * 3538 / 1024), "one thread gains nothing from a second CPU"


def test_cold_starts_are_paid_for() -> None:
    cold = Invocation(write_units=0, read_units=0, cpu_ms=1000, aws_calls=0, memory_mb=1769)
    bought = month(IDLE, cold=cold)
    assert bought[prices.LAMBDA_GB_SECOND] == pytest.approx(bought[prices.LAMBDA_REQUEST] * 0.01 * 1769 / 1024)


def test_what_has_a_ttl_stops_growing_and_transactions_do_not() -> None:
    used = ONE_WRITE | {
        cost.STATUS: usage(item_bytes={"LOG": 100, "CP/CONNECTOR": 500}),
        cost.STOP: usage(item_bytes={"CP/TX": 10}),
        cost.START: usage(item_bytes={"CP/TX": 7}),
    }
    one = Profile("", sessions_a_day=1, session_min=0, meter_interval_s=60)
    assert stored_bytes(one, used, 10) == pytest.approx(10 * (4 * 100 + 3 * 10)), "once in the table, twice in indexes"
    assert stored_bytes(one, used, 100) == pytest.approx(30 * 4 * 100 + 100 * 3 * 10), "a log of 30 days"


def test_what_a_function_says_is_paid_as_log_beside_the_access_log() -> None:
    added = month(IDLE, ONE_WRITE | {cost.HEARTBEAT: usage(logged_bytes=1000)})[prices.LOG_GB]
    assert added - month(IDLE)[prices.LOG_GB] == pytest.approx(276 * DAYS_A_MONTH * 1000 / 2**30)


def test_a_busier_station_costs_more() -> None:
    idle, typical, busy = (sum(bill(month(profile)).values()) for profile in (IDLE, TYPICAL, BUSY))
    assert idle < typical < busy


def test_a_fleet_pays_the_price_of_its_tier() -> None:
    messages = Quantities({prices.WEBSOCKET_MESSAGE: 1000})
    assert bill(messages, 1_000_000)["messages"] == pytest.approx(1000)
    assert bill(messages, 3_000_000)["messages"] == pytest.approx(1000 + 2000 * 0.8)


def test_what_costs_by_being_there_is_counted_in_the_template() -> None:
    used = {
        cost.SWEEP: usage(write_units=0, read_units=24.0),
        cost.STATUS: usage(series=["a", "b"]),
        cost.BOOT: usage(),
    }
    fixed = fixed_costs({"AWS::CloudWatch::Alarm": 3, "AWS::SQS::Queue": 6}, used, 1440)
    assert fixed["3 x CloudWatch metrics of alarms"] == pytest.approx(0.3)
    assert fixed["sweep, every minute"] == pytest.approx(1440 * DAYS_A_MONTH * (24 * 0.125e-6 + 0.2e-6))
    assert fixed["2 x CloudWatch custom metrics"] == pytest.approx(0.6)
    assert len(fixed) == 3
