"""StopTransaction [S 4.10]: a transaction has ended; nothing we say prevents it. Charge data: never refused."""

from csms.authorization import AuthorizationStatus, IdTag, authorize, is_same_group, is_same_tag
from csms.ending import EndedOtherwise, end_once
from csms.ocpp.primitives import EnergyWh, IdToken, LenientInteger, Timestamp
from csms.store.meter_values import MeterMessage
from csms.store.transactions import Stop, Transaction
from csms.v16.exchange import Exchange
from csms.v16.messages.meter_values import named_transaction
from csms.v16.payload import Payload
from csms.v16.registry import answers
from csms.v16.types import IdTagInfo, MeterValue, ReasonText


class StopTransactionRequest(Payload):
    """StopTransaction.req [S 6.49]. `meterStop` in Wh; a missing reason means Local."""

    id_tag: IdToken | None = None
    meter_stop: EnergyWh
    timestamp: Timestamp
    transaction_id: LenientInteger = None
    reason: ReasonText | None = None
    transaction_data: tuple[MeterValue, ...] | None = None


class StopTransactionResponse(Payload):
    """StopTransaction.conf [S 6.50]. The info is about the tag that was sent, if one was."""

    id_tag_info: IdTagInfo | None = None


@answers("StopTransaction", StopTransactionRequest, is_charge_data=True)
def answer_stop_transaction(request: StopTransactionRequest, exchange: Exchange) -> StopTransactionResponse:
    """Close the transaction once; what belongs to none is kept for an operator."""
    tag = exchange.store.id_tags.get(request.id_tag) if request.id_tag else None
    stop = Stop(
        timestamp=request.timestamp,
        meter_stop_wh=request.meter_stop,
        received_at=exchange.received_at,
        reason=request.reason or "Local",
        id_tag=request.id_tag,
        tag_status=authorize(tag, exchange.received_at) if request.id_tag else None,
    )
    transaction = _find(request, stop, tag, exchange)
    status = _close(transaction, stop, request, exchange) if transaction else _keep_orphan(stop, request, exchange)
    return StopTransactionResponse(id_tag_info=exchange.info_of(tag, status) if status else None)


def _close(
    transaction: Transaction, stop: Stop, request: StopTransactionRequest, exchange: Exchange
) -> AuthorizationStatus | None:
    samples = None
    if request.transaction_data:
        moment, connector_id = request.transaction_data[0].timestamp, transaction.start.connector_id
        samples = MeterMessage(connector_id, moment, exchange.received_at, exchange.payload["transactionData"])
    try:
        return end_once(exchange.store, transaction, stop, samples, _flags(transaction, stop, exchange)).tag_status
    except EndedOtherwise:
        return _keep_orphan(stop, request, exchange, "stopped before with other figures")


def _flags(transaction: Transaction, stop: Stop, exchange: Exchange) -> tuple[str, ...]:
    flags = list(exchange.clock_flags("stop", stop.timestamp))
    if stop.timestamp < transaction.start.timestamp:
        flags.append("stop before start")
    if stop.meter_stop_wh is not None and stop.meter_stop_wh < transaction.start.meter_start_wh:
        flags.append("meter ran backwards")
    return tuple(flags)


def _keep_orphan(
    stop: Stop, request: StopTransactionRequest, exchange: Exchange, reason: str = "unknown transaction"
) -> AuthorizationStatus | None:
    exchange.store.orphans.keep(
        exchange.charge_point_id,
        "StopTransaction",
        reason,
        exchange.payload,
        exchange.received_at,
        transaction_id=named_transaction(request.transaction_id),
    )
    return stop.tag_status


def _find(request: StopTransactionRequest, stop: Stop, tag: IdTag | None, exchange: Exchange) -> Transaction | None:
    """The transaction by its id; without a usable id the only open one the report can mean [ER 3.18], never a guess."""
    store, charge_point_id = exchange.store, exchange.charge_point_id
    named = named_transaction(request.transaction_id)
    if named:
        return store.transactions.get(charge_point_id, named)
    ended = store.transactions.ended_around(charge_point_id, request.timestamp)
    repeated = next((found for found in ended if found.stop and found.stop.is_repeated_by(stop)), None)
    if repeated:  # the transaction this very report closed the first time
        return repeated
    running = [found.transaction_id for found in store.connectors.all(charge_point_id) if found.transaction_id]
    candidates = [
        transaction
        for transaction in store.transactions.get_many(charge_point_id, running)
        if transaction.is_open and _can_mean(request, tag, transaction)
    ]
    return candidates[0] if len(candidates) == 1 else None


def _can_mean(request: StopTransactionRequest, tag: IdTag | None, transaction: Transaction) -> bool:
    start = transaction.start
    if request.timestamp < start.timestamp or request.meter_stop < start.meter_start_wh:
        return False
    if request.id_tag is None or is_same_tag(request.id_tag, start.id_tag):
        return True
    return is_same_group(tag.parent_id_tag if tag else None, transaction.parent_id_tag)
