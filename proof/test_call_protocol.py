"""Every order of events there is, up to a bound, for one charge point and one or two calls.

The bound is on how often a process is left in the middle of its work for something else; the faults of such protocols
show with two. Each case names what may happen besides: calls are placed, dispatched, answered and run into deadlines
always.
"""

import pytest

from proof.call_protocol.cases import CASES, explore


@pytest.mark.parametrize("name", CASES)
def test_every_call_ends_once_whatever_the_order(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    explore(name, monkeypatch)
