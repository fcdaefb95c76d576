"""StartTransaction [S 4.8]: a transaction has begun, whatever we think of it. Charge data: never refused."""

from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from csms.authorization import AuthorizationStatus, IdTag, authorize_start
from csms.ids import TransactionId
from csms.ocpp.primitives import EnergyWh, IdToken, Integer, LenientInteger, Timestamp
from csms.reservations import use_reservation
from csms.store.connectors import Connector
from csms.store.links import Registration
from csms.store.transactions import Start, Transaction
from csms.v16.exchange import Exchange
from csms.v16.payload import Payload
from csms.v16.registry import answers
from csms.v16.types import IdTagInfo

_LIVE_WITHIN: Final = timedelta(minutes=5)
_LONGEST_OFFLINE: Final = timedelta(days=180)
"""An older start is not a late one but a clock that was lost."""
_LAST_PLAUSIBLE_AHEAD: Final = timedelta(days=1)


class StartTransactionRequest(Payload):
    """StartTransaction.req [S 6.45]. `meterStart` in Wh."""

    connector_id: Integer
    id_tag: IdToken
    meter_start: EnergyWh
    reservation_id: LenientInteger = None
    timestamp: Timestamp


class StartTransactionResponse(Payload):
    """StartTransaction.conf [S 6.46]."""

    id_tag_info: IdTagInfo
    transaction_id: int


@answers("StartTransaction", StartTransactionRequest, is_charge_data=True)
def answer_start_transaction(request: StartTransactionRequest, exchange: Exchange) -> StartTransactionResponse:
    """Store the start once and say what the tag is worth; a repetition gets the same id and status."""
    tag = exchange.store.id_tags.get(request.id_tag)
    now = exchange.received_at
    has_clock = now - _LONGEST_OFFLINE <= request.timestamp <= now + _LAST_PLAUSIBLE_AHEAD
    reported = Transaction(
        charge_point_id=exchange.charge_point_id,
        id=TransactionId(0),  # becomes the hash of the report
        start=Start(
            connector_id=request.connector_id,
            id_tag=request.id_tag,
            timestamp=request.timestamp,
            meter_start_wh=request.meter_start,
            reservation_id=request.reservation_id,
        ),
        started_at=min(request.timestamp, exchange.received_at) if has_clock else exchange.received_at,
        received_at=exchange.received_at,
        tag_status=_status(tag, request, exchange),
        parent_id_tag=tag.parent_id_tag if tag else None,
        flags=_flags(request.timestamp, exchange, has_clock=has_clock),
    )
    # A station whose clock is off may report two starts alike: then only the message id tells them apart.
    transaction = exchange.store.transactions.begin(reported, salt="" if has_clock else exchange.message_id)
    connector = _take_connector(transaction, exchange)
    use_reservation(exchange.store, transaction, connector)
    return StartTransactionResponse(
        id_tag_info=exchange.info_of(tag, transaction.tag_status), transaction_id=transaction.id
    )


def _status(tag: IdTag | None, request: StartTransactionRequest, exchange: Exchange) -> AuthorizationStatus:
    if exchange.link.registration is not Registration.ACCEPTED:
        return AuthorizationStatus.INVALID
    is_live = abs(exchange.received_at - request.timestamp) <= _LIVE_WITHIN
    most = tag.max_active_transactions if tag and is_live else None
    return authorize_start(tag, exchange.received_at, _running(request, exchange, most) if most else 0)


def _running(request: StartTransactionRequest, exchange: Exchange, most: int) -> int:
    """How many transactions the tag has elsewhere, counted up to `most`; one on the same connector must have ended."""
    here = (exchange.charge_point_id, request.connector_id)
    running = exchange.store.transactions.open_of_tag(request.id_tag)
    elsewhere = (other for other in running if (other.charge_point_id, other.start.connector_id) != here)
    return sum(1 for _ in islice(elsewhere, most))


def _take_connector(transaction: Transaction, exchange: Exchange) -> Connector | None:
    """Of two transactions on a connector, the later start says that the earlier one has ended.

    Returns the connector as it was before, as far as it was looked at.

    The earlier one is marked first: a repetition after a crash must still find it on the connector.
    """
    if not transaction.is_open:
        return None
    store, charge_point_id, connector_id = exchange.store, exchange.charge_point_id, transaction.start.connector_id
    connector = store.connectors.get(charge_point_id, connector_id)
    found = connector.transaction_id if connector else None
    _supersede_earlier(found, transaction, exchange)
    occupation = store.connectors.occupy(charge_point_id, connector_id, transaction.id, transaction.started_at)
    if not occupation.is_current:
        store.transactions.supersede(transaction)
    elif occupation.previous_id != found:  # another start came between
        _supersede_earlier(occupation.previous_id, transaction, exchange)
    return connector


def _supersede_earlier(other_id: TransactionId | None, transaction: Transaction, exchange: Exchange) -> None:
    if other_id is None or other_id == transaction.id:
        return
    other = exchange.store.transactions.get(exchange.charge_point_id, other_id)
    if other and other.started_at <= transaction.started_at:
        exchange.store.transactions.supersede(other)


def _flags(timestamp: datetime, exchange: Exchange, *, has_clock: bool) -> tuple[str, ...]:
    registration = exchange.link.registration
    flags = list(exchange.clock_flags("start", timestamp)) if has_clock else ["implausible clock"]
    if registration is not Registration.ACCEPTED:
        flags.append(f"registration {registration}")
    return tuple(flags)
