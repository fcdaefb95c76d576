"""Ending a transaction in its station's place."""

import logging

from csms.api.problems import Conflict, Finding, InvalidRequest
from csms.api.request import CurrentRequest
from csms.store.errors import ConditionFailed
from csms.store.transactions import Transaction

_logger = logging.getLogger(__name__)


def close_by_hand(
    current: CurrentRequest, transaction: Transaction, reason: str, meter_stop_wh: int | None
) -> Transaction:
    """Close an open or superseded transaction, with the caller on record, and free its connector.

    Raises:
        Conflict: it has ended.
        InvalidRequest: the meter cannot have run backwards.
    """
    if meter_stop_wh is not None and meter_stop_wh < transaction.start.meter_start_wh:
        raise InvalidRequest(Finding("meterStop", f"less than meterStart, {transaction.start.meter_start_wh} Wh"))
    try:
        closed = current.store.transactions.close(
            transaction, by=current.caller, reason=reason, at=current.now, meter_stop_wh=meter_stop_wh
        )
    except ConditionFailed as ended:
        _vacate(current, transaction)  # a close that failed half-way is repeated, too
        raise Conflict("the transaction has ended already") from ended
    _vacate(current, transaction)
    _logger.info(
        "transaction closed by hand",
        extra={
            "charge_point_id": transaction.charge_point_id,
            "transaction_id": transaction.id,
            "caller": current.caller,
        },
    )
    return closed


def _vacate(current: CurrentRequest, transaction: Transaction) -> None:
    current.store.connectors.vacate(transaction.charge_point_id, transaction.start.connector_id, transaction.id)
