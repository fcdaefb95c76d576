import subprocess
import sys
from datetime import timedelta

import pytest

from csms.api.clock_times import read_clock, write_clock
from csms.smart_charging.limits import Recurrency

DAILY, WEEKLY = Recurrency.DAILY, Recurrency.WEEKLY


@pytest.mark.parametrize(
    ("text", "recurrency", "hours"),
    [
        ("00:00", DAILY, 0),
        ("07:30", DAILY, 7.5),
        ("24:00", DAILY, 24),
        ("48:00", DAILY, 48),
        ("07:30:36", DAILY, 7.51),
        ("Mon 00:00", WEEKLY, 0),
        ("Tue 06:00", WEEKLY, 30),
        ("Sun 24:00", WEEKLY, 168),
        ("Sun 30:00", WEEKLY, 174),
    ],
)
def test_a_time_on_the_clock_is_read_and_written(text: str, recurrency: Recurrency, hours: float) -> None:
    time = timedelta(hours=hours)
    assert read_clock(text, recurrency) == time
    assert write_clock(time, recurrency) == text


def test_a_time_of_the_next_day_is_another_name_for_the_same_time() -> None:
    assert read_clock("Mon 30:00", WEEKLY) == read_clock("Tue 06:00", WEEKLY)


@pytest.mark.parametrize("text", ["", "8:00", "08:60", "08:00:60", "49:00", "Mon 08:00", "08:00 ", "٠٨:٠٠", "08:00Z"])
def test_anything_else_is_no_time_of_a_day(text: str) -> None:
    with pytest.raises(ValueError, match="such as 22:00"):
        read_clock(text, DAILY)


@pytest.mark.parametrize("text", ["08:00", "mon 08:00", "Monday 08:00", "Mon  08:00", "Mon"])
def test_in_a_week_the_day_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="such as Mon 22:00"):
        read_clock(text, WEEKLY)


def test_zones_are_known_where_the_system_knows_none() -> None:
    code = "from zoneinfo import ZoneInfo; print(ZoneInfo('Europe/Berlin'))"
    found = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONTZPATH": ""}, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "Europe/Berlin"
