"""Which quota binds when, and the page that says so."""

import re

import pytest

from benchmarks import cost, page, prices
from benchmarks.cost import IDLE, TYPICAL, Usage
from benchmarks.cost_section import cost_section
from benchmarks.counted import Counted, cold_start_ms
from benchmarks.packages import ROOT
from benchmarks.quotas import AVERAGE, MASS_STOP, MOMENTS, QUOTAS, RECONNECT, TRANSITIONS, Load, loads
from benchmarks.steps import ARRIVAL, DEPARTURE, LOOK

COUNTED = Counted.read()


def load(name: str) -> Load:
    """The load on a quota."""
    [found] = [one for one in loads(COUNTED.usage) if one.quota.name == name]
    return found


def test_on_average_a_day_is_a_day() -> None:
    assert AVERAGE.rates(IDLE)[cost.CONNECT] == pytest.approx(12 / 86_400)
    assert sum(AVERAGE.rates().values()) == pytest.approx(sum(cost.invocations_a_day(TYPICAL).values()) / 86_400)


def test_a_moment_comes_on_top_of_the_ordinary_day() -> None:
    added = {kind: rate - AVERAGE.rates()[kind] for kind, rate in MASS_STOP.rates().items()}
    assert added[cost.STOP] == pytest.approx(0.5 / 60)
    assert added[cost.HEARTBEAT] == 0


def test_a_reconnect_storm_meets_the_quota_of_connections() -> None:
    found = load("WebSocket: new connections")
    assert found.peak_moment == RECONNECT.name
    assert found.binds_at == pytest.approx(500 * 60, rel=0.01)
    assert found.binds_on_average_at == pytest.approx(500 * 7200), "as AWS says: 3.6 million connections"


def test_writes_are_those_that_were_counted() -> None:
    month = cost.month_of_station(TYPICAL, COUNTED.usage, COUNTED.cold_start)
    written = month[prices.WRITE_UNIT] / cost.DAYS_A_MONTH - cost.link_touches_a_day(TYPICAL)
    assert load("DynamoDB: writes of the table").average == pytest.approx(written / 86_400)


def test_concurrency_is_the_rate_times_the_duration() -> None:
    used = {
        kind: Usage(0, 0, cpu_ms=0, aws_calls=2, memory_mb=512, writes_by_place={}, reads_by_place={}, item_bytes={})
        for kind in COUNTED.usage
    }
    [found] = [one for one in loads(used) if one.quota.name == "Lambda: concurrent executions"]
    rates = AVERAGE.rates()
    assert found.average == pytest.approx((sum(rates.values()) - 2 * rates[cost.EVENT]) * 0.010)


def test_what_binds_first_stands_first_and_nothing_binds_a_hundred_stations() -> None:
    bounds = [one.binds_at for one in loads(COUNTED.usage)]
    assert bounds == sorted(bounds)
    assert bounds[0] > 100
    assert len(bounds) == len(QUOTAS)


def test_transitions_are_those_of_the_performance_page() -> None:
    rows = dict(re.findall(r"^\| ([a-z, ]+) \| 10 \| \d+ \| \d+ \| (\d+) \|", page.PAGE.read_text(), re.MULTILINE))
    assert {
        cost.START: int(rows[ARRIVAL]),
        cost.STOP: int(rows[DEPARTURE]),
        cost.STATUS: int(rows[LOOK]),
    } == TRANSITIONS


def test_a_cold_start_is_that_of_the_performance_page() -> None:
    assert 100 < cold_start_ms() < 5000


def test_the_page_is_what_was_counted() -> None:
    text = page.COST_PAGE.read_text()
    expected = page.content(cost_section(COUNTED), "")
    assert text == page.replace_part(text, "cost", expected), (
        'run make bench ARGS="--only cost --as-counted --markdown"'
    )


def test_the_readme_says_what_the_page_says() -> None:
    months = (cost.month_of_station(profile, COUNTED.usage, COUNTED.cold_start) for profile in (IDLE, TYPICAL))
    idle, typical = (sum(cost.bill(month).values()) * 100 for month in months)
    text = " ".join((ROOT / "README.md").read_text().split())
    assert f"an idle station costs about {idle:.0f} US cents a month" in text
    assert f"four charging sessions a day about {typical:.0f}, and" in text


def test_moments_have_names_of_their_own() -> None:
    assert len({moment.name for moment in MOMENTS}) == len(MOMENTS)
