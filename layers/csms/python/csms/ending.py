"""The end of a transaction as its station reports it: once, however often and from whatever hand it comes."""

from csms.store import Store
from csms.store.errors import ConditionFailed
from csms.store.meter_values import MeterMessage
from csms.store.transactions import Stop, Transaction


class EndedOtherwise(Exception):  # noqa: N818  it is an answer, not an error
    """The station has reported another end of this transaction."""


def end_once(
    store: Store, transaction: Transaction, stop: Stop, samples: MeterMessage | None, flags: tuple[str, ...] = ()
) -> Stop:
    """End the transaction, keep the samples that came with the report and free the connector.

    A repetition does what is missing of that, and gets the stop that was reported first.

    Raises:
        EndedOtherwise: it ended with other figures; nothing was changed.
    """
    charge_point_id = transaction.charge_point_id
    try:
        store.transactions.end(transaction, stop, flags)
    except ConditionFailed as ended:
        first = store.transactions.get(charge_point_id, transaction.id)
        if first is None or first.stop is None or not first.stop.is_repeated_by(stop):
            raise EndedOtherwise(transaction.id) from ended
        stop = first.stop
    if samples:
        store.meter_values.record_for_transaction(charge_point_id, transaction.id, samples)
    store.connectors.vacate(charge_point_id, transaction.start.connector_id, transaction.id)
    return stop
