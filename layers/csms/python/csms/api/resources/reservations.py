"""Reservations: those of today, and what became of earlier ones. They are made and cancelled by commands."""

from pydantic import Field

from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_key, decode_place, encode_key, encode_place
from csms.api.models import Moment, Page, PathIdentity, View
from csms.api.request import Current, CurrentRequest
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.store.reservations import Reservation, ReservationState

routes = Routes("Reservations")


class ReservationView(View):
    """A reservation that a charge point has accepted, or may have."""

    charge_point_id: str
    reservation_id: int
    connector_id: int = Field(description="0: any connector of the charge point.")
    id_tag: str
    parent_id_tag: str | None
    expiry_date: Moment
    state: ReservationState = Field(description="unknown: the charge point did not say whether it accepted.")
    reserved_at: Moment
    ended_at: Moment | None
    reason: str | None = Field(description="What ended it, where the state does not say.")
    transaction_id: int | None = Field(description="The transaction that used it.")
    command_id: str = Field(description="The ReserveNow that made it.")


@routes.get("/reservations", Scope.READ)
def list_reservations(
    current: Current, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[ReservationView]:
    """The reservations of all charge points that may still be held, in no particular order."""
    page = current.store.reservations.list_open(limit=limit, cursor=decode_place(cursor))
    views = [_view(current, reservation) for reservation in page.things if reservation.is_open(current.now)]
    return Page[ReservationView](items=views, cursor=encode_place(page.cursor))


@routes.get("/charge-points/<identity>/reservations", Scope.READ)
def list_reservations_of_charge_point(
    current: Current, identity: PathIdentity, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[ReservationView]:
    """Its reservations, with those that ended up to 90 days after they were due to, in no particular order."""
    charge_point_id = current.link(identity).charge_point_id
    page = current.store.reservations.of_charge_point(charge_point_id, limit=limit, after=decode_key(cursor))
    views = [_view(current, reservation) for reservation in page.reservations]
    return Page[ReservationView](items=views, cursor=encode_key(page.cursor))


def _view(current: CurrentRequest, reservation: Reservation) -> ReservationView:
    state = reservation.state_at(current.now)
    is_overdue = state is not reservation.state
    return ReservationView(
        charge_point_id=reservation.charge_point_id,
        reservation_id=reservation.id,
        connector_id=reservation.connector_id,
        id_tag=reservation.id_tag,
        parent_id_tag=reservation.parent_id_tag,
        expiry_date=reservation.expiry_date,
        state=state,
        reserved_at=reservation.reserved_at,
        ended_at=reservation.expiry_date if is_overdue else reservation.ended_at,
        reason=reservation.reason,
        transaction_id=reservation.transaction_id,
        command_id=reservation.call_id,
    )
