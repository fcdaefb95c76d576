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


def test_a_late_answer_is_not_the_first_word_of_a_new_connection(called: CalledStation) -> None:
    called.wait(minutes=1)
    called.is_called("Reset", {"type": "Soft"})
    following = called.is_called("ClearCache")
    called.disconnect()
    called.wait(seconds=2)
    called.connect()
    called.wait(seconds=1)
    called.reply({"status": "Accepted"}, to=0)
    live(called, seconds=10)
    assert called.stored(following).state is CallState.QUEUED
    called.result("Heartbeat", {})
    called.wait(seconds=1)
    called.run_wakes()
    assert called.stored(following).state is CallState.SENT
