"""A charge point on the `ocpp` package that does what it is told: commanded.py <endpoint> <identity> <password>.

Like commanded.js: the package holds every request and every answer against its copy of the schemas; a line is printed
when it can be commanded; when its input ends, what it was told and what it did, as JSON.
"""

import asyncio
import base64
import hashlib
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from ocpp.v16 import ChargePoint, call, call_result, datatypes
from ocpp.v16.enums import (
    Action,
    AvailabilityStatus,
    AvailabilityType,
    CancelReservationStatus,
    ChargePointErrorCode,
    ChargePointStatus,
    ChargingProfileStatus,
    ChargingRateUnitType,
    ClearCacheStatus,
    ClearChargingProfileStatus,
    ConfigurationStatus,
    DataTransferStatus,
    DiagnosticsStatus,
    FirmwareStatus,
    GetCompositeScheduleStatus,
    MessageTrigger,
    Reason,
    RemoteStartStopStatus,
    ReservationStatus,
    ResetStatus,
    TriggerMessageStatus,
    UnlockStatus,
    UpdateStatus,
)
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from local.fleet.answers.endpoint import answers

Task = Callable[[], Awaitable[None]]
LOG: Final = b"what the charge point remembers\n" * 2000
VERSIONS: Final = ("1.0", "2.0")


