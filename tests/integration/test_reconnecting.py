"""Calls that wait for a station that comes back, also when it then says nothing."""

from datetime import timedelta
from typing import Any

import pytest

from csms.call_queue import CallQueue
from csms.gateway import Posted
from csms.store.calls import Call, CallState
from tests.called_station import CalledStation

START = {"idTag": "TAG1"}


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


def gone(called: CalledStation, **order: Any) -> Call:
    """A call that is placed while nobody knows that the connection is dead."""
    called.wait(minutes=1)
    called.post_result = Posted.GONE
    call = called.is_called("RemoteStartTransaction", START, **order)
    called.post_result = Posted.DELIVERED
    return call


def come_back(called: CalledStation) -> None:
    called.connect()
    called.result("Heartbeat", {})
    called.wait(seconds=2)
    called.run_wakes()


def test_what_was_meant_for_its_moment_does_not_happen_minutes_later(called: CalledStation) -> None:
    call = gone(called)
    called.wait(minutes=4)
    come_back(called)
    assert called.posted == []
    assert called.stored(call).state is CallState.EXPIRED


def test_it_happens_if_the_station_is_back_soon(called: CalledStation) -> None:
    call = gone(called)
    called.wait(seconds=44)
    come_back(called)
    assert called.stored(call).state is CallState.SENT


def test_it_happens_minutes_later_if_so_wished(called: CalledStation) -> None:
    call = gone(called, lifetime=timedelta(minutes=5))
    called.wait(minutes=4)
    come_back(called)
    assert called.stored(call).state is CallState.SENT


def test_a_station_that_is_back_in_time_and_says_nothing_is_called_after_half_a_minute(called: CalledStation) -> None:
    called.disconnect()
    call = called.is_called("RemoteStartTransaction", START)
    called.wait(seconds=40)
    called.connect()
    live(called, seconds=30)
    assert called.stored(call).state is CallState.SENT


def test_a_setting_waits_behind_a_lost_connection_for_a_day(called: CalledStation) -> None:
    called.wait(minutes=1)
    called.post_result = Posted.GONE
    call = called.is_called("ClearCache")
    called.post_result = Posted.DELIVERED
    called.wait(hours=20)
    come_back(called)
    assert called.stored(call).state is CallState.SENT
