"""What assigning an orphan to a transaction changes.

The effect comes first, then the orphan is marked as dealt with. Every effect may be repeated, so that a request that
died in between is simply sent again.
"""

import logging

from csms.api.problems import Conflict
from csms.api.request import CurrentRequest
from csms.ocpp.errors import InvalidPayload
from csms.store.errors import ConditionFailed
from csms.store.meter_values import MeterMessage
from csms.store.orphans import Orphan
from csms.store.transactions import Stop, Transaction
from csms.v16.messages.meter_values import MeterValuesRequest
from csms.v16.messages.stop_transaction import StopTransactionRequest

_logger = logging.getLogger(__name__)


def dismiss(current: CurrentRequest, orphan: Orphan, reason: str) -> None:
    """Note that the orphan belongs nowhere.

    Raises:
        Conflict: it was dealt with.
    """
    _check_unresolved(orphan)
    try:
        current.store.orphans.resolve(orphan, "dismissed", by=current.caller, at=current.now, reason=reason)
    except ConditionFailed as resolved:
        raise Conflict("the orphan was dealt with already") from resolved
    _log(current, orphan, "orphan dismissed", reason=reason)


def assign(current: CurrentRequest, orphan: Orphan, transaction: Transaction) -> None:
    """Give the orphan's data to a transaction of its charge point.

    Raises:
        Conflict: it was dealt with, cannot be read, or does not fit the transaction.
    """
    _check_unresolved(orphan)
    try:
        match orphan.action:
            case "StopTransaction":
                _end(current, orphan, transaction)
            case "MeterValues":
                _move_samples(current, orphan, transaction)
            case _:
                raise Conflict(f"a {orphan.action} cannot be assigned: dismiss it")
    except InvalidPayload as unreadable:
        raise Conflict(f"its payload cannot be read ({unreadable}): dismiss it") from unreadable
    try:
        current.store.orphans.resolve(orphan, "assigned", by=current.caller, at=current.now, assigned_to=transaction.id)
    except ConditionFailed as resolved:
        raise Conflict("the orphan was dealt with already") from resolved
    _log(current, orphan, "orphan assigned", transaction_id=transaction.id)


def _end(current: CurrentRequest, orphan: Orphan, transaction: Transaction) -> None:
    request = StopTransactionRequest.read(orphan.payload)
    stop = Stop(
        timestamp=request.timestamp,
        meter_stop_wh=request.meter_stop,
        received_at=orphan.received_at,
        reason=request.reason or "Local",
        id_tag=request.id_tag,
    )
    _check_fits(stop, transaction)
    store, charge_point_id, connector_id = current.store, transaction.charge_point_id, transaction.start.connector_id
    if request.transaction_data:
        moment = request.transaction_data[0].timestamp
        samples = MeterMessage(connector_id, moment, orphan.received_at, orphan.payload["transactionData"])
        store.meter_values.record_for_transaction(charge_point_id, transaction.id, samples)
    try:
        store.transactions.end(transaction, stop)
    except ConditionFailed as ended:  # by this very orphan, if the request is a repetition
        first = store.transactions.get(charge_point_id, transaction.id)
        if first is None or first.stop is None or not first.stop.is_repeated_by(stop):
            raise Conflict("the transaction was stopped with other figures") from ended
    store.connectors.vacate(charge_point_id, connector_id, transaction.id)


def _check_fits(stop: Stop, transaction: Transaction) -> None:
    start = transaction.start
    if stop.timestamp < start.timestamp:
        raise Conflict("the stop was before the start of the transaction")
    if stop.meter_stop_wh is not None and stop.meter_stop_wh < start.meter_start_wh:
        raise Conflict("meterStop is less than meterStart of the transaction")


def _move_samples(current: CurrentRequest, orphan: Orphan, transaction: Transaction) -> None:
    """The orphan holds the first message; all of them wait under the id they name."""
    request = MeterValuesRequest.read(orphan.payload)
    moment = request.meter_value[0].timestamp if request.meter_value else orphan.received_at
    first = MeterMessage(request.connector_id, moment, orphan.received_at, orphan.payload["meterValue"])
    store, charge_point_id = current.store.meter_values, transaction.charge_point_id
    store.record_for_transaction(charge_point_id, transaction.id, first)
    if orphan.transaction_id in {None, transaction.id}:
        return
    for message in store.all_of_transaction(charge_point_id, orphan.transaction_id):
        store.record_for_transaction(charge_point_id, transaction.id, message)


def _check_unresolved(orphan: Orphan) -> None:
    if orphan.resolution is not None:
        raise Conflict(f"the orphan was {orphan.resolution} already")


def _log(current: CurrentRequest, orphan: Orphan, text: str, **details: object) -> None:
    _logger.info(
        text,
        extra={
            "charge_point_id": orphan.charge_point_id,
            "orphan_id": orphan.id,
            "caller": current.caller,
            **details,
        },
    )
