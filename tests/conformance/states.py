"""The reusable states of the certification cases: steps that many of them begin with."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.station import Payload, Station, timestamp

VENDOR, MODEL = "Tool", "Tool 16"
CONNECTORS = 2
"""Of the simulated charge point."""
CONNECTOR = 1
"""The one that the cases use."""
METER_START_WH = 1000
METER_STOP_WH = 6500


@dataclass(frozen=True)
class Charging:
    """State Charging has been reached."""

    transaction_id: int
    started_at: datetime


async def send_status(station: Station, status: str, connector_id: int = CONNECTOR, error: str = "NoError") -> None:
    """StatusNotification, answered."""
    await station.call(
        "StatusNotification",
        {"connectorId": connector_id, "errorCode": error, "status": status, "timestamp": timestamp()},
    )


async def send_boot(station: Station) -> Payload:
    """BootNotification, accepted."""
    answer = await station.call("BootNotification", {"chargePointVendor": VENDOR, "chargePointModel": MODEL})
    assert answer["status"] == "Accepted"
    return answer


async def send_status_of_all(station: Station, status: str) -> None:
    """StatusNotification for the charge point and each connector."""
    for connector_id in range(CONNECTORS + 1):
        await send_status(station, status, connector_id)


async def reach_booted(station: Station) -> None:
    """State Booted."""
    await send_boot(station)
    await send_status_of_all(station, "Available")


async def send_authorize(station: Station, id_tag: str) -> str:
    """Authorize; returns the status."""
    answer = await station.call("Authorize", {"idTag": id_tag})
    status: str = answer["idTagInfo"]["status"]
    return status


async def reach_authorized(station: Station, id_tag: str) -> None:
    """State Authorized."""
    assert await send_authorize(station, id_tag) == "Accepted"


async def send_start(station: Station, id_tag: str, started_at: datetime, reservation_id: int | None = None) -> Payload:
    """StartTransaction; the answer carries a transaction id whatever it says about the tag."""
    reservation = {} if reservation_id is None else {"reservationId": reservation_id}
    answer = await station.call(
        "StartTransaction",
        {
            "connectorId": CONNECTOR,
            "idTag": id_tag,
            "meterStart": METER_START_WH,
            "timestamp": timestamp(started_at),
            **reservation,
        },
    )
    assert answer["transactionId"] > 0
    return answer


async def send_accepted_start(
    station: Station, id_tag: str, started_at: datetime, reservation_id: int | None = None
) -> int:
    """StartTransaction with a valid tag; returns the transaction id."""
    answer = await send_start(station, id_tag, started_at, reservation_id)
    assert answer["idTagInfo"]["status"] == "Accepted"
    transaction_id: int = answer["transactionId"]
    return transaction_id


async def reach_charging(
    station: Station, id_tag: str, started_at: datetime, reservation_id: int | None = None
) -> Charging:
    """State Charging."""
    await reach_authorized(station, id_tag)
    await send_status(station, "Preparing")
    transaction_id = await send_accepted_start(station, id_tag, started_at, reservation_id)
    await send_status(station, "Charging")
    return Charging(transaction_id, started_at)


async def send_stop(
    station: Station, transaction_id: int, reason: str, stopped_at: datetime, id_tag: str | None = None
) -> Payload:
    """StopTransaction, answered."""
    tag = {} if id_tag is None else {"idTag": id_tag}
    return await station.call(
        "StopTransaction",
        {
            "transactionId": transaction_id,
            "meterStop": METER_STOP_WH,
            "timestamp": timestamp(stopped_at),
            "reason": reason,
            **tag,
        },
    )


def an_hour_before(moment: datetime) -> datetime:
    """When an offline transaction began."""
    return moment - timedelta(hours=1)
