"""Reservation profile."""

from datetime import datetime

from ocpp.v16 import call_result
from ocpp.v16.enums import Action, CancelReservationStatus, ChargePointStatus, ReservationStatus

from local.fleet.answers.endpoint import Endpoint, answers
from local.fleet.connector import Connector, Reservation


class ReservationAnswers(Endpoint):
    """Handlers of the reservation profile."""

    @answers(Action.reserve_now)
    def on_reserve_now(
        self,
        connector_id: int,
        expiry_date: str,
        id_tag: str,
        reservation_id: int,
        **_parent: str,
    ) -> call_result.ReserveNow:
        """A reservation with a known id replaces that one; connector 0 needs one free connector."""
        refusal = self._refusal(connector_id, reservation_id)
        if refusal is not None:
            return call_result.ReserveNow(refusal)
        station = self.station
        reservation = Reservation(reservation_id, connector_id, id_tag, datetime.fromisoformat(expiry_date))
        station.reservations[reservation_id] = reservation

        async def reserve(_at: datetime) -> None:
            if connector_id and reservation_id in station.reservations:
                await station.set_status(station.connectors[connector_id], ChargePointStatus.reserved)

        async def expire(_at: datetime) -> None:
            if station.reservations.get(reservation_id) is reservation:
                await self._release(reservation)

        self.then(reserve)
        self.then(expire, reservation.expires_at - station.clock.now())
        return call_result.ReserveNow(ReservationStatus.accepted)

    @answers(Action.cancel_reservation)
    def on_cancel_reservation(self, reservation_id: int) -> call_result.CancelReservation:
        """Accepted when the reservation is held here."""
        reservation = self.station.reservations.get(reservation_id)
        if reservation is None:
            return call_result.CancelReservation(CancelReservationStatus.rejected)

        async def release(_at: datetime) -> None:
            await self._release(reservation)

        self.then(release)
        return call_result.CancelReservation(CancelReservationStatus.accepted)

    def _refusal(self, connector_id: int, reservation_id: int) -> ReservationStatus | None:
        """Why a connector cannot be reserved."""
        station = self.station
        if connector_id == 0:
            candidates = list(station.connectors.values())
        elif connector_id in station.connectors:
            candidates = [station.connectors[connector_id]]
        else:
            return ReservationStatus.rejected
        operative = [connector for connector in candidates if connector.operative]
        if not operative:
            return ReservationStatus.unavailable
        return None if any(self._free(one, reservation_id) for one in operative) else ReservationStatus.occupied

    def _free(self, connector: Connector, reservation_id: int) -> bool:
        held = self.station.reserved_for(connector.connector_id)
        ours = held is None or held.reservation_id == reservation_id
        return ours and connector.status in {ChargePointStatus.available, ChargePointStatus.reserved}

    async def _release(self, reservation: Reservation) -> None:
        station = self.station
        station.reservations.pop(reservation.reservation_id, None)
        connector = station.connectors.get(reservation.connector_id)
        if connector is not None and connector.status == ChargePointStatus.reserved:
            await station.set_status(connector, connector.idle_status())
