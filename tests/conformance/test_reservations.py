"""Reservation."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.conformance.command import Command
from tests.conformance.editions import Edition, in_every_edition
from tests.conformance.operator_client import Operator
from tests.conformance.states import CONNECTOR, reach_charging, send_status, send_stop
from tests.station import Payload, Station, timestamp

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
FOR_HOW_LONG = timedelta(minutes=10)
EXPIRED_WITHIN_S = 20


async def test_tc_046_csms(booted: Station, command: Command, identity: str, operator: Operator, id_tag: str) -> None:
    """Reservation of a Connector – Transaction."""
    reservation_id = await reserve(command, id_tag)
    await send_status(booted, "Reserved")
    charging = await reach_charging(booted, id_tag, datetime.now(UTC), reservation_id)
    assert operator.transaction(identity, charging.transaction_id)["reservationId"] == reservation_id
    assert operator.reservation(identity, reservation_id)["state"] == "used"


async def test_tc_047_csms(booted: Station, command: Command, identity: str, operator: Operator, id_tag: str) -> None:
    """Reservation of a Connector – Expire."""
    reservation_id = await reserve(command, id_tag, for_how_long=timedelta(seconds=3))
    await send_status(booted, "Reserved")
    await until(lambda: operator.reservation(identity, reservation_id)["state"] == "expired")
    await send_status(booted, "Available")


async def test_tc_048_1_csms(command: Command, id_tag: str) -> None:
    """Reservation of a Connector – Faulted."""
    await reserve(command, id_tag, "Faulted")


async def test_tc_048_2_csms(booted: Station, command: Command, id_tag: str) -> None:
    """Reservation of a Connector – Occupied."""
    await send_status(booted, "Preparing")
    await reserve(command, id_tag, "Occupied")


async def test_tc_048_3_csms(booted: Station, command: Command, id_tag: str) -> None:
    """Reservation of a Connector – Unavailable."""
    body = {"connectorId": CONNECTOR, "type": "Inoperative"}
    assert await command("ChangeAvailability", body, answer=ACCEPTED) == body
    await send_status(booted, "Unavailable")
    await reserve(command, id_tag, "Unavailable")


async def test_tc_048_4_csms(command: Command, id_tag: str) -> None:
    """Reservation of a Connector – Rejected."""
    await reserve(command, id_tag, "Rejected")


async def test_tc_049_csms(booted: Station, command: Command, id_tag: str) -> None:
    """Reservation of a Charge Point – Transaction."""
    await reserve(command, id_tag, connector_id=0)
    await send_status(booted, "Reserved")


async def test_tc_051_csms(booted: Station, command: Command, identity: str, operator: Operator, id_tag: str) -> None:
    """Cancel Reservation."""
    reservation_id = await reserve(command, id_tag)
    await send_status(booted, "Reserved")
    sent = await command("CancelReservation", {"reservationId": reservation_id}, answer=ACCEPTED)
    assert sent == {"reservationId": reservation_id}
    await send_status(booted, "Available")
    assert operator.reservation(identity, reservation_id)["state"] == "cancelled"


@in_every_edition
async def test_tc_052_csms(booted: Station, command: Command, id_tag: str, edition: Edition) -> None:
    """Cancel Reservation – Rejected."""
    reservation_id = await reserve(command, id_tag)
    await send_status(booted, "Reserved")
    is_other = edition is Edition.OLDEST  # an id that is not the reservation's
    cancelled = reservation_id ^ 1 if is_other else reservation_id
    sent = await command("CancelReservation", {"reservationId": cancelled}, answer=REJECTED, is_forced=is_other)
    assert (sent["reservationId"] != reservation_id) is is_other


@in_every_edition
async def test_tc_053_csms(booted: Station, command: Command, operator: Operator, edition: Edition) -> None:
    """Use a reserved Connector with parentIdTag."""
    parent = operator.create_id_tag()
    reserver, other = (operator.create_id_tag(parentIdTag=parent) for _ in range(2))
    reservation_id = await reserve(command, reserver, parent_id_tag=parent)
    await send_status(booted, "Reserved")
    if edition is Edition.NEWEST:
        await reach_charging(booted, other, datetime.now(UTC), reservation_id)
        return
    charging = await reach_charging(booted, reserver, datetime.now(UTC), reservation_id)
    answer = await booted.call("Authorize", {"idTag": other})
    assert answer["idTagInfo"]["status"] == "Accepted"
    assert answer["idTagInfo"]["parentIdTag"] == parent
    await send_stop(booted, charging.transaction_id, "Local", datetime.now(UTC), other)
    await send_status(booted, "Finishing")


async def reserve(
    command: Command,
    id_tag: str,
    status: str = "Accepted",
    *,
    connector_id: int = CONNECTOR,
    parent_id_tag: str | None = None,
    for_how_long: timedelta = FOR_HOW_LONG,
) -> int:
    """ReserveNow, its id and the tag's parent left to the Central System; returns the id that was sent."""
    expiry = timestamp(datetime.now(UTC) + for_how_long)
    body: Payload = {"connectorId": connector_id, "expiryDate": expiry, "idTag": id_tag}
    sent = await command("ReserveNow", body, answer={"status": status})
    reservation_id: int = sent["reservationId"]
    parent = {} if parent_id_tag is None else {"parentIdTag": parent_id_tag}
    assert sent == {**body, **parent, "reservationId": reservation_id}
    return reservation_id


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what time alone brings about."""
    async with asyncio.timeout(EXPIRED_WITHIN_S):
        while not is_so():
            await asyncio.sleep(0.1)
