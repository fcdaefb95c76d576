import pytest

from csms.authorization import AuthorizationStatus, IdTag
from csms.ids import ChargePointId, TransactionId
from csms.runtime import Runtime
from csms.store.orphans import Orphan
from csms.store.transactions import Transaction, TransactionState
from tests.lambda_station import LambdaStation

CP001 = ChargePointId("CP001")
UNUSABLE_IDS = [-1, 0, None, 2**31, 2**70, "abc"]


def stored(csms: Runtime, number: int) -> Transaction:
    transaction = csms.store.transactions.get(CP001, TransactionId(number))
    assert transaction is not None
    return transaction


def orphans(csms: Runtime) -> list[Orphan]:
    return csms.store.orphans.list(limit=10).things


def test_a_stop_closes_its_transaction_and_frees_connector_and_tag(csms: Runtime, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    station.wait(hours=1)

    assert station.stop(number, reason="Remote") == {}

    transaction = stored(csms, number)
    assert (transaction.state, transaction.energy_wh) == (TransactionState.STOPPED, 4000)
    assert transaction.stop is not None
    assert transaction.stop.reason == "Remote"
    connector = csms.store.connectors.get(CP001, 1)
    assert connector is not None
    assert connector.transaction_id is None
    assert list(csms.store.transactions.open_of_tag("TAG1")) == []


def test_a_stop_without_reason_is_local(csms: Runtime, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    station.stop(number)
    stop = stored(csms, number).stop
    assert stop is not None
    assert stop.reason == "Local"


@pytest.mark.parametrize(
    ("id_tag", "info"),
    [
        ("TAG2", {"parentIdTag": "FAMILY", "status": "Accepted"}),
        ("NOBODY", {"status": "Invalid"}),
        ("BLOCKED", {"status": "Blocked"}),
    ],
)
def test_the_answer_speaks_of_the_tag_that_was_sent(station: LambdaStation, id_tag: str, info: dict[str, str]) -> None:
    number = station.start()["transactionId"]
    assert station.stop(number, idTag=id_tag) == {"idTagInfo": info}


def test_every_repetition_of_a_stop_is_answered_alike_and_changes_nothing(
    csms: Runtime, station: LambdaStation
) -> None:
    number = station.start()["transactionId"]
    payload = {"transactionId": number, "idTag": "TAG1", "meterStop": 5000, "timestamp": station.timestamp()}
    first = station.result("StopTransaction", payload)
    before = stored(csms, number)
    csms.store.id_tags.put(IdTag("TAG1", parent_id_tag="FAMILY", status=AuthorizationStatus.BLOCKED))
    station.wait(minutes=1)

    assert station.result("StopTransaction", payload) == first
    assert stored(csms, number) == before
    assert orphans(csms) == []


def test_a_second_stop_with_other_figures_is_kept_for_the_operator(csms: Runtime, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    station.stop(number)
    station.stop(number, meterStop=9000)

    assert stored(csms, number).energy_wh == 4000
    (orphan,) = orphans(csms)
    assert orphan.payload["meterStop"] == 9000


def test_a_stop_of_an_unknown_transaction_is_answered_and_kept_once(csms: Runtime, station: LambdaStation) -> None:
    payload = {"transactionId": 4711, "meterStop": 5000, "timestamp": station.timestamp()}
    station.result("StopTransaction", payload)
    station.wait(minutes=1)
    station.result("StopTransaction", payload)

    (orphan,) = orphans(csms)
    assert (orphan.action, orphan.transaction_id) == ("StopTransaction", 4711)


@pytest.mark.parametrize("unusable", UNUSABLE_IDS)
def test_a_stop_without_a_usable_id_closes_the_single_open_transaction(
    csms: Runtime, station: LambdaStation, unusable: int | str | None
) -> None:
    number = station.start()["transactionId"]
    payload = {"transactionId": unusable, "idTag": "TAG1", "meterStop": 5000, "timestamp": station.timestamp()}
    first = station.result("StopTransaction", payload)

    assert stored(csms, number).state is TransactionState.STOPPED
    station.wait(minutes=1)
    assert station.result("StopTransaction", payload) == first
    assert orphans(csms) == []


def test_a_stop_without_an_id_at_all_closes_the_single_open_transaction(csms: Runtime, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    station.result("StopTransaction", {"meterStop": 5000, "timestamp": station.timestamp()})
    assert stored(csms, number).state is TransactionState.STOPPED


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp": "2026-03-05T11:00:00Z"},  # before the start
        {"meterStop": 999},  # below the start's register
        {"idTag": "STRANGER"},  # neither the tag nor of its group
    ],
)
def test_a_stop_without_a_usable_id_that_does_not_fit_is_an_orphan_not_a_guess(
    csms: Runtime, station: LambdaStation, change: dict[str, object]
) -> None:
    number = station.start()["transactionId"]
    station.stop(-1, **change)

    assert stored(csms, number).state is TransactionState.OPEN
    assert len(orphans(csms)) == 1


def test_a_stop_without_a_usable_id_is_an_orphan_where_two_transactions_could_be_meant(
    csms: Runtime, station: LambdaStation
) -> None:
    station.start()
    station.start(connectorId=2, idTag="TAG2")
    station.stop(-1)
    assert len(orphans(csms)) == 1


def test_a_tag_of_the_same_group_stops_without_a_usable_id(csms: Runtime, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    station.stop(-1, idTag="TAG2")
    assert stored(csms, number).state is TransactionState.STOPPED


def test_a_stop_after_a_boot_still_closes_the_transaction(csms: Runtime, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    station.result("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    assert stored(csms, number).state is TransactionState.OPEN

    station.stop(number, reason="PowerLoss")
    assert stored(csms, number).state is TransactionState.STOPPED


def test_an_offline_session_replayed_at_once_is_one_transaction(csms: Runtime, station: LambdaStation) -> None:
    number = station.start(timestamp=station.timestamp(hours=30))["transactionId"]
    station.stop(number, timestamp=station.timestamp(hours=28))

    assert stored(csms, number).energy_wh == 4000
    assert [transaction.id for transaction in csms.store.transactions.ended_around(CP001, station.now)] == [number]


def test_transaction_data_is_kept_with_the_transaction(csms: Runtime, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    signed = [
        {"timestamp": station.timestamp(), "sampledValue": [{"value": "OCMF|{...}|{...}", "format": "SignedData"}]}
    ]
    station.stop(number, transactionData=signed)

    (message,) = csms.store.meter_values.of_transaction(CP001, TransactionId(number)).messages
    assert message.meter_value == signed


@pytest.mark.parametrize("missing", ["meterStop", "timestamp"])
def test_a_stop_that_lacks_a_field_is_refused_and_kept(csms: Runtime, station: LambdaStation, missing: str) -> None:
    number = station.start()["transactionId"]
    payload = {"transactionId": number, "meterStop": 5000, "timestamp": station.timestamp()}
    del payload[missing]

    assert station.error_code("StopTransaction", payload) == "OccurenceConstraintViolation"
    assert orphans(csms)[0].payload == payload
    assert stored(csms, number).state is TransactionState.OPEN


def test_a_repeated_stop_without_an_id_never_closes_another_transaction(csms: Runtime, station: LambdaStation) -> None:
    first = station.start()["transactionId"]
    station.wait(minutes=10)
    payload = {"transactionId": -1, "meterStop": 9000, "timestamp": station.timestamp()}
    station.result("StopTransaction", payload)
    other = station.start(connectorId=2, timestamp=station.timestamp(minutes=5), meterStart=100)["transactionId"]

    station.wait(minutes=1)
    station.result("StopTransaction", payload)

    assert stored(csms, first).energy_wh == 8000
    assert stored(csms, other).state is TransactionState.OPEN
    assert orphans(csms) == []


@pytest.mark.parametrize("fraction", [".179735Z", ".1797359Z", ".179735+00:00"])
def test_a_stop_with_microseconds_is_repeated_like_any_other(
    csms: Runtime, station: LambdaStation, fraction: str
) -> None:
    number = station.start(timestamp="2026-03-05T11:59:58" + fraction)["transactionId"]
    payload = {"transactionId": number, "meterStop": 5000, "timestamp": "2026-03-05T12:00:00" + fraction}
    assert station.result("StopTransaction", payload) == station.result("StopTransaction", payload) == {}
    assert orphans(csms) == []


def test_impossible_figures_are_stored_and_flagged(csms: Runtime, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    station.stop(number, meterStop=10, timestamp=station.timestamp(hours=1))

    assert stored(csms, number).energy_wh is None
    assert stored(csms, number).flags == ("stop reported late", "stop before start", "meter ran backwards")


def test_transaction_data_of_a_second_different_stop_is_not_mixed_in(csms: Runtime, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    station.stop(number)
    samples = [{"timestamp": station.timestamp(), "sampledValue": [{"value": "1"}]}]
    station.stop(number, meterStop=9000, transactionData=samples)

    assert csms.store.meter_values.of_transaction(CP001, TransactionId(number)).messages == []
    assert orphans(csms)[0].payload["transactionData"] == samples
