"""What is explored: calls, what may happen besides, and how often."""

from datetime import timedelta
from typing import Final, NamedTuple

import pytest

from proof.call_protocol.explorer import Explorer
from proof.call_protocol.world import LATER


class Case(NamedTuple):
    """Calls, how often a process is left in the middle of its work, and what may happen how often."""

    orders: tuple[str, ...]
    switches: int
    events: dict[str, int]
    lifetime: timedelta = timedelta(minutes=20)
    pace: timedelta = LATER


CASES: Final = {
    "death": Case(("ClearCache",), 3, {"crash": 1, "time": 1}),
    "effects": Case(("Reset",), 1, {"crash": 1, "time": 1}),
    "deaths": Case(("Reset",), 2, {"crash": 2, "time": 1}),
    "trouble": Case(("Reset",), 2, {"trouble": 1, "time": 1, "cancel": 1}),
    "lapse": Case(("ClearCache",), 1, {"time": 2, "sweep": 1, "crash": 1}, timedelta(seconds=40)),
    "small_steps": Case(
        ("ClearCache",), 1, {"time": 3, "sweep": 1, "crash": 1}, timedelta(seconds=10), timedelta(seconds=11)
    ),
    "repeated": Case(("ClearCache",), 2, {"repeat": 1, "time": 1}),
    "odd_messages": Case(("Reset",), 2, {"early": 1, "again": 1, "time": 1}),
    "doubled": Case(("Reset",), 2, {"twice": 1, "time": 1}),
    "doubled_reconnection": Case(("ClearCache",), 1, {"twice": 1, "time": 1, "reconnect": 1, "speak": 1}),
    "stale": Case(("Reset",), 3, {"stale": 2, "time": 1}),
    "stale_death": Case(("ClearCache",), 2, {"stale": 1, "crash": 1, "time": 1}),
    "stale_reconnection": Case(("ClearCache",), 1, {"stale": 1, "reconnect": 1, "speak": 1, "time": 1}),
    "silence": Case(("ClearCache",), 1, {"disconnect": 1, "reconnect": 1, "speak": 1, "time": 1}),
    "late_answer": Case(("Reset",), 1, {"reconnect": 1, "late": 1, "again": 1, "time": 1}),
    "many_connections": Case(("ClearCache",), 1, {"reconnect": 2, "disconnect": 1, "speak": 1}),
    "away": Case(("ClearCache",), 1, {"crash": 1, "disconnect": 1, "reconnect": 1, "speak": 1}),
    "reconnecting_death": Case(("Reset",), 1, {"crash": 1, "reconnect": 1, "speak": 1, "time": 1}),
    "two_calls": Case(("ClearCache", "Reset"), 1, {"time": 1}),
    "two_calls_stale": Case(("ClearCache", "Reset"), 1, {"stale": 1, "time": 1}),
    "two_calls_deeply": Case(("ClearCache", "Reset"), 2, {"time": 1}),
    "two_calls_death": Case(("ClearCache", "Reset"), 1, {"crash": 1, "time": 1}),
    "two_calls_cancelled_death": Case(("ClearCache", "Reset"), 1, {"crash": 1, "cancel": 1}),
    "two_calls_trouble": Case(("ClearCache", "Reset"), 1, {"cancel": 1, "trouble": 1}),
    "two_calls_reconnection": Case(("ClearCache", "Reset"), 1, {"reconnect": 1, "speak": 1}),
}


def explore(name: str, patch: pytest.MonkeyPatch) -> None:
    """Go everywhere in a case, and see that everything happened that may."""
    case = CASES[name]
    patch.setattr("csms.calls.logger.disabled", True)
    explorer = Explorer(switches=case.switches, lifetime=case.lifetime, pace=case.pace, **case.events)
    patch.setattr("csms.calls.new_call_id", explorer.machine.new_call_id)
    assert explorer.explore(*case.orders) > 1_000
    assert {*case.events, "place", "deliver", "answer"} <= explorer.happened.keys()
