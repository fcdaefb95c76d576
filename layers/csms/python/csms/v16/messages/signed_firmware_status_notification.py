"""SignedFirmwareStatusNotification [W3 5.22]: how a secure firmware update goes."""

from csms.ocpp.primitives import Integer, Text50
from csms.store.history import EventKind
from csms.v16.exchange import Exchange
from csms.v16.payload import Payload
from csms.v16.registry import answers


class SignedFirmwareStatusNotificationRequest(Payload):
    """SignedFirmwareStatusNotification.req; the request id is absent while idle."""

    status: Text50
    request_id: Integer | None = None


class SignedFirmwareStatusNotificationResponse(Payload):
    """SignedFirmwareStatusNotification.conf."""


@answers("SignedFirmwareStatusNotification", SignedFirmwareStatusNotificationRequest)
def answer_signed_firmware_status_notification(
    request: SignedFirmwareStatusNotificationRequest, exchange: Exchange
) -> SignedFirmwareStatusNotificationResponse:
    """Keep it in the history."""
    exchange.record(EventKind.FIRMWARE, request.write())
    return SignedFirmwareStatusNotificationResponse()
