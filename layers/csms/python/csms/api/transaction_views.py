"""A transaction as the API shows it, as JSON and as a row for billing."""

from typing import Any, Final

from csms.api.models import Moment, View
from csms.authorization import AuthorizationStatus
from csms.store.transactions import Stop, Transaction, TransactionState


class StopView(View):
    """How it ended: what the station reported, else what an operator entered."""

    timestamp: Moment
    meter_stop: int | None
    reason: str
    id_tag: str | None
    tag_status: AuthorizationStatus | None
    received_at: Moment


class TransactionView(View):
    """A transaction. Energy in Wh."""

    charge_point_id: str
    transaction_id: int
    connector_id: int
    id_tag: str
    parent_id_tag: str | None
    tag_status: AuthorizationStatus
    state: TransactionState
    timestamp: Moment
    started_at: Moment
    received_at: Moment
    meter_start: int
    meter_stop: int | None
    energy_wh: int | None
    reservation_id: int | None
    flags: list[str]
    stop: StopView | None
    closed_by: str | None
    closed_reason: str | None


COLUMNS: Final = (
    "chargePointId",
    "transactionId",
    "connectorId",
    "idTag",
    "parentIdTag",
    "tagStatus",
    "state",
    "timestamp",
    "stopTimestamp",
    "meterStart",
    "meterStop",
    "energyWh",
    "stopReason",
    "stopIdTag",
    "reservationId",
    "receivedAt",
    "stopReceivedAt",
    "flags",
    "closedBy",
    "closedReason",
)
"""The columns of the CSV export. New ones go to the end: others read them by position."""


def view_of(transaction: Transaction) -> TransactionView:
    """The transaction as JSON shows it."""
    start, stop = transaction.start, transaction.stop
    return TransactionView(
        charge_point_id=transaction.charge_point_id,
        transaction_id=transaction.id,
        connector_id=start.connector_id,
        id_tag=start.id_tag,
        parent_id_tag=transaction.parent_id_tag,
        tag_status=transaction.tag_status,
        state=transaction.state,
        timestamp=start.timestamp,
        started_at=transaction.started_at,
        received_at=transaction.received_at,
        meter_start=start.meter_start_wh,
        meter_stop=stop.meter_stop_wh if stop else None,
        energy_wh=transaction.energy_wh,
        reservation_id=start.reservation_id,
        flags=list(transaction.flags),
        stop=_stop_view(stop) if stop else None,
        closed_by=transaction.closed_by,
        closed_reason=transaction.closed_reason,
    )


def row_of(transaction: Transaction) -> dict[str, Any]:
    """The transaction as a row of CSV, by column."""
    row = view_of(transaction).model_dump(mode="json", by_alias=True)
    stop = row.pop("stop") or {}
    return {
        **row,
        "stopTimestamp": stop.get("timestamp"),
        "stopReason": stop.get("reason"),
        "stopIdTag": stop.get("idTag"),
        "stopReceivedAt": stop.get("receivedAt"),
        "flags": "; ".join(row["flags"]),
    }


def _stop_view(stop: Stop) -> StopView:
    return StopView(
        timestamp=stop.timestamp,
        meter_stop=stop.meter_stop_wh,
        reason=stop.reason,
        id_tag=stop.id_tag,
        tag_status=stop.tag_status,
        received_at=stop.received_at,
    )
