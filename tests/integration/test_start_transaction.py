from datetime import timedelta
from typing import Any

import pytest

from csms.authorization import AuthorizationStatus, IdTag
from csms.ids import ChargePointId, TransactionId
from csms.runtime import Runtime
from csms.store.links import Registration
from csms.store.transactions import Transaction, TransactionState
from tests.lambda_station import LambdaStation

CP001 = ChargePointId("CP001")


def stored(csms: Runtime, number: int) -> Transaction:
    transaction = csms.store.transactions.get(CP001, TransactionId(number))
    assert transaction is not None
    return transaction


def test_a_start_is_stored_with_a_positive_31_bit_id_and_holds_its_connector(
    csms: Runtime, station: LambdaStation
) -> None:
    answer = station.start(reservationId=7)

    assert answer["idTagInfo"] == {"parentIdTag": "FAMILY", "status": "Accepted"}
    assert 0 < answer["transactionId"] < 2**31
    transaction = stored(csms, answer["transactionId"])
    assert (transaction.start.meter_start_wh, transaction.start.reservation_id) == (1000, 7)
    connector = csms.store.connectors.get(CP001, 1)
    assert connector is not None
    assert connector.transaction_id == answer["transactionId"]


@pytest.mark.parametrize(
    ("id_tag", "status"),
    [
        ("tag1", "Accepted"),
        ("NOBODY", "Invalid"),
        ("BLOCKED", "Blocked"),
        ("EXPIRED", "Expired"),
        ("", "Invalid"),
        ("TAG1" + " " * 17, "Invalid"),
        (12345, "Invalid"),
    ],
)
def test_a_start_is_stored_whatever_its_tag_is_worth(
    csms: Runtime, station: LambdaStation, id_tag: str, status: str
) -> None:
    answer = station.start(idTag=id_tag)

    assert answer["idTagInfo"]["status"] == status
    assert stored(csms, answer["transactionId"]).state is TransactionState.OPEN


def test_a_repetition_with_the_same_or_a_fresh_message_id_is_the_same_transaction(station: LambdaStation) -> None:
    payload = {"connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": station.timestamp()}
    first = station.result("StartTransaction", payload, "a")
    station.wait(minutes=1)

    assert station.result("StartTransaction", payload, "a") == first
    assert station.result("StartTransaction", payload, "b") == first


def test_a_repetition_after_the_stop_does_not_open_the_transaction_again(csms: Runtime, station: LambdaStation) -> None:
    payload = {"connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": station.timestamp()}
    number = station.result("StartTransaction", payload)["transactionId"]
    station.wait(minutes=1)
    station.stop(number)

    assert station.result("StartTransaction", payload)["transactionId"] == number
    assert stored(csms, number).state is TransactionState.STOPPED
    connector = csms.store.connectors.get(CP001, 1)
    assert connector is not None
    assert connector.transaction_id is None


def test_a_repetition_gets_the_status_decided_for_the_start(csms: Runtime, station: LambdaStation) -> None:
    payload = {"connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": station.timestamp()}
    station.result("StartTransaction", payload)
    csms.store.id_tags.put(IdTag("TAG1", status=AuthorizationStatus.BLOCKED))

    assert station.result("StartTransaction", payload)["idTagInfo"]["status"] == "Accepted"


def test_different_reports_that_hash_alike_get_different_ids(
    csms: Runtime, station: LambdaStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "csms.store.transactions.transaction_id_for", lambda _cp, _start, _salt, probe: TransactionId(1000 + probe)
    )

    assert station.start()["transactionId"] == 1000
    assert station.start(meterStart=2)["transactionId"] == 1001
    assert station.start()["transactionId"] == 1000


def test_a_second_start_on_a_busy_connector_supersedes_the_first(csms: Runtime, station: LambdaStation) -> None:
    first = station.start()["transactionId"]
    station.wait(minutes=10)
    second = station.start(idTag="STRANGER")["transactionId"]

    assert stored(csms, first).state is TransactionState.SUPERSEDED
    assert stored(csms, second).state is TransactionState.OPEN


def test_a_superseded_transaction_is_still_closed_by_its_own_late_stop(csms: Runtime, station: LambdaStation) -> None:
    first = station.start()["transactionId"]
    station.wait(minutes=10)
    second = station.start(idTag="STRANGER")["transactionId"]
    station.stop(first, timestamp=station.timestamp(minutes=5))

    assert stored(csms, first).energy_wh == 4000
    connector = csms.store.connectors.get(CP001, 1)
    assert connector is not None
    assert connector.transaction_id == second


def test_an_earlier_start_replayed_later_does_not_take_the_connector(csms: Runtime, station: LambdaStation) -> None:
    live = station.start()["transactionId"]
    replayed = station.start(idTag="TAG2", timestamp=station.timestamp(hours=5))["transactionId"]

    assert stored(csms, replayed).state is TransactionState.SUPERSEDED
    assert stored(csms, live).state is TransactionState.OPEN


def test_a_tag_that_charges_elsewhere_is_concurrent_only_for_a_live_start(
    csms: Runtime, station: LambdaStation
) -> None:
    station.start()

    live = station.start(connectorId=2)
    replayed = station.start(connectorId=3, timestamp=station.timestamp(minutes=6))

    assert live["idTagInfo"]["status"] == "ConcurrentTx"
    assert stored(csms, live["transactionId"]).state is TransactionState.OPEN
    assert replayed["idTagInfo"]["status"] == "Accepted"


