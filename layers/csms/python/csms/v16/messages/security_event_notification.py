"""SecurityEventNotification [W3 A04]: something at the station that an auditor will ask about."""

from datetime import timedelta
from typing import Final

from csms.ocpp.primitives import Text50, Text255, Timestamp
from csms.store.history import EventKind
from csms.v16.exchange import Exchange
from csms.v16.payload import Payload
from csms.v16.registry import answers

_OLDEST_BELIEVED: Final = timedelta(days=30)


class SecurityEventNotificationRequest(Payload):
    """SecurityEventNotification.req; the type is free text, unknown ones are kept like the others."""

    type: Text50
    timestamp: Timestamp
    tech_info: Text255 | None = None


class SecurityEventNotificationResponse(Payload):
    """SecurityEventNotification.conf."""


@answers("SecurityEventNotification", SecurityEventNotificationRequest)
def answer_security_event_notification(
    request: SecurityEventNotificationRequest, exchange: Exchange
) -> SecurityEventNotificationResponse:
    """Keep it in the history; an event must not hide behind a wrong clock."""
    occurred_at = exchange.believed(request.timestamp, for_at_most=_OLDEST_BELIEVED)
    exchange.record(EventKind.SECURITY, request.write(), occurred_at)
    return SecurityEventNotificationResponse()
