"""A simulated station: its state, and the things it can do. What it does when is `life.py`'s matter."""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any, Final

from ocpp.v16 import call, call_result
from ocpp.v16.enums import AuthorizationStatus, ChargePointErrorCode, ChargePointStatus, Reason, RegistrationStatus

from local.fleet.agenda import Agenda, Deed
from local.fleet.charging_curve import Battery
from local.fleet.charging_profiles import InstalledProfiles
from local.fleet.clock import DayClock
from local.fleet.configuration import Configuration
from local.fleet.connector import Charging, Connector, Reservation
from local.fleet.day import StationDay
from local.fleet.meter import meter_value, timestamp
from local.fleet.network import Network, UnansweredError
from local.fleet.outbox import UNKNOWN_TRANSACTION, Message, Outbox
from local.fleet.plan import FleetPlan
from local.fleet.report import Recorder, SentTransaction

UNPLUGGED_AFTER: Final = timedelta(seconds=40)
FIRMWARE: Final = "2.4.1"


class Station:
    """Everything that a station keeps while connections come and go."""

    def __init__(
        self, day: StationDay, plan: FleetPlan, clock: DayClock, recorder: Recorder, gate: asyncio.Semaphore
    ) -> None:
        self.day = day
        self.clock = clock
        self.recorder = recorder
        self.rng = random.Random(f"{plan.seed}/{day.identity}")  # noqa: S311
        self.agenda = Agenda(clock)
        self.configuration = Configuration(day.model)
        self.profiles = InstalledProfiles()
        self.local_list_version = 0
        self.local_list: dict[str, dict[str, Any] | None] = {}
        self.reservations: dict[int, Reservation] = {}
        self.operative = True
        self.firmware_version = FIRMWARE
        self.registered = False
        self.network = Network(day.identity, plan, recorder, gate)
        self.outbox = Outbox(self.network, lambda: self.online, clock, self.configuration, recorder)
        model = day.model
        self.connectors = {
            n: Connector(n, meter_wh, model.max_power_w, model.phases, model.dc)
            for n, meter_wh in enumerate(day.meter_start_wh, start=1)
        }

    @property
    def online(self) -> bool:
        """Connected and accepted: before, a station keeps quiet and works as if it had no network (§4.2)."""
        return self.network.online and self.registered

    # Messages outside transactions: worth nothing later, so they are not kept while offline.

    async def say(self, payload: object) -> Any:
        """Send a message and return its answer; nothing if there is none."""
        return await self._ask(payload) if self.online else None

    async def register(self, payload: call.BootNotification) -> call_result.BootNotification | None:
        """Send the message that comes before all others."""
        answer: call_result.BootNotification | None = await self._ask(payload)
        self.registered = answer is not None and answer.status == RegistrationStatus.accepted
        return answer

    async def _ask(self, payload: object) -> Any:
        try:
            return await self.network.ask(payload)
        except UnansweredError:
            return None

    async def set_status(self, connector: Connector, status: ChargePointStatus) -> None:
        """Change a connector's status and report it."""
        if status != connector.status:
            connector.status = status
            await self.report_status(connector.connector_id)

    async def report_status(self, connector_id: int) -> None:
        """Send the current status of a connector, or of the station as connector 0.

        Without a timestamp: it is true at the moment it arrives, and station time runs fast.
        """
        if connector_id == 0:
            status = ChargePointStatus.available if self.operative else ChargePointStatus.unavailable
        else:
            status = self.connectors[connector_id].status
        await self.say(call.StatusNotification(connector_id, ChargePointErrorCode.no_error, status))

    async def authorize(self, id_tag: str) -> bool:
        """Ask for a tag; decided by the station itself while offline."""
        if not self.online:
            return self.configuration.flag("LocalAuthorizeOffline")
        answer: call_result.Authorize | None = await self.say(call.Authorize(id_tag))
        return answer is not None and _accepted(answer.id_tag_info)

    # Transactions

    async def start(self, charging: Charging) -> None:
        """Begin a transaction, confirmed now or when the network is back."""
        connector = self.connectors[charging.connector_id]
        connector.charging, connector.metered_to = charging, charging.started_at
        connector.limit_w = self.limit_w(connector, charging.started_at)
        self.recorder.charging += 1

        async def confirmed(answer: call_result.StartTransaction) -> None:
            charging.transaction_id = answer.transaction_id
            if not _accepted(answer.id_tag_info) and self.configuration.flag("StopTransactionOnInvalidId"):
                self.agenda.put(self.agenda.reached, self.stopping(charging, Reason.de_authorized))

        payload = call.StartTransaction(
            connector_id=charging.connector_id,
            id_tag=charging.id_tag,
            meter_start=charging.meter_start_wh,
            timestamp=timestamp(charging.started_at),
            reservation_id=charging.reservation_id,
        )
        self.outbox.put(Message(lambda: payload, confirmed))
        await self.outbox.drain()
        await self.set_status(connector, connector.charging_status())

    async def sample(self, charging: Charging, at: datetime, context: str = "Sample.Periodic") -> None:
        """Send the meter values that are configured."""
        connector = self.connectors[charging.connector_id]
        self.meter(connector, at)
        values = meter_value(at, connector.reading(), self.configuration.measurands("MeterValuesSampledData"), context)
        if not values["sampled_value"]:
            return

        async def confirmed(_answer: call_result.MeterValues) -> None:
            charging.meter_values += 1

        self.outbox.put(
            Message(lambda: call.MeterValues(charging.connector_id, [values], charging.transaction_id), confirmed)
        )
        await self.outbox.drain()
        await self.set_status(connector, connector.charging_status())

    async def stop(self, charging: Charging, reason: Reason, at: datetime) -> None:
        """End a transaction, once."""
        connector = self.connectors[charging.connector_id]
        if connector.charging is not charging:
            return
        self.meter(connector, at)
        reading = connector.reading()
        connector.charging = None
        self.profiles.end_transaction(connector.connector_id)
        self.recorder.charging -= 1
        measurands = self.configuration.measurands("StopTxnSampledData")
        data = [meter_value(at, reading, measurands, "Transaction.End")] if measurands else None

        def build() -> call.StopTransaction:
            return call.StopTransaction(
                meter_stop=reading.meter_wh,
                timestamp=timestamp(at),
                transaction_id=_transaction_id(charging),
                reason=reason,
                id_tag=charging.id_tag if reason == Reason.local else None,
                transaction_data=data,
            )

        async def confirmed(_answer: call_result.StopTransaction) -> None:
            self.recorder.transactions.append(self._sent(charging, at, reading.meter_wh))

        self.outbox.put(Message(build, confirmed))
        await self.set_status(connector, ChargePointStatus.finishing)
        await self.outbox.drain()
        self.agenda.put(at + UNPLUGGED_AFTER, self.unplugging(connector))

    def stopping(self, charging: Charging, reason: Reason) -> Deed:
        """`stop` as a deed for the agenda."""

        async def deed(at: datetime) -> None:
            await self.stop(charging, reason, at)

        return deed

    def unplugging(self, connector: Connector) -> Deed:
        """The car leaves: a deed for the agenda."""

        async def deed(_at: datetime) -> None:
            if connector.charging is None:
                await self.set_status(connector, connector.idle_status())

        return deed

    # Energy

    def limit_w(self, connector: Connector, at: datetime) -> float:
        """What the connector may give now."""
        since = connector.charging.started_at if connector.charging else None
        limit_w = self.profiles.limit_w(connector.connector_id, at, since)
        return connector.hardware_w if limit_w is None else min(limit_w, connector.hardware_w)

    def meter(self, connector: Connector, at: datetime) -> None:
        """Bring a connector's register up to a moment and look up the limit from there on."""
        connector.draw(at)
        connector.limit_w = self.limit_w(connector, at)

    def charging_of(self, transaction_id: int) -> Charging | None:
        """The running transaction with this id."""
        running = (connector.charging for connector in self.connectors.values())
        return next((one for one in running if one and one.transaction_id == transaction_id), None)

    def new_charging(
        self, connector: Connector, id_tag: str, battery: Battery, at: datetime, leaves_at: datetime
    ) -> Charging:
        """A transaction that is about to start, with its reservation if there is one."""
        reservation = self.take_reservation(connector.connector_id, id_tag)
        return Charging(
            connector_id=connector.connector_id,
            id_tag=id_tag,
            battery=battery,
            started_at=at,
            leaves_at=leaves_at,
            meter_start_wh=round(connector.meter_wh),
            offline=not self.online,
            reservation_id=reservation.reservation_id if reservation else None,
        )

    def reserved_for(self, connector_id: int) -> Reservation | None:
        """The reservation that holds on a connector."""
        held = (one for one in self.reservations.values() if one.connector_id in {0, connector_id})
        return next(held, None)

    def take_reservation(self, connector_id: int, id_tag: str) -> Reservation | None:
        """Use up the reservation of a tag on a connector."""
        reservation = self.reserved_for(connector_id)
        if reservation is None or reservation.id_tag != id_tag:
            return None
        return self.reservations.pop(reservation.reservation_id)

    def _sent(self, charging: Charging, stopped_at: datetime, meter_stop_wh: int) -> SentTransaction:
        return SentTransaction(
            charge_point=self.day.identity,
            connector_id=charging.connector_id,
            transaction_id=_transaction_id(charging),
            id_tag=charging.id_tag,
            start=charging.started_at,
            stop=stopped_at,
            meter_start_wh=charging.meter_start_wh,
            meter_stop_wh=meter_stop_wh,
            meter_values=charging.meter_values,
            offline=charging.offline,
        )


def _transaction_id(charging: Charging) -> int:
    return UNKNOWN_TRANSACTION if charging.transaction_id is None else charging.transaction_id


def _accepted(id_tag_info: Any) -> bool:
    """The `ocpp` package hands over nested payloads as plain dictionaries."""
    return bool(id_tag_info["status"] == AuthorizationStatus.accepted)
