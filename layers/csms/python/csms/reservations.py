"""What ends a reservation besides its time and its cancellation: a start that uses it, a fault [S 5.13]."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from csms.authorization import is_same_group, is_same_tag
from csms.ids import ChargePointId, ReservationId, TransactionId
from csms.store import Store
from csms.store.connectors import Connector
from csms.store.transactions import Transaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from csms.store.reservations import Reservation

_CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far a station's clock may be behind ours and its word still count for a reservation of this moment."""


def reserve_connectors(store: Store, reservation: "Reservation") -> None:
    """Note on every connector that the reservation concerns, and on the charge point, that there is one.

    A start may have overtaken the station's answer: then the reservation is used already.
    """
    charge_point_id, connector_id = reservation.charge_point_id, reservation.connector_id
    concerned = {0, connector_id}
    if connector_id == 0:
        concerned |= {connector.connector_id for connector in store.connectors.all(charge_point_id)}
    for number in sorted(concerned):
        connector = store.connectors.reserve(charge_point_id, number, reservation.expiry_date)
        if connector and connector.transaction_id is not None:
            _use_if_started(store, reservation, connector.transaction_id)


def use_reservation(store: Store, transaction: Transaction, connector: Connector | None) -> None:
    """End the reservation that a transaction was for, if there was one.

    Reads nothing unless the station names a reservation, or the connector may be reserved or was never heard of: then
    one of any connector is noted on the charge point alone.
    """
    named_id = transaction.start.reservation_id
    is_named = named_id is not None and named_id > 0  # some stations always send 0 or -1
    if not is_named:
        connector = connector or store.connectors.get(transaction.charge_point_id, 0)
        if not (connector and connector.may_be_reserved(transaction.started_at)):
            return
    used = _named(store, transaction, named_id) if is_named else None
    used = used or reservation_for(transaction, store.reservations.open_of(transaction.charge_point_id))
    if used:
        store.reservations.use(used, transaction.id, transaction.started_at)


def end_reservations(
    store: Store, charge_point_id: ChargePointId, connector_id: int, status: str, at: datetime
) -> None:
    """End what a fault ends: the reservations of that connector; of the charge point (connector 0), all of them."""
    for reservation in store.reservations.open_of(charge_point_id):
        is_concerned = connector_id in (0, reservation.connector_id)
        if is_concerned and at >= reservation.reserved_at - _CLOCK_SKEW:
            store.reservations.give_up(reservation, at, f"connector {connector_id} {status}")


def reservation_for(transaction: Transaction, reservations: "Iterable[Reservation]") -> "Reservation | None":
    """The reservation that a start of its tag or group uses, where the station does not name it."""
    fitting = [reservation for reservation in reservations if _fits(transaction, reservation)]
    return max(fitting, key=lambda reservation: reservation.connector_id > 0, default=None)


def _use_if_started(store: Store, reservation: "Reservation", transaction_id: TransactionId) -> None:
    transaction = store.transactions.get(reservation.charge_point_id, transaction_id)
    if transaction is None:
        return
    is_named = transaction.start.reservation_id == reservation.id and _is_since(transaction, reservation)
    if is_named or _fits(transaction, reservation):
        store.reservations.use(reservation, transaction.id, transaction.started_at)


def _named(store: Store, transaction: Transaction, reservation_id: int | None) -> "Reservation | None":
    found = store.reservations.get(transaction.charge_point_id, ReservationId(reservation_id or 0))
    return found if found and _is_since(transaction, found) else None


def _fits(transaction: Transaction, reservation: "Reservation") -> bool:
    start = transaction.start
    return (
        reservation.connector_id in (0, start.connector_id)
        and _is_since(transaction, reservation)
        and transaction.started_at < reservation.expiry_date
        and (
            is_same_tag(start.id_tag, reservation.id_tag)
            or is_same_group(transaction.parent_id_tag, reservation.parent_id_tag)
        )
    )


def _is_since(transaction: Transaction, reservation: "Reservation") -> bool:
    """Not an old start, reported late, that used an earlier reservation of the same id."""
    return transaction.started_at >= reservation.reserved_at - _CLOCK_SKEW
