"""The OCPP endpoint of a simulated station: the `ocpp` package's client plus our answers to the Central System."""

from typing import TYPE_CHECKING

from ocpp.v16 import ChargePoint

from local.fleet.answers.core import CoreAnswers
from local.fleet.answers.firmware import FirmwareAnswers
from local.fleet.answers.local_list import LocalListAnswers
from local.fleet.answers.remote_trigger import RemoteTriggerAnswers
from local.fleet.answers.reservation import ReservationAnswers
from local.fleet.answers.smart_charging import SmartChargingAnswers
from local.fleet.wire import Socket

if TYPE_CHECKING:
    from local.fleet.life import Life


class StationClient(
    CoreAnswers,
    FirmwareAnswers,
    LocalListAnswers,
    RemoteTriggerAnswers,
    ReservationAnswers,
    SmartChargingAnswers,
    ChargePoint,
):
    """One connection of a station; a new one is made for every reconnect."""

    def __init__(self, life: "Life", socket: Socket, response_timeout_s: float) -> None:
        super().__init__(life.station.day.identity, socket, response_timeout=response_timeout_s)  # type: ignore[no-untyped-call]
        self.life = life
        self.consequences = []

    async def route_message(self, raw_msg: str) -> None:
        """Handle a frame; what follows from a CALL happens after its answer is on its way."""
        await super().route_message(raw_msg)  # type: ignore[no-untyped-call]
        self.let_follow()
