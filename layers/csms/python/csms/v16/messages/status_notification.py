"""StatusNotification [S 4.9]: what a connector is doing, in the station's own order."""

from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field

from csms.ocpp.primitives import Integer, Text50, Text255, Timestamp
from csms.reservations import end_reservations
from csms.store.connectors import ConnectorStatus
from csms.store.history import EventKind
from csms.v16.exchange import Exchange
from csms.v16.payload import Payload
from csms.v16.registry import answers
from csms.v16.types import ChargePointErrorCode, ChargePointStatus, ErrorCodeText, StatusText

_OLDEST_BELIEVED: Final = timedelta(hours=24)
_ENDS_RESERVATIONS: Final = frozenset({ChargePointStatus.FAULTED, ChargePointStatus.UNAVAILABLE})


class StatusNotificationRequest(Payload):
    """StatusNotification.req [S 6.47]."""

    connector_id: Annotated[Integer, Field(ge=0)]
    error_code: ErrorCodeText
    info: Text50 | None = None
    status: StatusText
    timestamp: Timestamp | None = None
    vendor_id: Text255 | None = None
    vendor_error_code: Text50 | None = None


class StatusNotificationResponse(Payload):
    """StatusNotification.conf [S 6.48]."""


@answers("StatusNotification", StatusNotificationRequest)
def answer_status_notification(request: StatusNotificationRequest, exchange: Exchange) -> StatusNotificationResponse:
    """The connector shows the latest status; every one goes into the history. A fault ends reservations."""
    since = exchange.believed(request.timestamp, for_at_most=_OLDEST_BELIEVED)
    reported = request.model_dump(exclude={"connector_id"})
    connector = exchange.store.connectors.report(
        exchange.charge_point_id, request.connector_id, ConnectorStatus(since=since, **reported)
    )
    exchange.record(EventKind.STATUS, request.write(), since)
    if connector and request.status in _ENDS_RESERVATIONS and connector.may_be_reserved(since):
        end_reservations(exchange.store, exchange.charge_point_id, request.connector_id, request.status, since)
    if request.error_code == ChargePointErrorCode.LOCAL_LIST_CONFLICT:
        exchange.store.local_lists.mark_conflict(exchange.charge_point_id, since)
    return StatusNotificationResponse()
