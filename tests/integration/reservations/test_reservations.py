"""Reservations: ReserveNow, CancelReservation, and what else ends one [S 5.1, 5.13]."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from csms.calls import CallRefused
from csms.ids import ChargePointId, ReservationId
from csms.ocpp.primitives import format_timestamp
from csms.runtime import Runtime
from csms.store.calls import Call, CallState
from csms.store.configuration import Reported
from csms.store.links import Registration
from csms.store.reservations import Reservation, Reservations, ReservationState
from csms.v16.operations import Situation, operations
from tests.called_station import CalledStation

CP001 = ChargePointId("CP001")
ACCEPTED = {"status": "Accepted"}


def reserve_now(called: CalledStation, **changes: Any) -> dict[str, Any]:
    """A payload as the API would prepare it."""
    body = {"connectorId": 1, "expiryDate": format_timestamp(called.now + timedelta(hours=1)), "idTag": "TAG1"}
    given = body | changes
    link = called.csms.store.links.get(CP001)
    assert link is not None
    situation = Situation(CP001, link, called.csms.store, called.csms.settings, called.now)
    return operations()["ReserveNow"].prepare(given, situation).payload


def reserve(called: CalledStation, response: dict[str, Any] | None = None, **changes: Any) -> Call:
    call = called.is_called("ReserveNow", reserve_now(called, reservationId=7) | changes)
    called.reply(ACCEPTED if response is None else response)
    return call


def reservation(csms: Runtime, number: int = 7) -> Reservation:
    found = csms.store.reservations.get(CP001, ReservationId(number))
    assert found is not None
    return found


def state(csms: Runtime, number: int = 7) -> ReservationState:
    return reservation(csms, number).state


def report(called: CalledStation, status: str, connector_id: int = 1, **changes: Any) -> None:
    payload = {"connectorId": connector_id, "errorCode": "NoError", "status": status}
    called.result("StatusNotification", payload | changes)


def sweep(csms: Runtime, now: datetime) -> None:
    for shard in range(16):
        for due in csms.store.reservations.due(now, shard):
            csms.store.reservations.expire(due)


def test_what_the_operator_left_out_is_filled_in(csms: Runtime, called: CalledStation) -> None:
    payload = reserve_now(called)
    assert payload["parentIdTag"] == "FAMILY"
    assert 0 < payload["reservationId"] < 2**31
    assert reserve_now(called)["reservationId"] != payload["reservationId"]


@pytest.mark.parametrize(("given", "sent"), [(None, None), ("OTHER", "OTHER")])
def test_a_parent_is_added_unless_it_is_given(called: CalledStation, given: str | None, sent: str | None) -> None:
    assert reserve_now(called, parentIdTag=given).get("parentIdTag", None) == sent


def test_a_tag_without_a_parent_or_unknown_is_sent_as_it_is(called: CalledStation) -> None:
    assert "parentIdTag" not in reserve_now(called, idTag="STRANGER")
    assert "parentIdTag" not in reserve_now(called, idTag="NOBODY")


def test_an_accepted_reservation_is_kept(csms: Runtime, called: CalledStation) -> None:
    call = reserve(called)
    assert called.posted[-1][2:] == ["ReserveNow", call.payload]
    kept = reservation(csms)
    assert (kept.state, kept.connector_id, kept.id_tag, kept.parent_id_tag) == ("accepted", 1, "TAG1", "FAMILY")
    assert [each.id for each in csms.store.reservations.list_open(limit=5).things] == [7]


@pytest.mark.parametrize("status", ["Faulted", "Occupied", "Rejected", "Unavailable"])
def test_a_refused_reservation_is_none_and_leaves_an_earlier_one(
    csms: Runtime, called: CalledStation, status: str
) -> None:
    reserve(called, {"status": status})
    assert csms.store.reservations.get(CP001, ReservationId(7)) is None
    reserve(called)
    call = reserve(called, {"status": status}, connectorId=2)
    assert called.stored(call).state is CallState.REJECTED
    assert reservation(csms).connector_id == 1


def test_no_answer_leaves_open_whether_there_is_a_reservation(csms: Runtime, called: CalledStation) -> None:
    called.is_called("ReserveNow", reserve_now(called, reservationId=7))
    called.wait(seconds=31)
    called.run_wakes()
    assert state(csms) is ReservationState.UNKNOWN
    called.start(reservationId=7)
    assert state(csms) is ReservationState.USED


def test_a_known_id_replaces_the_reservation(csms: Runtime, called: CalledStation) -> None:
    reserve(called)
    called.wait(seconds=1)
    reserve(called, connectorId=2)
    assert (reservation(csms).connector_id, state(csms)) == (2, ReservationState.ACCEPTED)
    called.start(connectorId=1, idTag="TAG1")
    assert state(csms) is ReservationState.ACCEPTED


def test_repeated_effects_do_not_bring_a_used_reservation_back(csms: Runtime, called: CalledStation) -> None:
    call = reserve(called)
    called.start(reservationId=7)
    csms.calls._finish(called.stored(call), called.now)
    assert state(csms) is ReservationState.USED


@pytest.mark.parametrize("status", ["Preparing", "Charging"])
def test_a_connector_in_use_may_be_reserved_all_the_same(called: CalledStation, status: str) -> None:
    report(called, status)
    called.is_called("ReserveNow", reserve_now(called))
    assert called.posted[-1][2] == "ReserveNow"


def test_what_cannot_be_meant_is_refused_and_sent_by_force(csms: Runtime, called: CalledStation) -> None:
    past = reserve_now(called, expiryDate=format_timestamp(called.now))
    csms.store.configuration.report(CP001, [Reported("ReserveConnectorZeroSupported", "false")], called.now)
    anywhere = reserve_now(called, connectorId=0)
    for payload, reason in ((past, "expiryDate"), (anywhere, "connectorId 0"), (past | {"connectorId": -1}, "-1")):
        with pytest.raises(CallRefused, match=reason):
            called.is_called("ReserveNow", payload)
        called.is_called("ReserveNow", payload, is_forced=True)
        called.reply({"status": "Rejected"})
    assert len(called.posted) == 3


def test_a_reservation_that_lapsed_while_it_waited_is_not_sent(called: CalledStation) -> None:
    called.is_called("ClearCache")
    waiting = called.is_called(
        "ReserveNow", reserve_now(called, expiryDate=format_timestamp(called.now + timedelta(seconds=20)))
    )
    called.wait(seconds=25)
    called.reply(ACCEPTED)
    assert called.stored(waiting).state is CallState.FAILED
    assert len(called.posted) == 1


def test_a_start_that_names_the_reservation_uses_it(csms: Runtime, called: CalledStation) -> None:
    reserve(called)
    report(called, "Reserved")
    called.result("Authorize", {"idTag": "TAG1"})
    report(called, "Preparing")
    called.wait(minutes=5)
    transaction_id = called.start(reservationId=7)["transactionId"]
    used = reservation(csms)
    assert (used.state, used.transaction_id) == (ReservationState.USED, transaction_id)
    assert csms.store.reservations.list_open(limit=5).things == []


@pytest.mark.parametrize(
    ("start", "is_used"),
    [
        ({"idTag": "tag1"}, True),
        ({"idTag": "TAG2"}, True),
        ({"idTag": "STRANGER"}, False),
        ({"connectorId": 2}, False),
        ({"reservationId": 0}, True),
        ({"reservationId": 99}, True),
    ],
)
def test_a_start_of_the_reserved_tag_or_group_on_the_connector_uses_it(
    csms: Runtime, called: CalledStation, start: dict[str, Any], is_used: bool
) -> None:
    reserve(called)
    called.start(**start)
    assert (state(csms) is ReservationState.USED) is is_used


def test_a_reservation_of_the_charge_point_is_used_on_any_connector(csms: Runtime, called: CalledStation) -> None:
    report(called, "Available", 1)
    report(called, "Available", 2)
    reserve(called, connectorId=0)
    called.start(connectorId=2)
    assert state(csms) is ReservationState.USED


def test_a_reservation_of_the_charge_point_is_used_on_a_connector_never_heard_of(
    csms: Runtime, called: CalledStation
) -> None:
    reserve(called, connectorId=0)
    called.start(connectorId=2)
    assert state(csms) is ReservationState.USED


@pytest.mark.parametrize("start", [{"reservationId": 7, "idTag": "TAG2"}, {}])
@pytest.mark.parametrize("connector_id", [0, 1])
def test_a_start_that_overtakes_the_answer_uses_the_reservation(
    csms: Runtime, called: CalledStation, start: dict[str, Any], connector_id: int
) -> None:
    report(called, "Available")
    called.is_called("ReserveNow", reserve_now(called, reservationId=7, connectorId=connector_id))
    called.wait(seconds=10)
    called.start(**start)
    called.wait(seconds=25)
    called.run_wakes()
    assert state(csms) is ReservationState.USED


def test_a_transaction_of_before_does_not_use_a_reservation(csms: Runtime, called: CalledStation) -> None:
    called.start()
    called.wait(minutes=10)
    reserve(called)
    assert state(csms) is ReservationState.ACCEPTED


def test_of_two_reservations_a_start_uses_that_of_its_connector(csms: Runtime, called: CalledStation) -> None:
    reserve(called, connectorId=0)
    called.wait(seconds=1)
    reserve(called, reservationId=8)
    called.start()
    assert (state(csms, 7), state(csms, 8)) == (ReservationState.ACCEPTED, ReservationState.USED)


def test_an_old_start_reported_late_does_not_use_a_new_reservation(csms: Runtime, called: CalledStation) -> None:
    reserve(called)
    called.start(reservationId=7, timestamp=called.timestamp(hours=1))
    assert state(csms) is ReservationState.ACCEPTED


def test_a_start_in_time_that_is_reported_late_uses_an_expired_reservation(
    csms: Runtime, called: CalledStation
) -> None:
    reserve(called)
    in_time = called.timestamp()
    called.wait(hours=2)
    sweep(csms, called.now)
    assert state(csms) is ReservationState.EXPIRED
    called.start(reservationId=7, timestamp=in_time)
    assert state(csms) is ReservationState.USED


def test_time_ends_a_reservation(csms: Runtime, called: CalledStation) -> None:
    reserve(called)
    called.wait(minutes=59)
    sweep(csms, called.now)
    assert state(csms) is ReservationState.ACCEPTED
    called.wait(minutes=2)
    assert reservation(csms).state_at(called.now) is ReservationState.EXPIRED
    sweep(csms, called.now)
    assert state(csms) is ReservationState.EXPIRED


@pytest.mark.parametrize("status", ["Faulted", "Unavailable"])
@pytest.mark.parametrize(
    ("reserved", "reported", "is_ended"), [(1, 1, True), (1, 0, True), (0, 0, True), (0, 1, False), (1, 2, False)]
)
def test_a_fault_ends_the_reservations_it_concerns(
    csms: Runtime, called: CalledStation, status: str, reserved: int, reported: int, is_ended: bool
) -> None:
    report(called, "Available", 1)
    reserve(called, connectorId=reserved)
    report(called, status, reported)
    assert (state(csms) is ReservationState.ENDED) is is_ended


def test_a_fault_of_before_that_is_reported_late_ends_nothing(csms: Runtime, called: CalledStation) -> None:
    earlier = called.timestamp(minutes=30)
    reserve(called)
    report(called, "Faulted", timestamp=earlier)
    assert state(csms) is ReservationState.ACCEPTED


def test_a_cancelled_reservation_is_cancelled(csms: Runtime, called: CalledStation) -> None:
    reserve(called)
    called.is_called("CancelReservation", {"reservationId": 7})
    called.reply(ACCEPTED)
    assert state(csms) is ReservationState.CANCELLED
    with pytest.raises(CallRefused, match="cancelled"):
        called.is_called("CancelReservation", {"reservationId": 7})


def test_a_reservation_the_station_does_not_hold_is_over(csms: Runtime, called: CalledStation) -> None:
    reserve(called)
    called.is_called("CancelReservation", {"reservationId": 7})
    called.reply({"status": "Rejected"})
    assert state(csms) is ReservationState.ENDED


def test_a_cancellation_without_an_answer_changes_nothing(csms: Runtime, called: CalledStation) -> None:
    reserve(called)
    called.is_called("CancelReservation", {"reservationId": 7})
    called.refuse("InternalError")
    assert state(csms) is ReservationState.ACCEPTED


def test_only_by_force_an_unknown_reservation_is_cancelled(csms: Runtime, called: CalledStation) -> None:
    with pytest.raises(CallRefused, match="no such reservation"):
        called.is_called("CancelReservation", {"reservationId": 99})
    forced = called.is_called("CancelReservation", {"reservationId": 99}, is_forced=True)
    called.reply({"status": "Rejected"})
    assert called.stored(forced).state is CallState.REJECTED


def test_a_start_of_a_pending_station_uses_its_reservation_too(csms: Runtime, called: CalledStation) -> None:
    reserve(called)
    csms.store.links.set_registration(CP001, Registration.PENDING)
    called.start(reservationId=7)
    assert state(csms) is ReservationState.USED


def test_where_nothing_is_reserved_nobody_looks_for_reservations(
    called: CalledStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(*_: Any) -> None:
        pytest.fail("looked for reservations")

    monkeypatch.setattr(Reservations, "get", look)
    monkeypatch.setattr(Reservations, "open_of", look)
    called.start()
    called.start(connectorId=2, reservationId=-1)
    report(called, "Faulted")
    report(called, "Unavailable", 0)
