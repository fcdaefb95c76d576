"""MeterValues [S 4.7]: samples of a transaction or of a connector. Charge data: never refused."""

from datetime import datetime

from csms.ids import TransactionId
from csms.ocpp.primitives import LARGEST_TRANSACTION_ID, Integer, LenientInteger
from csms.store.meter_values import MeterMessage
from csms.store.transactions import Transaction
from csms.v16.exchange import Exchange
from csms.v16.payload import Payload
from csms.v16.registry import answers
from csms.v16.types import MeterValue


class MeterValuesRequest(Payload):
    """MeterValues.req [S 6.31]."""

    connector_id: Integer
    transaction_id: LenientInteger = None
    meter_value: tuple[MeterValue, ...]


class MeterValuesResponse(Payload):
    """MeterValues.conf [S 6.32]."""


@answers("MeterValues", MeterValuesRequest, is_charge_data=True, is_logged=False)
def answer_meter_values(request: MeterValuesRequest, exchange: Exchange) -> MeterValuesResponse:
    """Attach the samples to the transaction they name or fall into, else to the connector."""
    moment = request.meter_value[0].timestamp if request.meter_value else exchange.received_at
    # The list as it came: signed samples are evidence.
    message = MeterMessage(request.connector_id, moment, exchange.received_at, exchange.payload["meterValue"])
    number = _owner(request, moment, exchange)
    store, charge_point_id = exchange.store, exchange.charge_point_id
    if number is None:
        store.meter_values.record_for_connector(charge_point_id, request.connector_id, message)
    else:
        store.meter_values.record_for_transaction(charge_point_id, number, message)
    return MeterValuesResponse()


def _owner(request: MeterValuesRequest, moment: datetime, exchange: Exchange) -> TransactionId | None:
    named = named_transaction(request.transaction_id)
    if named is None:
        return _transaction_at(request.connector_id, moment, exchange)
    if exchange.store.transactions.exists(exchange.charge_point_id, named):
        return named
    # One case, however many messages follow: the samples wait under the id they name until an operator assigns it.
    orphan = exchange.store.orphans.keep(
        exchange.charge_point_id,
        "MeterValues",
        "unknown transaction",
        exchange.payload,
        exchange.received_at,
        transaction_id=named,
        same_as=named,
    )
    return orphan.assigned_to or named


def named_transaction(transaction_id: int | None) -> TransactionId | None:
    """The transaction an id names; None, 0, -1 and what does not fit 31 bits name none [ER 3.18, 3.54]."""
    if transaction_id is None or not 0 < transaction_id <= LARGEST_TRANSACTION_ID:
        return None
    return TransactionId(transaction_id)


def _transaction_at(connector_id: int, moment: datetime, exchange: Exchange) -> TransactionId | None:
    """The transaction that ran on the connector at that moment."""
    store, charge_point_id = exchange.store, exchange.charge_point_id
    connector = store.connectors.get(charge_point_id, connector_id)
    if connector is None:
        return None
    running = store.transactions.get(charge_point_id, connector.transaction_id) if connector.transaction_id else None
    if running and _spans(running, connector_id, moment):
        return running.id
    ended = store.transactions.ended_around(charge_point_id, moment)
    return next((found.id for found in ended if _spans(found, connector_id, moment)), None)


def _spans(transaction: Transaction, connector_id: int, moment: datetime) -> bool:
    ended_at = transaction.stop.timestamp if transaction.stop else None
    return (
        transaction.start.connector_id == connector_id
        and transaction.start.timestamp <= moment
        and (moment <= ended_at if ended_at else transaction.is_open)
    )
