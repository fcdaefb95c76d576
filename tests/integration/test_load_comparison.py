"""The comparison of what was sent with what is stored, as the load does it, finds whatever is missing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.load.station import Told
from benchmarks.load.stored import Comparison, compare
from csms.ids import ChargePointId, TransactionId
from csms.runtime import Runtime
from csms.store import Store, keys
from csms.store.history import EventKind
from local.fleet import SentTransaction
from tests.lambda_station import LambdaStation

CP001 = ChargePointId("CP001")


@pytest.fixture
def sent(station: LambdaStation) -> SentTransaction:
    """A charge point charges once."""
    station.result("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Preparing"})
    started_at, number = station.now, station.start()["transactionId"]
    station.wait(minutes=1)
    station.result("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Charging"})
    values: list[dict[str, Any]] = [{"timestamp": station.timestamp(), "sampledValue": [{"value": "2000"}]}]
    station.result("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": values})
    station.wait(minutes=1)
    station.stop(number, transactionData=[{"timestamp": station.timestamp(), "sampledValue": [{"value": "5000"}]}])
    return SentTransaction(CP001, 1, number, "TAG1", started_at, station.now, 1000, 5000, 1, offline=False)


def told(status: str = "Charging", confirmed: int = 2, unanswered: int = 0) -> dict[str, Told]:
    return {CP001: Told(confirmed, unanswered, {1: status})}


def differences(csms: Runtime, sent: SentTransaction, told: dict[str, Told]) -> list[str]:
    return compare(csms.store, told, [sent]).differences


def test_what_was_sent_is_stored(csms: Runtime, sent: SentTransaction) -> None:
    assert compare(csms.store, told(), [sent]) == Comparison(
        rows=[
            ("transactions", 1, 1),
            ("energy of transactions, Wh", 4000, 4000),
            ("messages with meter values", 2, 2),
            ("statuses", 2, 2),
            ("connectors with their status", 1, 1),
        ],
        differences=[],
    )


def test_a_status_without_an_answer_may_be_stored_or_not(csms: Runtime, sent: SentTransaction) -> None:
    assert differences(csms, sent, told(confirmed=1, unanswered=1)) == []
    assert differences(csms, sent, told(confirmed=2, unanswered=1)) == []
    assert len(differences(csms, sent, told(confirmed=1))) == 1


def lose_meter_values(store: Store, sent: SentTransaction) -> None:
    partition = keys.transaction_meter_partition(CP001, TransactionId(sent.transaction_id))
    (first, *_) = store._table.query_all(partition)
    store._table.delete(keys.Key(first["PK"], first["SK"]))


def lose_transaction(store: Store, sent: SentTransaction) -> None:
    store._table.delete(keys.transaction(CP001, TransactionId(sent.transaction_id)))


def lose_status(store: Store, _sent: SentTransaction) -> None:
    (first, *_) = store._table.query_all(keys.charge_point_partition(CP001), prefix=keys.event_prefix(EventKind.STATUS))
    store._table.delete(keys.Key(first["PK"], first["SK"]))


def lose_connector(store: Store, _sent: SentTransaction) -> None:
    store._table.delete(keys.connector(CP001, 1))


@pytest.mark.parametrize("lose", [lose_meter_values, lose_transaction, lose_status, lose_connector])
def test_whatever_is_missing_is_found(
    csms: Runtime, sent: SentTransaction, lose: Callable[[Store, SentTransaction], None]
) -> None:
    lose(csms.store, sent)
    assert differences(csms, sent, told())


def test_whatever_is_other_is_found(csms: Runtime, sent: SentTransaction) -> None:
    assert differences(csms, replace(sent, meter_stop_wh=5001), told())
    assert differences(csms, sent, told(status="Available"))
    assert differences(csms, replace(sent, transaction_id=7), told())
