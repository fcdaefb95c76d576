"""LogStatusNotification [W3 5.14]: how a log upload goes."""

from csms.ocpp.primitives import Integer, Text50
from csms.store.history import EventKind
from csms.v16.exchange import Exchange
from csms.v16.payload import Payload
from csms.v16.registry import answers


class LogStatusNotificationRequest(Payload):
    """LogStatusNotification.req; the request id is absent when triggered while idle."""

    status: Text50
    request_id: Integer | None = None


class LogStatusNotificationResponse(Payload):
    """LogStatusNotification.conf."""


@answers("LogStatusNotification", LogStatusNotificationRequest)
def answer_log_status_notification(
    request: LogStatusNotificationRequest, exchange: Exchange
) -> LogStatusNotificationResponse:
    """Keep it in the history."""
    exchange.record(EventKind.LOG_UPLOAD, request.write())
    return LogStatusNotificationResponse()
