"""The call engine: place, dispatch, answer, deadline, reconnect (DESIGN §5)."""

import json
from datetime import timedelta
from typing import Any

import pytest

from csms.call_queue import Deadline
from csms.calls import CallRefused, NotConnected
from csms.gateway import Posted
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import Call, Calls, CallState
from csms.store.links import Flight, Link, Registration, WaitingListFull
from tests.called_station import CalledStation

CP001 = ChargePointId("CP001")
SOFT = {"type": "Soft"}


def link(csms: Runtime) -> Link:
    found = csms.store.links.get(CP001)
    assert found is not None
    return found


def test_a_call_goes_out_at_once_and_ends_with_its_answer(csms: Runtime, called: CalledStation) -> None:
    call = called.is_called("Reset", SOFT)
    assert called.posted == [[2, call.id, "Reset", {"type": "Soft"}]]
    assert called.stored(call).state is CallState.SENT

    called.reply({"status": "Accepted"})

    ended = called.stored(call)
    assert (ended.state, ended.status, ended.response) == (CallState.ACCEPTED, "Accepted", {"status": "Accepted"})
    assert link(csms).flight is None


@pytest.mark.parametrize(
    ("response", "state", "status", "is_flagged"),
    [
        ({"status": "Accepted"}, CallState.ACCEPTED, "Accepted", False),
        ({"status": "Rejected"}, CallState.REJECTED, "Rejected", False),
        ({"status": "Accepted", "more": 1}, CallState.ACCEPTED, "Accepted", True),
        ({}, CallState.FAILED, "unreadable answer", True),
        ({"status": 7}, CallState.FAILED, "unreadable answer", True),
    ],
)
def test_an_answer_ends_the_call_by_its_status(
    called: CalledStation, response: dict[str, object], state: CallState, status: str, is_flagged: bool
) -> None:
    call = called.is_called("Reset", SOFT)
    called.reply(response)
    ended = called.stored(call)
    assert (ended.state, ended.status, ended.is_flagged) == (state, status, is_flagged)


def test_a_callerror_ends_the_call_as_failed(called: CalledStation) -> None:
    call = called.is_called("ClearCache")
    called.refuse("NotSupported")
    assert (called.stored(call).state, called.stored(call).status) == (CallState.FAILED, "NotSupported")


def test_a_code_that_is_longer_than_any_does_not_grow_what_is_told_of_the_call(called: CalledStation) -> None:
    call = called.is_called("ClearCache")
    called.refuse("A" * 30_000)
    assert called.stored(call).status == "A" * 50


@pytest.mark.parametrize("rest", ['{"status":"Accepted","x":NaN}', '{"status":"Accepted","x":-1e400}'])
def test_an_answer_with_what_is_no_json_in_it_is_used_and_flagged(called: CalledStation, rest: str) -> None:
    call, following = called.is_called("Reset", SOFT), called.is_called("ClearCache")
    called.send(f'[3,"{call.id}",{rest}]')
    ended = called.stored(call)
    assert (ended.state, ended.status, ended.is_flagged) == (CallState.ACCEPTED, "Accepted", True)
    assert called.posted[-1][1] == following.id


def test_an_answer_that_breaks_off_ends_its_call(called: CalledStation) -> None:
    call = called.is_called("Reset", SOFT)
    called.send(f'[3,"{call.id}",{{"status":"Acc')
    assert called.stored(call).state is CallState.FAILED
    assert called.stored(call).is_flagged


def test_one_call_is_outstanding_and_the_others_follow_in_order(called: CalledStation) -> None:
    calls = [called.is_called("Reset", SOFT) for _ in range(5)]
    assert len(called.posted) == 1
    for number in range(5):
        assert [frame[1] for frame in called.posted] == [call.id for call in calls[: number + 1]]
        called.reply({"status": "Accepted"})
    assert all(called.stored(call).state is CallState.ACCEPTED for call in calls)


def test_silence_times_the_call_out_and_the_next_one_goes_out(csms: Runtime, called: CalledStation) -> None:
    silent, following = called.is_called("Reset", SOFT), called.is_called("ClearCache")
    called.wait(seconds=29)
    called.run_wakes()
    assert called.stored(silent).state is CallState.SENT

    called.wait(seconds=2)
    called.run_wakes()

    assert called.stored(silent).state is CallState.TIMED_OUT
    assert called.posted[-1][1] == following.id


def test_a_late_answer_is_recorded_and_changes_nothing(csms: Runtime, called: CalledStation) -> None:
    silent = called.is_called("Reset", SOFT)
    called.wait(seconds=31)
    called.run_wakes()
    following = called.is_called("ClearCache")

    called.reply({"status": "Accepted"}, to=0)

    assert called.stored(silent).state is CallState.TIMED_OUT
    assert called.stored(silent).late_response == {"status": "Accepted"}
    assert called.stored(following).state is CallState.SENT
    flight = link(csms).flight
    assert flight is not None
    assert flight.call_id == following.id


