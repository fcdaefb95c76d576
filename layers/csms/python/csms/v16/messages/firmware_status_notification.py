"""FirmwareStatusNotification [S 4.5]: how a firmware update goes."""

from csms.store.history import EventKind
from csms.v16.exchange import Exchange
from csms.v16.payload import Payload
from csms.v16.registry import answers
from csms.v16.transfer_progress import attach_firmware_status
from csms.v16.types import FirmwareStatusText


class FirmwareStatusNotificationRequest(Payload):
    """FirmwareStatusNotification.req [S 6.25]."""

    status: FirmwareStatusText


class FirmwareStatusNotificationResponse(Payload):
    """FirmwareStatusNotification.conf [S 6.26]."""


@answers("FirmwareStatusNotification", FirmwareStatusNotificationRequest)
def answer_firmware_status_notification(
    request: FirmwareStatusNotificationRequest, exchange: Exchange
) -> FirmwareStatusNotificationResponse:
    """Keep it in the history, and with the update it must be about."""
    exchange.record(EventKind.FIRMWARE, request.write())
    attach_firmware_status(exchange, request.status)
    return FirmwareStatusNotificationResponse()
