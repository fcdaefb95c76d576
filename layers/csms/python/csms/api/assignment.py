"""What assigning an orphan to a transaction changes.

The orphan is claimed for the transaction first, so that of several decisions only one takes effect. Then comes the
effect, which may be repeated, and then it is marked as dealt with. A request that died in between is sent again.
"""

import logging
from collections.abc import Callable
from functools import partial

from csms.api.problems import Conflict
from csms.api.request import CurrentRequest
from csms.ending import EndedOtherwise, end_once
from csms.ids import TransactionId
from csms.ocpp.errors import InvalidPayload
from csms.store import Store
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
    try:
        current.store.orphans.dismiss(orphan, by=current.caller, at=current.now, reason=reason)
    except ConditionFailed as decided:
        raise _decided(current, orphan) from decided
    _log(current, orphan, "orphan dismissed")


def assign(current: CurrentRequest, orphan: Orphan, transaction: Transaction) -> None:
    """Give the orphan's data to a transaction of its charge point. The same again changes nothing more.

    Raises:
        Conflict: it was dealt with otherwise, cannot be read, or does not fit the transaction.
    """
    take_effect = _effect(current.store, orphan, transaction)
    orphans = current.store.orphans
    try:
        orphans.claim(orphan, transaction.id)
    except ConditionFailed as decided:
        raise _decided(current, orphan) from decided
    try:
        take_effect()
    except EndedOtherwise as ended:
        orphans.release(orphan, transaction.id)
        raise Conflict("the transaction was stopped with other figures") from ended
    orphans.finish(orphan, transaction.id, by=current.caller, at=current.now)
    _log(current, orphan, "orphan assigned", transaction.id)


def _effect(store: Store, orphan: Orphan, transaction: Transaction) -> Callable[[], object]:
    """What is to be done once the orphan is the transaction's."""
    try:
        match orphan.action:
            case "StopTransaction":
                return _end(store, orphan, transaction)
            case "MeterValues":
                return _move_samples(store, orphan, transaction)
            case _:
                raise Conflict(f"a {orphan.action} cannot be assigned: dismiss it")
    except InvalidPayload as unreadable:
        raise Conflict(f"its payload cannot be read ({unreadable}): dismiss it") from unreadable


def _end(store: Store, orphan: Orphan, transaction: Transaction) -> Callable[[], object]:
    request = StopTransactionRequest.read(orphan.payload)
    stop = Stop(
        timestamp=request.timestamp,
        meter_stop_wh=request.meter_stop,
        received_at=orphan.received_at,
        reason=request.reason or "Local",
        id_tag=request.id_tag,
    )
    _check_fits(stop, transaction)
    samples = None
    if request.transaction_data:
        moment, connector_id = request.transaction_data[0].timestamp, transaction.start.connector_id
        samples = MeterMessage(connector_id, moment, orphan.received_at, orphan.payload["transactionData"])
    return partial(end_once, store, transaction, stop, samples)


def _check_fits(stop: Stop, transaction: Transaction) -> None:
    start = transaction.start
    if stop.timestamp < start.timestamp:
        raise Conflict("the stop was before the start of the transaction")
    if stop.meter_stop_wh is not None and stop.meter_stop_wh < start.meter_start_wh:
        raise Conflict("meterStop is less than meterStart of the transaction")


def _move_samples(store: Store, orphan: Orphan, transaction: Transaction) -> Callable[[], object]:
    """The orphan holds the first message; all of them wait under the id they name."""
    request = MeterValuesRequest.read(orphan.payload)
    moment = request.meter_value[0].timestamp if request.meter_value else orphan.received_at
    first = MeterMessage(request.connector_id, moment, orphan.received_at, orphan.payload["meterValue"])

    def move() -> None:
        samples, charge_point_id = store.meter_values, transaction.charge_point_id
        samples.record_for_transaction(charge_point_id, transaction.id, first)
        if orphan.transaction_id in {None, transaction.id}:
            return
        for message in samples.all_of_transaction(charge_point_id, orphan.transaction_id):
            if orphan.follows is None or message.received_at > orphan.follows:
                samples.record_for_transaction(charge_point_id, transaction.id, message)

    return move


def _decided(current: CurrentRequest, orphan: Orphan) -> Conflict:
    now = current.store.orphans.get(orphan.charge_point_id, orphan.id) or orphan
    if now.assigned_to is None:
        return Conflict("the orphan was dismissed already")
    return Conflict(f"the orphan goes to transaction {now.assigned_to} already")


def _log(current: CurrentRequest, orphan: Orphan, text: str, transaction_id: TransactionId | None = None) -> None:
    _logger.info(
        text,
        extra={
            "charge_point_id": orphan.charge_point_id,
            "orphan_id": orphan.id,
            "caller": current.caller,
            "transaction_id": transaction_id,
        },
    )