def test_an_answer_to_nothing_and_a_repeated_answer_change_nothing(called: CalledStation) -> None:
    called.send('[3,"nonsense",{}]')
    call = called.is_called("Reset", SOFT)
    called.reply({"status": "Accepted"})
    called.reply({"status": "Rejected"})
    assert called.stored(call).state is CallState.ACCEPTED


def let_cheap_reads_show(monkeypatch: pytest.MonkeyPatch, past: Call | None) -> None:
    """A call as it was some time ago; None: not there yet."""
    read = Calls.get

    def get(calls: Calls, *key: Any, consistent: bool = True) -> Call | None:
        return read(calls, *key) if consistent else past

    monkeypatch.setattr(Calls, "get", get)


@pytest.mark.parametrize("is_there", [True, False])
def test_an_answer_that_is_faster_than_the_replicas_settles_the_call(
    called: CalledStation, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    call = called.is_called("Reset", SOFT)
    let_cheap_reads_show(monkeypatch, call if is_there else None)  # queued, as it was placed
    called.reply({"status": "Accepted"})
    assert called.stored(call).state is CallState.ACCEPTED


def test_a_late_answer_is_recorded_though_a_replica_has_not_seen_the_deadline(
    called: CalledStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = called.is_called("Reset", SOFT)
    sent = called.stored(call)
    called.wait(seconds=31)
    called.run_wakes()
    let_cheap_reads_show(monkeypatch, sent)
    called.reply({"status": "Accepted"})
    assert called.stored(call).state is CallState.TIMED_OUT
    assert called.stored(call).late_response == {"status": "Accepted"}


def test_an_answer_over_a_new_connection_settles_the_call(csms: Runtime, called: CalledStation) -> None:
    call = called.is_called("Reset", SOFT)
    called.disconnect()
    called.wait(seconds=1)
    called.connect()
    assert link(csms).flight is None
    called.reply({"status": "Accepted"})
    assert called.stored(call).state is CallState.ACCEPTED


def test_a_call_in_flight_on_a_lost_connection_times_out_at_its_deadline(called: CalledStation) -> None:
    call = called.is_called("Reset", SOFT)
    called.disconnect()
    called.wait(seconds=31)
    called.run_wakes()
    assert called.stored(call).state is CallState.TIMED_OUT


def test_nothing_is_sent_before_the_stations_first_call_was_answered(called: CalledStation) -> None:
    called.disconnect()
    called.wait(seconds=10)
    called.connect()
    call = called.is_called("ClearCache")
    assert called.posted == []

    called.wait(seconds=3)
    called.result("Heartbeat", {})
    called.run_wakes()
    assert called.posted == []
    called.wait(seconds=1)
    called.run_wakes()
    assert [frame[1] for frame in called.posted] == [call.id]


def test_a_silent_new_connection_is_called_after_half_a_minute(called: CalledStation) -> None:
    called.disconnect()
    called.wait(seconds=10)
    called.connect()
    called.is_called("ClearCache")
    called.wait(seconds=30)
    called.run_wakes()
    assert len(called.posted) == 1


def test_after_a_boot_the_station_gets_time_to_settle(called: CalledStation) -> None:
    called.result("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    called.is_called("ClearCache")
    called.wait(seconds=4)
    called.run_wakes()
    assert called.posted == []
    called.wait(seconds=1)
    called.run_wakes()
    assert len(called.posted) == 1


def test_an_immediate_call_to_a_station_long_offline_is_refused(called: CalledStation) -> None:
    called.disconnect()
    called.wait(minutes=2)
    with pytest.raises(NotConnected, match="offline"):
        called.is_called("Reset", SOFT)


def test_an_immediate_call_waits_45_s_for_a_station_that_was_just_here(called: CalledStation) -> None:
    called.disconnect()
    called.wait(seconds=30)
    kept, missed = called.is_called("Reset", SOFT), called.is_called("Reset", SOFT, lifetime=timedelta(seconds=5))
    called.wait(seconds=10)
    called.connect()
    called.result("Heartbeat", {})
    called.wait(seconds=1)
    called.run_wakes()

    called.reply({"status": "Accepted"})
    assert called.stored(kept).state is CallState.ACCEPTED
    assert called.stored(missed).state is CallState.EXPIRED
    assert len(called.posted) == 1


def test_a_setting_waits_for_a_station_that_is_offline(called: CalledStation) -> None:
    called.disconnect()
    called.wait(hours=5)
    call = called.is_called("ClearCache")
    called.wait(hours=5)
    called.connect()
    called.result("Heartbeat", {})
    called.wait(seconds=1)
    called.run_wakes()
    called.reply({"status": "Accepted"})
    assert called.stored(call).state is CallState.ACCEPTED


def test_a_gone_connection_keeps_the_call_for_the_next_one(csms: Runtime, called: CalledStation) -> None:
    called.wait(minutes=1)
    called.post_result = Posted.GONE
    call = called.is_called("ClearCache")
    assert called.stored(call).state is CallState.QUEUED
    assert link(csms).connection_id is None
    assert link(csms).waiting == (call.id,)

    called.post_result = Posted.DELIVERED
    called.wait(seconds=5)
    called.connect()
    called.result("Heartbeat", {})
    called.wait(seconds=1)
    called.run_wakes()
    called.reply({"status": "Accepted"})
    assert called.stored(call).state is CallState.ACCEPTED


def test_a_gone_answer_right_after_connecting_is_tried_again(csms: Runtime, called: CalledStation) -> None:
    called.post_result = Posted.GONE
    called.is_called("ClearCache")
    assert link(csms).connection_id == called.connection_id
    called.post_result = Posted.DELIVERED
    called.wait(seconds=2)
    called.run_wakes()
    assert len(called.posted) == 1


def test_a_throttled_post_is_tried_again(called: CalledStation) -> None:
    called.post_result = Posted.THROTTLED
    call = called.is_called("ClearCache")
    called.post_result = Posted.DELIVERED
    called.wait(seconds=2)
    called.run_wakes()
    called.reply({"status": "Accepted"})
    assert called.stored(call).state is CallState.ACCEPTED


def test_a_post_of_unknown_fate_is_not_repeated(called: CalledStation) -> None:
    called.post_result = Posted.UNKNOWN
    call = called.is_called("Reset", SOFT)
    called.wait(seconds=31)
    called.run_wakes()
    assert len(called.posted) == 1
    assert called.stored(call).state is CallState.TIMED_OUT


def test_a_message_the_platform_finds_too_large_fails_and_the_next_one_goes_out(called: CalledStation) -> None:
    first = called.is_called("Reset", SOFT)
    large, following = called.is_called("Reset", SOFT), called.is_called("Reset", SOFT)
    called.post_result = Posted.TOO_LARGE
    called.reply({"status": "Accepted"})
    assert [called.stored(call).state for call in (first, large, following)] == [
        CallState.ACCEPTED,
        CallState.FAILED,
        CallState.FAILED,
    ]


def test_a_queued_call_can_be_withdrawn_and_a_sent_one_cannot(csms: Runtime, called: CalledStation) -> None:
    sent, queued = called.is_called("Reset", SOFT), called.is_called("Reset", SOFT)
    assert called.engine.cancel(CP001, queued.id) is not None
    assert called.engine.cancel(CP001, sent.id) is None
    called.reply({"status": "Accepted"})
    assert called.stored(queued).state is CallState.CANCELLED
    assert len(called.posted) == 1
    assert link(csms).waiting == ()


def test_a_hundred_calls_wait_and_no_more(called: CalledStation) -> None:
    calls = [called.is_called("Reset", SOFT) for _ in range(101)]
    with pytest.raises(WaitingListFull):
        called.is_called("Reset", SOFT)
    for _ in calls:
        called.reply({"status": "Accepted"})
    assert [frame[1] for frame in called.posted] == [call.id for call in calls]


def test_a_rejected_station_is_not_called_and_a_waiting_call_fails(csms: Runtime, called: CalledStation) -> None:
    called.is_called("Reset", SOFT)
    waiting = called.is_called("Reset", SOFT)
    csms.store.links.set_registration(CP001, Registration.REJECTED)
    called.reply({"status": "Accepted"})
    assert called.stored(waiting).state is CallState.FAILED
    with pytest.raises(CallRefused, match="rejected"):
        called.is_called("Reset", SOFT)


def test_in_quiet_mode_nothing_waits(csms: Runtime, called: CalledStation) -> None:
    csms.store.links.set_quiet(CP001, is_quiet=True)
    called.is_called("Reset", SOFT)
    with pytest.raises(NotConnected, match="quiet"):
        called.is_called("ClearCache")


def test_in_quiet_mode_whoever_saw_a_call_end_may_place_the_next_one_before_the_slot_is_free(
    csms: Runtime, called: CalledStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    csms.store.links.set_quiet(CP001, is_quiet=True)
    land = csms.store.links.land

    def land_late(charge_point_id: ChargePointId, flight: Flight, **options: Any) -> Link | None:
        called.is_called("ClearCache")
        return land(charge_point_id, flight, **options)

    called.is_called("Reset", SOFT)
    with monkeypatch.context() as patched:
        patched.setattr(csms.store.links, "land", land_late)
        called.reply({"status": "Accepted"})
    assert [frame[2] for frame in called.posted] == ["Reset", "ClearCache"]


def test_an_idempotency_key_stands_for_one_call(called: CalledStation) -> None:
    first = called.is_called("Reset", SOFT, idempotency_key="k")
    assert called.is_called("Reset", SOFT, idempotency_key="k").id == first.id
    assert len(called.posted) == 1
    with pytest.raises(CallRefused, match="another command"):
        called.is_called("Reset", {"type": "Hard"}, idempotency_key="k")


def test_a_losing_dispatchers_deadline_does_not_free_the_winners_slot(csms: Runtime, called: CalledStation) -> None:
    called.is_called("Reset", SOFT)
    loser = called.is_called("Reset", SOFT)
    flight = link(csms).flight
    assert flight is not None
    called.wait(seconds=25)
    called.engine.meet_deadline(Deadline(CP001, loser.id, flight.attempt, called.now))
    assert link(csms).flight == flight
    assert len(called.posted) == 1
    assert link(csms).waiting == (loser.id,)


def test_a_dead_dispatchers_deadline_does_not_time_out_a_later_send_under_its_number(
    csms: Runtime, called: CalledStation
) -> None:
    """It died between announcing the deadline and taking the slot; the attempt number went to whoever came next."""
    first, call = called.is_called("ClearCache"), called.is_called("Reset", SOFT)
    flight = link(csms).flight
    assert flight is not None
    stale = Deadline(CP001, call.id, flight.attempt + 1, called.now + timedelta(seconds=10))
    called.reply({"status": "Accepted"})
    following = called.is_called("Reset", SOFT)
    assert called.stored(call).attempt == stale.attempt

    called.wait(seconds=10)
    called.engine.meet_deadline(stale)

    assert called.stored(call).state is CallState.SENT
    assert [frame[1] for frame in called.posted] == [first.id, call.id]
    called.reply({"status": "Accepted"})
    called.reply({"status": "Accepted"})
    assert called.stored(following).state is CallState.ACCEPTED


def test_a_deadline_that_finds_its_call_answered_writes_nothing(called: CalledStation) -> None:
    called.is_called("Reset", SOFT)
    called.reply({"status": "Accepted"})
    called.wait(seconds=31)
    before = len(called.operations)
    called.run_wakes()
    assert set(called.operations[before:]) == {"GetItem"}


def test_an_expired_setting_is_swept(csms: Runtime, called: CalledStation) -> None:
    called.disconnect()
    call = called.is_called("ClearCache")
    called.wait(hours=25)
    (due,) = [found for shard in range(16) for found in csms.store.calls.due(called.now, shard)]
    called.engine.expire(due)
    assert called.stored(call).state is CallState.EXPIRED
    assert [found for shard in range(16) for found in csms.store.calls.due(called.now, shard)] == []


def test_the_message_log_holds_both_frames_of_a_call(csms: Runtime, called: CalledStation) -> None:
    call = called.is_called("Reset", SOFT)
    called.reply({"status": "Accepted"})
    logged = csms.store.messages.list(CP001, called.now, limit=5).messages[0]
    assert (logged.initiator, logged.action) == ("central system", "Reset")
    assert logged.request == f'[2,"{call.id}","Reset",{{"type":"Soft"}}]'


def test_the_message_log_holds_a_call_without_an_answer_and_a_late_one(csms: Runtime, called: CalledStation) -> None:
    called.is_called("ClearCache")
    called.wait(seconds=31)
    called.run_wakes()

    def answers() -> list[str | None]:
        messages = csms.store.messages.list(CP001, called.now, limit=50).messages
        return [message.response for message in messages if message.action == "ClearCache"]

    assert answers() == [None]
    called.reply({"status": "Accepted"})
    assert answers() == [json.dumps([3, called.posted[-1][1], {"status": "Accepted"}])]


def test_a_deadline_times_out_a_call_that_was_marked_as_sent_just_before_it_is_fenced_off(
    csms: Runtime, called: CalledStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, fence_off, stalled = Calls.mark_sent, Calls.fence_off, []

    class Stalled(BaseException):
        pass

    def stall(_: Calls, *arguments: Any) -> None:
        stalled.append(arguments)
        raise Stalled

    def go_on_first(calls: Calls, call: Call, attempt: int) -> bool:
        if stalled:
            mark(calls, *stalled.pop())
        return fence_off(calls, call, attempt)

    with monkeypatch.context() as patched:
        patched.setattr(Calls, "mark_sent", stall)
        with pytest.raises(Stalled):
            called.is_called("ClearCache")
    monkeypatch.setattr(Calls, "fence_off", go_on_first)
    called.wait(minutes=1)
    called.run_wakes()
    (call,) = csms.store.calls.list(CP001, limit=10).calls
    assert call.state is CallState.TIMED_OUT
    assert link(csms).flight is None
