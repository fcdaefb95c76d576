"""Times on the clock in periods that come again: `22:00`, or with the day of the week, `Mon 22:00`.

A period over midnight ends after the 24th hour of the day it began on: from 22:00 to 30:00.
"""

import re
from datetime import timedelta
from typing import Final

from csms.smart_charging.limits import Recurrency

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CLOCK: Final = re.compile(rf"(?:({'|'.join(_DAYS)}) )?(\d\d):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_LATEST_HOUR: Final = 48
_DAY: Final = timedelta(days=1)


def read_clock(text: str, recurrency: Recurrency) -> timedelta:
    """The time since midnight, or since midnight on Monday.

    Raises:
        ValueError: it is none, or with a day where days do not matter, or without one where they do.
    """
    found = _CLOCK.fullmatch(text)
    is_weekly = recurrency is Recurrency.WEEKLY
    if not found or (found[1] is not None) is not is_weekly or int(found[2]) > _LATEST_HOUR:
        example = "Mon 22:00" if is_weekly else "22:00"
        raise ValueError(f"a time on the clock is expected, such as {example}, the hours up to {_LATEST_HOUR}")
    day = _DAYS.index(found[1]) if is_weekly else 0
    return timedelta(days=day, hours=int(found[2]), minutes=int(found[3]), seconds=int(found[4] or 0))


def write_clock(time: timedelta, recurrency: Recurrency) -> str:
    """The text for a time since midnight, or since midnight on Monday."""
    day = min(time // _DAY, len(_DAYS) - 1) if recurrency is Recurrency.WEEKLY else 0
    minutes, seconds = divmod(int((time - day * _DAY).total_seconds()), 60)
    clock = f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    return f"{_DAYS[day]} {clock}" if recurrency is Recurrency.WEEKLY else clock