def now() -> str:
    """This moment."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def sha256(content: bytes) -> str:
    """Of a file."""
    return hashlib.sha256(content).hexdigest()


class Memory:
    """What outlives a connection."""

    def __init__(self) -> None:
        self.configuration = {
            "HeartbeatInterval": ("300", False),
            "NumberOfConnectors": ("1", True),
            "AuthorizeRemoteTxRequests": ("false", False),
        }
        self.list_version = 0
        self.local_list: list[str] = []
        self.firmware_version = VERSIONS[0]
        self.told: list[str] = []
        self.did: dict[str, Any] = {}
        self.broken: list[str] = []
        self.work: asyncio.Queue[Task | None] = asyncio.Queue()
        """What follows an answer: one thing after the other, and never before the answer is out."""


class Commanded(ChargePoint):
    """One connection."""

    def __init__(self, identity: str, connection: ClientConnection, memory: Memory, reboot: Task) -> None:
        super().__init__(identity, connection, response_timeout=20)  # type: ignore[no-untyped-call]
        self.memory = memory
        self.reboot = reboot

    async def route_message(self, raw_msg: str) -> None:
        """Note what we are told."""
        kind, _, *rest = json.loads(raw_msg)
        if kind == 2:
            self.memory.told.append(rest[0])
        await super().route_message(raw_msg)  # type: ignore[no-untyped-call]

    async def says(self, payload: object) -> Any:
        """Send a CALL; its answer."""
        return await self.call(payload, suppress=False)  # type: ignore[no-untyped-call]

    async def boots(self) -> call_result.BootNotification:
        """Say who we are."""
        boot = call.BootNotification("commanded", "Python", firmware_version=self.memory.firmware_version)
        answer: call_result.BootNotification = await self.says(boot)
        return answer

    async def reports(self, connector_id: int, status: ChargePointStatus) -> None:
        """Say how a connector is."""
        report = call.StatusNotification(connector_id, ChargePointErrorCode.no_error, status, timestamp=now())
        await self.says(report)

    def then_reports(self, connector_id: int, *statuses: ChargePointStatus) -> None:
        """Say after the answer how a connector is."""

        async def report() -> None:
            for status in statuses:
                await self.reports(connector_id, status)

        self.memory.work.put_nowait(report)

    @answers(Action.cancel_reservation)
    def on_cancel_reservation(self, **_request: Any) -> call_result.CancelReservation:
        """Gives it up."""
        self.then_reports(1, ChargePointStatus.available)
        return call_result.CancelReservation(CancelReservationStatus.accepted)

    @answers(Action.change_availability)
    def on_change_availability(self, connector_id: int, **request: Any) -> call_result.ChangeAvailability:
        """Changes it at once."""
        is_operative = request["type"] == AvailabilityType.operative
        self.then_reports(connector_id, ChargePointStatus.available if is_operative else ChargePointStatus.unavailable)
        return call_result.ChangeAvailability(AvailabilityStatus.accepted)

    @answers(Action.change_configuration)
    def on_change_configuration(self, key: str, value: str) -> call_result.ChangeConfiguration:
        """Changes what can be changed."""
        if key not in self.memory.configuration:
            return call_result.ChangeConfiguration(ConfigurationStatus.not_supported)
        if self.memory.configuration[key][1]:
            return call_result.ChangeConfiguration(ConfigurationStatus.rejected)
        self.memory.configuration[key] = (value, False)
        return call_result.ChangeConfiguration(ConfigurationStatus.accepted)

    @answers(Action.clear_cache)
    def on_clear_cache(self) -> call_result.ClearCache:
        """There is none."""
        return call_result.ClearCache(ClearCacheStatus.accepted)

    @answers(Action.clear_charging_profile)
    def on_clear_charging_profile(self, **_request: Any) -> call_result.ClearChargingProfile:
        """Forgets it."""
        return call_result.ClearChargingProfile(ClearChargingProfileStatus.accepted)

    @answers(Action.data_transfer)
    def on_data_transfer(self, data: str, **_request: Any) -> call_result.DataTransfer:
        """Repeats it."""
        return call_result.DataTransfer(DataTransferStatus.accepted, data=f"{data}, too")

    @answers(Action.get_composite_schedule)
    def on_get_composite_schedule(self, connector_id: int, duration: int) -> call_result.GetCompositeSchedule:
        """The same limit all the time."""
        period = datatypes.ChargingSchedulePeriod(start_period=0, limit=16.0)
        schedule = datatypes.ChargingSchedule(ChargingRateUnitType.amps, [period], duration=duration)
        accepted = GetCompositeScheduleStatus.accepted
        return call_result.GetCompositeSchedule(accepted, connector_id, now(), vars(schedule))

    @answers(Action.get_configuration)
    def on_get_configuration(self, key: list[str] | None = None) -> call_result.GetConfiguration:
        """Everything, or what was asked for."""
        configuration = self.memory.configuration
        asked = key or list(configuration)
        known = [
            datatypes.KeyValue(name, configuration[name][1], configuration[name][0])
            for name in asked
            if name in configuration
        ]
        return call_result.GetConfiguration(known, [name for name in asked if name not in configuration])

    @answers(Action.get_diagnostics)
    def on_get_diagnostics(self, location: str) -> call_result.GetDiagnostics:
        """Uploads a log."""

        async def upload() -> None:
            await self.says(call.DiagnosticsStatusNotification(DiagnosticsStatus.uploading))
            async with httpx.AsyncClient(trust_env=False) as web:
                answer = await web.put(f"{location}diagnostics.log", content=LOG)
            self.memory.did["uploaded"] = {"status": answer.status_code, "sha256": sha256(LOG)}
            await self.says(call.DiagnosticsStatusNotification(DiagnosticsStatus.uploaded))

        self.memory.work.put_nowait(upload)
        return call_result.GetDiagnostics(file_name="diagnostics.log")

    @answers(Action.get_local_list_version)
    def on_get_local_list_version(self) -> call_result.GetLocalListVersion:
        """Of the list last sent."""
        return call_result.GetLocalListVersion(self.memory.list_version)

    @answers(Action.remote_start_transaction)
    def on_remote_start(self, id_tag: str, connector_id: int = 1) -> call_result.RemoteStartTransaction:
        """Starts to charge."""

        async def start() -> None:
            await self.reports(connector_id, ChargePointStatus.preparing)
            begin = call.StartTransaction(connector_id, id_tag, meter_start=100, timestamp=now())
            answer: call_result.StartTransaction = await self.says(begin)
            self.memory.did["start"] = {"idTagInfo": answer.id_tag_info, "transactionId": answer.transaction_id}
            await self.reports(connector_id, ChargePointStatus.charging)

        self.memory.work.put_nowait(start)
        return call_result.RemoteStartTransaction(RemoteStartStopStatus.accepted)

    @answers(Action.remote_stop_transaction)
    def on_remote_stop(self, transaction_id: int) -> call_result.RemoteStopTransaction:
        """Ends it."""

        async def stop() -> None:
            await self.says(call.StopTransaction(1100, now(), transaction_id, Reason.remote))

        self.memory.work.put_nowait(stop)
        self.then_reports(1, ChargePointStatus.finishing, ChargePointStatus.available)
        return call_result.RemoteStopTransaction(RemoteStartStopStatus.accepted)

    @answers(Action.reserve_now)
    def on_reserve_now(self, connector_id: int, **_request: Any) -> call_result.ReserveNow:
        """Keeps the connector."""
        self.then_reports(connector_id, ChargePointStatus.reserved)
        return call_result.ReserveNow(ReservationStatus.accepted)

    @answers(Action.reset)
    def on_reset(self, **_request: Any) -> call_result.Reset:
        """Comes back over another connection."""
        self.memory.work.put_nowait(self.reboot)
        return call_result.Reset(ResetStatus.accepted)

    @answers(Action.send_local_list)
    def on_send_local_list(
        self, list_version: int, local_authorization_list: list[dict[str, Any]], **_request: Any
    ) -> call_result.SendLocalList:
        """Keeps it."""
        self.memory.list_version = list_version
        self.memory.local_list = [entry["id_tag"] for entry in local_authorization_list]
        return call_result.SendLocalList(UpdateStatus.accepted)

    @answers(Action.set_charging_profile)
    def on_set_charging_profile(self, **_request: Any) -> call_result.SetChargingProfile:
        """Takes it."""
        return call_result.SetChargingProfile(ChargingProfileStatus.accepted)

    @answers(Action.trigger_message)
    def on_trigger_message(self, requested_message: str, connector_id: int = 0) -> call_result.TriggerMessage:
        """Says how a connector is, and nothing else."""
        if requested_message != MessageTrigger.status_notification:
            return call_result.TriggerMessage(TriggerMessageStatus.not_implemented)
        self.then_reports(connector_id, ChargePointStatus.available)
        return call_result.TriggerMessage(TriggerMessageStatus.accepted)

    @answers(Action.unlock_connector)
    def on_unlock_connector(self, **_request: Any) -> call_result.UnlockConnector:
        """Lets the cable go."""
        return call_result.UnlockConnector(UnlockStatus.unlocked)

    @answers(Action.update_firmware)
    def on_update_firmware(self, location: str, **_request: Any) -> call_result.UpdateFirmware:
        """Downloads and installs."""

        async def tell(*statuses: FirmwareStatus) -> None:
            for status in statuses:
                await self.says(call.FirmwareStatusNotification(status))

        async def update() -> None:
            await tell(FirmwareStatus.downloading)
            async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as web:
                answer = await web.get(location)
            self.memory.did["downloaded"] = {"status": answer.status_code, "sha256": sha256(answer.content)}
            await tell(FirmwareStatus.downloaded, FirmwareStatus.installing)
            self.memory.firmware_version = VERSIONS[1]
            await self.boots()
            await tell(FirmwareStatus.installed)

        self.memory.work.put_nowait(update)
        return call_result.UpdateFirmware()


class Life:
    """The charge point from its first connection to its last."""

    def __init__(self, endpoint: str, identity: str, password: str) -> None:
        self._url, self._identity = f"{endpoint}/{identity}", identity
        self._login = base64.b64encode(f"{identity}:{password}".encode()).decode()
        self.memory = Memory()

    async def connect(self) -> Commanded:
        """Open a connection; calls are answered from now on."""
        self._connection = await connect(
            self._url,
            subprotocols=[Subprotocol("ocpp1.6")],
            additional_headers={"Authorization": f"Basic {self._login}"},
        )
        station = Commanded(self._identity, self._connection, self.memory, self._reboot)
        self._listening = asyncio.create_task(station.start())  # type: ignore[no-untyped-call]
        return station

    async def close(self) -> None:
        """End the connection."""
        self._listening.cancel()
        await self._connection.close()

    async def work(self) -> None:
        """Do what follows the answers, until there is an end to it."""
        while task := await self.memory.work.get():
            await asyncio.sleep(0.02)
            try:
                await task()
            except Exception as error:  # noqa: BLE001  the test shows it
                self.memory.broken.append(repr(error))

    async def _reboot(self) -> None:
        await self.close()
        booted = await (await self.connect()).boots()
        self.memory.did["reboot"] = {"status": booted.status}


async def live(endpoint: str, identity: str, password: str) -> None:
    """Be commanded until the input ends."""
    life = Life(endpoint, identity, password)
    station, memory = await life.connect(), life.memory
    await station.boots()
    for connector_id in (0, 1):
        await station.reports(connector_id, ChargePointStatus.available)
    working = asyncio.create_task(life.work())
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    memory.work.put_nowait(None)
    await working
    await life.close()
    print(json.dumps({"told": memory.told, "did": memory.did, "localList": memory.local_list, "broken": memory.broken}))


if __name__ == "__main__":
    asyncio.run(live(*sys.argv[1:]))
