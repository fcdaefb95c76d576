"""A station's day: boot, cars coming and going, an outage, and then the evening."""

from datetime import datetime, timedelta
from typing import Final

from ocpp.v16 import call
from ocpp.v16.enums import ChargePointStatus, FirmwareStatus, Reason

from local.fleet.agenda import Deed
from local.fleet.charging_curve import Battery
from local.fleet.client import StationClient
from local.fleet.connector import Charging, Connector
from local.fleet.day import Outage, Visit
from local.fleet.meter import timestamp
from local.fleet.station import Station
from local.fleet.wire import Socket

SETTLES_IN: Final = timedelta(seconds=10)
HEARTBEAT_AT_LEAST_EVERY: Final = timedelta(hours=1)
"""Of station time, so that a day in fast motion has heartbeats too."""
LONGEST_RETRY_S: Final = 30.0
FINISH_ATTEMPTS: Final = 5


class Life:
    """Lives one day with a station."""

    def __init__(self, station: Station, response_timeout_s: float) -> None:
        self.station = station
        self.response_timeout_s = response_timeout_s
        self._over = False
        self._offline_on_purpose = False
        self._failures = 0
        self._beating = False

    async def live(self) -> None:
        """From before the boot until everything is sent and the day is over."""
        station, day = self.station, self.station.day
        self._plan(day.boots_s, self.boot)
        for visit in day.visits:
            self._plan(visit.arrives_s, self._arriving(visit))
        if day.outage:
            self._plan(day.outage.from_s, self._losing_network(day.outage))
            self._plan(day.outage.until_s, self._network_back)
        if day.checks_firmware_s is not None:
            self._plan(day.checks_firmware_s, self._check_firmware)
        if day.sends_data_s is not None:
            self._plan(day.sends_data_s, self._send_data)
        station.agenda.put(station.clock.ends_at, self.end)
        await self.follow_agenda()

    async def follow_agenda(self) -> None:
        """Do what is on the agenda until `end`, then disconnect."""
        station = self.station
        while not self._over and (entry := await station.agenda.next()):
            await entry.deed(entry.at)
        await station.network.close()

    # Connecting

    async def boot(self, at: datetime) -> None:
        """Connect and register; again later if that fails."""
        station, model = self.station, self.station.day.model
        if not station.network.online and not await self._open():
            station.agenda.put(self._retry_at(), self.boot)
            return
        answer = await station.register(
            call.BootNotification(
                charge_point_model=model.name,
                charge_point_vendor=model.vendor,
                charge_point_serial_number=station.day.identity[-25:],
                firmware_version=station.firmware_version,
                meter_type="Simulated",
            )
        )
        if answer is None or not station.registered:
            self._failures += 1
            station.agenda.put(self._retry_at(), self.boot)
            return
        self._begin_heartbeats(at, answer.interval)
        for connector_id in range(model.connectors + 1):
            await station.report_status(connector_id)
        await station.say(call.SecurityEventNotification("StartupOfTheDevice", timestamp(at), None))
        await station.outbox.drain()

    async def reboot(self, at: datetime) -> None:
        """Drop the connection and boot again."""
        await self.station.network.drop(silently=False)
        self.station.registered = False
        self.station.agenda.put(at + SETTLES_IN, self.boot)

    async def _reconnect(self, _at: datetime) -> None:
        """Come back as stations do: no BootNotification, what was missed first."""
        station = self.station
        if station.network.online or self._offline_on_purpose or not station.registered:
            return
        if not await self._open():
            station.agenda.put(self._retry_at(), self._reconnect)
            return
        await station.outbox.drain()
        for connector_id in station.connectors:
            await station.report_status(connector_id)

    async def _open(self) -> bool:
        station = self.station

        opened = await station.network.open(self.endpoint, self.lost)
        self._failures = 0 if opened else self._failures + 1
        return opened

    def endpoint(self, socket: Socket) -> StationClient:
        """What answers on a new connection."""
        return StationClient(self, socket, self.response_timeout_s)

    def lost(self) -> None:
        """The connection has ended, and not by us."""
        station = self.station
        station.agenda.put(station.clock.now(), self._reconnect if station.registered else self.boot)

    def _retry_at(self) -> datetime:
        """Back-off in real seconds: the other side lives in real time."""
        real_s = min(LONGEST_RETRY_S, 0.5 * 2.0**self._failures) * self.station.rng.uniform(0.75, 1.25)
        return self.station.clock.now() + timedelta(seconds=real_s * self.station.clock.speed)

    def _losing_network(self, outage: Outage) -> Deed:
        async def deed(_at: datetime) -> None:
            self._offline_on_purpose = True
            await self.station.network.drop(silently=outage.silent)

        return deed

    async def _network_back(self, at: datetime) -> None:
        self._offline_on_purpose = False
        await self._reconnect(at)

    def _begin_heartbeats(self, at: datetime, interval_s: int) -> None:
        clock = self.station.clock
        wanted = timedelta(seconds=interval_s * clock.speed) if interval_s > 0 else HEARTBEAT_AT_LEAST_EVERY
        every = min(wanted, HEARTBEAT_AT_LEAST_EVERY)

        async def beat(at: datetime) -> None:
            await self.station.say(call.Heartbeat())
            self.station.agenda.put(at + every, beat)

        if not self._beating:
            self._beating = True
            self.station.agenda.put(at + every, beat)

    # Cars

    def _arriving(self, visit: Visit) -> Deed:
        async def deed(at: datetime) -> None:
            station = self.station
            connector = station.connectors[visit.connector_id]
            reservation = station.reserved_for(visit.connector_id)
            taken = reservation is not None and reservation.id_tag != visit.id_tag
            if connector.charging or not connector.operative or taken:
                return  # somebody steered the station meanwhile: the car drives on
            leaves_at = station.clock.begins_at + timedelta(seconds=visit.leaves_s)
            if visit.plugs_in_first:
                await station.set_status(connector, ChargePointStatus.preparing)
            if not await station.authorize(visit.id_tag):
                station.agenda.put(at + SETTLES_IN, station.unplugging(connector))
                return
            await station.set_status(connector, ChargePointStatus.preparing)
            charging = station.new_charging(
                connector, visit.id_tag, Battery(visit.vehicle, visit.soc), at + SETTLES_IN, leaves_at
            )
            charging.pulls_the_plug = visit.pulls_the_plug
            await self.charge(charging)

        return deed

    async def charge(self, charging: Charging) -> None:
        """Start a transaction and put the rest of it on the agenda."""
        await self.station.start(charging)
        self._next_sample(charging, charging.started_at)
        reason = Reason.ev_disconnected if charging.pulls_the_plug else Reason.local
        self.station.agenda.put(charging.leaves_at, self.station.stopping(charging, reason))

    def _next_sample(self, charging: Charging, at: datetime) -> None:
        station = self.station
        interval_s = station.configuration.number("MeterValueSampleInterval")
        due = at + timedelta(seconds=interval_s)

        async def sample(at: datetime) -> None:
            if station.connectors[charging.connector_id].charging is charging:
                await station.sample(charging, at)
                self._next_sample(charging, at)

        if interval_s > 0 and due < charging.leaves_at:
            station.agenda.put(due, sample)

    async def refresh(self, connector: Connector, at: datetime) -> None:
        """Apply changed limits to a running transaction."""
        self.station.meter(connector, at)
        if connector.charging:
            await self.station.set_status(connector, connector.charging_status())

    # Now and then

    async def _check_firmware(self, _at: datetime) -> None:
        await self.station.say(call.FirmwareStatusNotification(FirmwareStatus.idle))

    async def _send_data(self, _at: datetime) -> None:
        await self.station.say(
            call.DataTransfer(vendor_id=self.station.day.model.vendor, message_id="temperature", data="31.5")
        )

    # The end

    async def end(self, at: datetime) -> None:
        """Stop what an operator has started, and send what has not been sent yet."""
        station = self.station
        for connector in station.connectors.values():
            if connector.charging:
                await station.stop(connector.charging, Reason.local, at)
        for _ in range(FINISH_ATTEMPTS):
            await station.outbox.drain()
            if not station.outbox:
                break
            await self.boot(at)
            if not station.online:
                await station.clock.sleep((self._retry_at() - station.clock.now()).total_seconds())
        if station.outbox:
            station.recorder.errors["transaction message never sent"] += len(station.outbox)
        self._over = True

    def _plan(self, after_s: int, deed: Deed) -> None:
        self.station.agenda.put(self.station.clock.begins_at + timedelta(seconds=after_s), deed)