@pytest.mark.parametrize(("most", "status"), [(1, "ConcurrentTx"), (2, "Accepted"), (None, "Accepted")])
def test_a_tag_may_run_as_many_transactions_as_it_is_allowed(
    csms: Runtime, station: LambdaStation, most: int | None, status: str
) -> None:
    csms.store.id_tags.put(IdTag("TAG1", max_active_transactions=most))
    station.start()

    assert station.start(connectorId=2)["idTagInfo"]["status"] == status


def test_an_ended_transaction_leaves_the_tag_free(csms: Runtime, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    station.stop(number)

    assert station.start(connectorId=2)["idTagInfo"]["status"] == "Accepted"


def test_a_start_of_a_station_that_is_not_accepted_is_stored_and_flagged(csms: Runtime, station: LambdaStation) -> None:
    csms.store.links.set_registration(CP001, Registration.PENDING)
    station.wait(minutes=2)

    answer = station.start()

    assert answer["idTagInfo"]["status"] == "Invalid"
    assert stored(csms, answer["transactionId"]).flags == ("registration Pending",)


def test_with_an_implausible_clock_the_message_id_tells_starts_apart(csms: Runtime, station: LambdaStation) -> None:
    payload = {"connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": "1970-01-01T00:00:10Z"}

    first = station.result("StartTransaction", payload, "a")["transactionId"]
    station.wait(minutes=1)

    assert station.result("StartTransaction", payload, "a")["transactionId"] == first
    second = station.result("StartTransaction", payload, "b")["transactionId"]
    assert second != first
    assert stored(csms, second).state is TransactionState.OPEN
    assert stored(csms, second).flags == ("implausible clock",)


def test_a_clock_ahead_by_a_time_zone_does_not_block_the_connector(csms: Runtime, station: LambdaStation) -> None:
    ahead = station.now + timedelta(hours=2)
    first = station.start(timestamp=ahead.isoformat())["transactionId"]
    station.wait(minutes=30)
    second = station.start(timestamp=(ahead + timedelta(minutes=30)).isoformat())["transactionId"]

    assert stored(csms, first).state is TransactionState.SUPERSEDED
    assert stored(csms, second).state is TransactionState.OPEN
    assert stored(csms, second).flags == ("start in the future",)


@pytest.mark.parametrize("clock", ["2018-01-01T00:00:30Z", "2025-06-01T00:00:00Z", "2031-01-01T00:00:00Z"])
def test_a_live_start_with_a_lost_clock_takes_its_connector(csms: Runtime, station: LambdaStation, clock: str) -> None:
    station.stop(station.start()["transactionId"])
    station.wait(minutes=5)
    number = station.start(timestamp=clock)["transactionId"]

    assert stored(csms, number).state is TransactionState.OPEN
    assert stored(csms, number).flags == ("implausible clock",)
    assert stored(csms, number).started_at == station.now


def test_a_start_that_is_reported_late_says_so(csms: Runtime, station: LambdaStation) -> None:
    number = station.start(timestamp=station.timestamp(hours=1))["transactionId"]
    assert stored(csms, number).flags == ("start reported late",)


def test_a_start_in_the_future_is_not_judged_for_concurrency(csms: Runtime, station: LambdaStation) -> None:
    station.start()
    ahead = (station.now + timedelta(minutes=6)).isoformat()
    assert station.start(connectorId=2, timestamp=ahead)["idTagInfo"]["status"] == "Accepted"


def test_two_starts_at_once_on_a_connector_leave_one_open(
    csms: Runtime, station: LambdaStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one takes the connector between the first one's look at it and its own taking."""
    look = csms.store.connectors.get
    others: list[int] = []

    def look_and_let_another_in(*arguments: Any) -> Any:
        found = look(*arguments)
        if not others:
            others.append(0)
            others[0] = station.start(idTag="STRANGER", timestamp=station.timestamp(seconds=30))["transactionId"]
        return found

    monkeypatch.setattr(csms.store.connectors, "get", look_and_let_another_in)
    number = station.start()["transactionId"]
    assert stored(csms, number).state is TransactionState.OPEN
    assert stored(csms, others[0]).state is TransactionState.SUPERSEDED


@pytest.mark.parametrize("missing", ["connectorId", "idTag", "meterStart", "timestamp"])
def test_a_start_that_lacks_a_field_is_refused_and_kept_once_as_an_orphan(
    csms: Runtime, station: LambdaStation, missing: str
) -> None:
    payload = {"connectorId": 1, "idTag": "TAG1", "meterStart": 0, "timestamp": station.timestamp()}
    del payload[missing]

    assert station.error_code("StartTransaction", payload) == "OccurenceConstraintViolation"
    station.error_code("StartTransaction", payload)

    (orphan,) = csms.store.orphans.list(limit=10).things
    assert (orphan.action, orphan.payload) == ("StartTransaction", payload)


def test_a_meter_register_with_a_fraction_is_rounded(csms: Runtime, station: LambdaStation) -> None:
    number = station.start(meterStart="1000.6")["transactionId"]

    assert stored(csms, number).start.meter_start_wh == 1001
