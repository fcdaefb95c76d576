"""A station that lives in real time: vehicles come and go, its connection is cut, it gets new firmware."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from ocpp.v16 import call, call_result
from ocpp.v16.enums import Action, ChargePointStatus, FirmwareStatus, Reason

from benchmarks.load.recorder import PhaseRecorder
from benchmarks.load.scenario import Scenario
from local.fleet.agenda import Deed
from local.fleet.answers.endpoint import answers
from local.fleet.charging_curve import Battery, Vehicle
from local.fleet.client import StationClient
from local.fleet.clock import DayClock
from local.fleet.day import plan_day
from local.fleet.life import Life
from local.fleet.plan import FleetPlan
from local.fleet.station import Station
from local.fleet.wire import Socket

NEW_FIRMWARE: Final = "3.0.0"
_VEHICLE: Final = Vehicle(capacity_wh=77_000, max_power_w=7_360, phases=1)
_CONNECTOR: Final = 1
_SOON: Final = timedelta(seconds=1)


@dataclass
class Told:
    """The StatusNotifications of one station."""

    confirmed: int = 0
    unanswered: int = 0
    """Whether they were stored, nobody can say."""
    status: dict[int, str] = field(default_factory=dict)
    """The last confirmed of each connector."""


class LoadStation(Station):
    """Keeps count of what is not kept in its outbox."""

    def __init__(
        self, index: int, plan: FleetPlan, clock: DayClock, recorder: PhaseRecorder, gate: asyncio.Semaphore
    ) -> None:
        super().__init__(plan_day(plan, index), plan, clock, recorder, gate)
        self.id_tag = plan.id_tags[index]
        self.told = Told()

    async def say(self, payload: object) -> Any:
        """Send a message and return its answer; nothing if there is none."""
        was_online = self.online
        answer = await super().say(payload)
        if isinstance(payload, call.StatusNotification) and was_online:
            if answer is None:
                self.told.unanswered += 1
            else:
                self.told.confirmed += 1
                self.told.status[payload.connector_id] = str(payload.status)
        return answer


class _Client(StationClient):
    life: "LoadLife"

    @answers(Action.update_firmware)
    def on_update_firmware(
        self, retrieve_date: str, location: str = "", **_download: Any
    ) -> call_result.UpdateFirmware:
        """Downloads when it gets round to it: not everybody at once."""
        del retrieve_date  # it is now
        life = self.life
        self.then(life.updating(location), timedelta(seconds=life.station.rng.uniform(0, life.scenario.update_s)))
        return call_result.UpdateFirmware()


class LoadLife(Life):
    """Lives until told to end."""

    station: LoadStation

    def __init__(
        self, station: LoadStation, scenario: Scenario, recorder: PhaseRecorder, web: httpx.AsyncClient
    ) -> None:
        super().__init__(station, response_timeout_s=60)
        self.scenario = scenario
        self.is_updated = False
        self.images: Counter[bytes] = Counter()
        """What was downloaded."""
        self.times_cut = 0
        self._recorder = recorder
        self._web = web
        self._is_closed = False
        station.configuration.write("MeterValueSampleInterval", str(scenario.sample_s))

    @property
    def is_settled(self) -> bool:
        """Online, and everything that had to be said was said."""
        return self.station.online and not self.station.outbox and self.station.agenda.is_done

    async def live_from(self, boots_s: float) -> None:
        """From the first boot, a while after now, until `end`."""
        station, rng = self.station, self.station.rng
        boots_at = self._now + timedelta(seconds=boots_s)
        station.agenda.put(boots_at, self.boot)
        if rng.random() < self.scenario.charging_stations:
            first_s = rng.uniform(0, sum(self.scenario.pause_s) / 2)
            station.agenda.put(boots_at + timedelta(seconds=first_s), self._come)
        await self.follow_agenda()

    def close(self) -> None:
        """Midnight: no vehicle comes any more, and those that are here leave."""
        self._is_closed = True
        for connector in self.station.connectors.values():
            if connector.charging:
                after = timedelta(seconds=self.station.rng.uniform(0, self.scenario.midnight_s))
                self.station.agenda.put(self._now + after, self.station.stopping(connector.charging, Reason.local))

    def lost(self) -> None:
        """Come back after a random while, and boot: for all a station knows, everything was lost."""
        station = self.station
        station.registered = False
        self.times_cut += 1
        after_s = station.rng.uniform(0, self.scenario.back_off_s)
        station.agenda.put(self._now + timedelta(seconds=after_s), self.boot)

    def endpoint(self, socket: Socket) -> StationClient:
        """What answers on a new connection."""
        return _Client(self, socket, self.response_timeout_s)

    def updating(self, location: str) -> Deed:
        """Download an image, install it, boot: a deed for the agenda."""

        async def deed(_at: datetime) -> None:
            station = self.station
            await self._say(FirmwareStatus.downloading)
            self.images[await self._download(location)] += 1
            await self._say(FirmwareStatus.downloaded)
            await self._say(FirmwareStatus.installing)
            await station.network.drop(silently=False)
            station.registered, station.firmware_version = False, NEW_FIRMWARE
            station.agenda.put(self._now + timedelta(seconds=self.scenario.reboot_s), self.boot)
            station.agenda.put(self._now + timedelta(seconds=self.scenario.reboot_s), self._installed)

        return deed

    @property
    def _now(self) -> datetime:
        return self.station.clock.now()

    async def _come(self, at: datetime) -> None:
        """A vehicle comes, and later the next one."""
        station, rng = self.station, self.station.rng
        leaves_at = at + timedelta(seconds=rng.uniform(*self.scenario.stay_s))
        if self._is_closed:
            return
        station.agenda.put(leaves_at + timedelta(seconds=rng.uniform(*self.scenario.pause_s)), self._come)
        connector = station.connectors[_CONNECTOR]
        if connector.charging:
            return
        await station.set_status(connector, ChargePointStatus.preparing)
        if not await station.authorize(station.id_tag):
            return
        battery = Battery(_VEHICLE, rng.uniform(0.1, 0.5))
        charging = station.new_charging(connector, station.id_tag, battery, self._now, leaves_at)
        await self.charge(charging)
        if self._is_closed:
            station.agenda.put(self._now, station.stopping(charging, Reason.local))

    async def _installed(self, _at: datetime) -> None:
        if not self.station.online:
            self.station.agenda.put(self._now + _SOON, self._installed)
            return
        await self._say(FirmwareStatus.installed)
        self.is_updated = True

    async def _say(self, status: FirmwareStatus) -> None:
        await self.station.say(call.FirmwareStatusNotification(status))

    async def _download(self, location: str) -> bytes:
        began = time.perf_counter()
        try:
            answer = (await self._web.get(location)).raise_for_status()
        except httpx.HTTPError as failure:
            self._recorder.errors[f"download failed: {type(failure).__name__}"] += 1
            return b""
        self._recorder.downloaded((time.perf_counter() - began) * 1000)
        return answer.content
