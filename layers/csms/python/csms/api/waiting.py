"""Waiting for a call to end: its row is read again and again, because its answer arrives in another invocation.

It has ended when what its end changes has been changed as well: whoever waited may read that next.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final

from csms.store.calls import Call

LONGEST_WAIT_S: Final = 25
"""API Gateway gives up after 30 s."""
_SHORTEST_PAUSE_S: Final = 0.03
_LONGEST_PAUSE_S: Final = 0.25
_LEAST_S: Final = 0.001
_SHARE: Final = 0.05
"""A pause is a twentieth of the time gone by: nobody waits long for a quick station, nor asks much for a slow one."""


def wait_until_ended(call: Call, read: Callable[[Call], Call], wait_s: float) -> Call:
    """The call when it has ended, or as it is when the time is up."""
    for pause_s in pauses(wait_s):
        if call.state.is_ended and call.has_effects_done:
            break
        time.sleep(pause_s)
        call = read(call)
    return call


def pauses(wait_s: float, clock: Callable[[], float] = time.monotonic) -> Iterator[float]:
    """How long to pause before each look, until the time is up."""
    begin = clock()
    while (left_s := begin + wait_s - clock()) >= _LEAST_S:
        yield min(max((wait_s - left_s) * _SHARE, _SHORTEST_PAUSE_S), _LONGEST_PAUSE_S, left_s)
