"""Calls that wait for a station that comes back, also when it then says nothing."""

import pytest

from csms.call_queue import CallQueue
from csms.store.calls import CallState
from tests.called_station import CalledStation


def live(called: CalledStation, *, seconds: int) -> None:
    """Let time pass while the station says nothing."""
    for _ in range(seconds // 5):
        called.wait(seconds=5)
        called.run_wakes()


def test_a_call_reaches_a_station_that_comes_back_and_says_nothing(called: CalledStation) -> None:
    called.disconnect()
    call = called.is_called("ClearCache")
    called.wait(seconds=3)
    called.connect()
    live(called, seconds=25)
    assert called.stored(call).state is CallState.QUEUED
    live(called, seconds=5)
    assert called.stored(call).state is CallState.SENT


def test_calls_behind_the_one_in_flight_reach_it_as_well(called: CalledStation) -> None:
    calls = [called.is_called("ClearCache") for _ in range(3)]
    called.connect()
    for _ in range(20):
        live(called, seconds=10)
        if called.stored(calls[1]).state is CallState.SENT:
            called.reply({"status": "Accepted"})
    assert [called.stored(call).state for call in calls[:2]] == [CallState.TIMED_OUT, CallState.ACCEPTED]
    assert called.stored(calls[2]).state is not CallState.QUEUED


def test_connecting_wakes_nobody_while_nothing_waits(called: CalledStation, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("woken")

    called.wakes.clear()
    monkeypatch.setattr(CallQueue, "send", refuse)
    called.disconnect()
    assert called.connect()["statusCode"] == 200
