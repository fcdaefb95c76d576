"""BootNotification [S 4.2]: the station says what it is and learns whether it belongs to us."""

from csms.ocpp.primitives import Text20, Text25, Text50, Timestamp
from csms.store.history import EventKind
from csms.store.links import Registration
from csms.v16.exchange import Exchange
from csms.v16.payload import Payload
from csms.v16.registry import answers
from csms.v16.transfer_progress import complete_update


class BootNotificationRequest(Payload):
    """BootNotification.req [S 6.3]."""

    charge_point_vendor: Text20
    charge_point_model: Text20
    charge_point_serial_number: Text25 | None = None
    charge_box_serial_number: Text25 | None = None
    firmware_version: Text50 | None = None
    iccid: Text20 | None = None
    imsi: Text20 | None = None
    meter_type: Text25 | None = None
    meter_serial_number: Text25 | None = None


class BootNotificationResponse(Payload):
    """BootNotification.conf [S 6.4]. `interval` in s: of heartbeats, or until the next attempt."""

    status: Registration
    current_time: Timestamp
    interval: int


@answers("BootNotification", BootNotificationRequest)
def answer_boot_notification(request: BootNotificationRequest, exchange: Exchange) -> BootNotificationResponse:
    """Keep what the station says; a boot ends no transaction (TC_032_1)."""
    store, settings, now = exchange.store, exchange.settings, exchange.received_at
    link = exchange.link  # read for this very message
    store.charge_points.record_boot(exchange.charge_point_id, request.model_dump(), link.registration, now)
    exchange.record(EventKind.BOOT, request.write())
    _keep_pace(request, exchange)
    complete_update(exchange, request.firmware_version)
    is_accepted = link.registration is Registration.ACCEPTED
    return BootNotificationResponse(
        status=link.registration,
        current_time=now,
        interval=settings.heartbeat_interval_s if is_accepted else settings.boot_retry_interval_s,
    )


def _keep_pace(request: BootNotificationRequest, exchange: Exchange) -> None:
    """Copy to the link when a station of this model may be called: where calls are sent, nobody reads the model."""
    store, link = exchange.store, exchange.link
    vendor, model = request.charge_point_vendor, request.charge_point_model
    noted = store.charge_point_models.get(vendor, model, consistent=False)
    if (noted.call_settle_s, noted.call_gap_s) != (link.call_settle_s, link.call_gap_s):
        store.links.set_pace(exchange.charge_point_id, noted.call_settle_s, noted.call_gap_s)
