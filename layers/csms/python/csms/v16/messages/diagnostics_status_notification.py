"""DiagnosticsStatusNotification [S 4.4]: how a diagnostics upload goes."""

from csms.store.history import EventKind
from csms.v16.exchange import Exchange
from csms.v16.payload import Payload
from csms.v16.registry import answers
from csms.v16.transfer_progress import attach_diagnostics_status
from csms.v16.types import DiagnosticsStatusText


class DiagnosticsStatusNotificationRequest(Payload):
    """DiagnosticsStatusNotification.req [S 6.17]."""

    status: DiagnosticsStatusText


class DiagnosticsStatusNotificationResponse(Payload):
    """DiagnosticsStatusNotification.conf [S 6.18]."""


@answers("DiagnosticsStatusNotification", DiagnosticsStatusNotificationRequest)
def answer_diagnostics_status_notification(
    request: DiagnosticsStatusNotificationRequest, exchange: Exchange
) -> DiagnosticsStatusNotificationResponse:
    """Keep it in the history, and with the request it must be about."""
    exchange.record(EventKind.DIAGNOSTICS, request.write())
    attach_diagnostics_status(exchange, request.status)
    return DiagnosticsStatusNotificationResponse()
