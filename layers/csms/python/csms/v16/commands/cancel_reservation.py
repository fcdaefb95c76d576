"""CancelReservation [S 5.1]: give a reservation up. By force any id may be sent, also one that is not ours."""

from typing import Literal

from csms.calls import CallRefused
from csms.ids import ReservationId
from csms.store.calls import CallState
from csms.store.reservations import Ending, ReservationState
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Settled, Situation
from csms.v16.types import Integer32


class CancelReservationRequest(CommandRequest):
    """CancelReservation.req [S 6.5]."""

    reservation_id: Integer32


class CancelReservationResponse(CommandResponse):
    """CancelReservation.conf [S 6.6]: Accepted, or Rejected for an id that the station does not hold."""

    status: Literal["Accepted", "Rejected"]


CANCEL_RESERVATION = Operation("CancelReservation", CancelReservationRequest, CancelReservationResponse)


@CANCEL_RESERVATION.checks
def check(request: CancelReservationRequest, situation: Situation) -> None:
    """A reservation of ours that nothing has ended."""
    number = ReservationId(request.reservation_id)
    found = situation.store.reservations.get(situation.charge_point_id, number)
    if found is None:
        raise CallRefused(f"reservationId {number}: the charge point has no such reservation")
    if not found.is_open(situation.now):
        raise CallRefused(f"reservationId {number}: the reservation is {found.state_at(situation.now)}")


@CANCEL_RESERVATION.applies
def end_reservation(
    request: CancelReservationRequest,
    response: CancelReservationResponse | None,  # noqa: ARG001
    settled: Settled,
) -> None:
    """Accepted: it is cancelled. Rejected: the station does not hold it, so it is over all the same [S 5.1]."""
    call = settled.call
    found = settled.store.reservations.get(call.charge_point_id, ReservationId(request.reservation_id))
    if found is None or (call.sent_at and found.reserved_at > call.sent_at):  # a new one of the same id
        return
    at = call.ended_at or settled.now
    if settled.is_accepted:
        settled.store.reservations.end(found, Ending(ReservationState.CANCELLED, at))
    elif call.state is CallState.REJECTED:
        settled.store.reservations.give_up(found, at, "unknown to the charge point")
