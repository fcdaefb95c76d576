"""ReserveNow [S 5.13]: keep a connector, or with 0 any one of them, for a tag or its group until a time.

It ends when a start uses it, when its time is up, when it is cancelled, and by a fault (`csms.reservations`). A
reservation with a known id replaces that one. Whether the connector is free is for the station to say.
"""

import os
from typing import Literal

from csms.calls import CallRefused
from csms.ids import ReservationId
from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import GivenTimestamp
from csms.reservations import reserve_connectors
from csms.store.reservations import Reservation, ReservationState
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Prepared, Settled, Situation
from csms.v16.rules import check_connector
from csms.v16.types import IdToken20, Integer32


class ReserveNowRequest(CommandRequest):
    """ReserveNow.req [S 6.41]."""

    connector_id: Integer32
    expiry_date: GivenTimestamp
    id_tag: IdToken20
    parent_id_tag: IdToken20 | None = None
    reservation_id: Integer32


class ReserveNowResponse(CommandResponse):
    """ReserveNow.conf [S 6.42]: Accepted, Faulted, Occupied, Rejected or Unavailable."""

    status: Literal["Accepted", "Faulted", "Occupied", "Rejected", "Unavailable"]


RESERVE_NOW = Operation("ReserveNow", ReserveNowRequest, ReserveNowResponse, fills=("reservationId", "parentIdTag"))


@RESERVE_NOW.prepares
def fill_in(body: JsonObject, situation: Situation) -> Prepared:
    """A reservation id of its own, and the tag's parent; `null` instead of a parent leaves it out."""
    payload = {name: value for name, value in body.items() if (name, value) != ("parentIdTag", None)}
    if "parentIdTag" not in body and isinstance(body.get("idTag"), str):
        tag = situation.store.id_tags.get(body["idTag"])
        if tag and tag.parent_id_tag:
            payload["parentIdTag"] = tag.parent_id_tag
    if "reservationId" not in body:
        payload["reservationId"] = _new_id(situation)
    return Prepared(payload)


@RESERVE_NOW.checks
def check(request: ReserveNowRequest, situation: Situation) -> None:
    """There must be such a connector, and time left."""
    check_connector(request.connector_id, situation)
    if request.connector_id == 0 and _refuses_connector_zero(situation):
        raise CallRefused("connectorId 0: ReserveConnectorZeroSupported is false [S 9.3.1]")
    if request.expiry_date <= situation.now:
        raise CallRefused(f"reservation {request.reservation_id}: the expiryDate has passed")


@RESERVE_NOW.applies
def keep_reservation(request: ReserveNowRequest, response: ReserveNowResponse | None, settled: Settled) -> None:  # noqa: ARG001
    """Keep what the station accepted, or may have accepted; a refusal leaves an earlier one of the id as it is."""
    if not (settled.is_accepted or settled.is_unclear):
        return
    call = settled.call
    reservation = Reservation(
        charge_point_id=call.charge_point_id,
        id=ReservationId(request.reservation_id),
        connector_id=request.connector_id,
        id_tag=request.id_tag,
        parent_id_tag=request.parent_id_tag,
        expiry_date=request.expiry_date,
        reserved_at=call.sent_at or call.created_at,
        call_id=call.id,
        state=ReservationState.ACCEPTED if settled.is_accepted else ReservationState.UNKNOWN,
    )
    settled.store.reservations.keep(reservation)
    reserve_connectors(settled.store, reservation)


def _new_id(situation: Situation) -> ReservationId:
    """Positive and not in use."""
    while True:
        number = ReservationId(int.from_bytes(os.urandom(4)) >> 1)
        if number and situation.store.reservations.get(situation.charge_point_id, number) is None:
            return number


def _refuses_connector_zero(situation: Situation) -> bool:
    key = "ReserveConnectorZeroSupported"
    known = situation.store.configuration.values(situation.charge_point_id, key)
    return known.get(key, "").casefold() == "false"
