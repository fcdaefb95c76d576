"""Every order of events there is, up to a bound, for one charge point and one or two calls.

The bound is on how often a process is left in the middle of its work for something else; the faults of such protocols
show with two. Each case names what may happen besides: calls are placed, dispatched, answered and run into deadlines
always.
"""

import pytest

from proof.call_protocol import Explorer

CASES: list[tuple[tuple[str, ...], int, dict[str, int]]] = [
    (("ClearCache",), 3, {"crash": 1, "time": 1}),
    (("Reset",), 2, {"crash": 2, "time": 1}),
    (("Reset",), 2, {"trouble": 1, "time": 1, "cancel": 1}),
    (("ClearCache",), 1, {"disconnect": 1, "reconnect": 1, "speak": 1, "time": 1}),
    (("Reset",), 1, {"crash": 1, "reconnect": 1, "speak": 1, "time": 1}),
    (("ClearCache", "Reset"), 2, {"time": 1}),
    (("ClearCache", "Reset"), 1, {"crash": 1, "time": 1}),
    (("ClearCache", "Reset"), 1, {"cancel": 1, "trouble": 1}),
    (("ClearCache", "Reset"), 1, {"reconnect": 1, "speak": 1}),
]


@pytest.mark.parametrize(("orders", "switches", "events"), CASES)
def test_every_call_ends_once_whatever_the_order(
    orders: tuple[str, ...], switches: int, events: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csms.calls.logger.disabled", True)
    explorer = Explorer(switches=switches, **events)
    monkeypatch.setattr("csms.calls.new_call_id", explorer.machine.new_call_id)
    assert explorer.explore(*orders) > 1_000
    assert {*events, "place", "deliver", "answer"} <= explorer.happened.keys()
