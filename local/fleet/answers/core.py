"""Core profile: remote start and stop, reset, availability, configuration, unlocking, data transfer."""

from datetime import datetime, timedelta
from typing import Any, Final

from ocpp.v16 import call_result, datatypes
from ocpp.v16.enums import (
    Action,
    AvailabilityStatus,
    AvailabilityType,
    ChargePointStatus,
    ClearCacheStatus,
    ConfigurationStatus,
    DataTransferStatus,
    Reason,
    RemoteStartStopStatus,
    ResetStatus,
    ResetType,
    UnlockStatus,
)

from local.fleet.answers.endpoint import Endpoint, answers
from local.fleet.charging_curve import Battery, Vehicle
from local.fleet.charging_profiles import TX_PROFILE, parse_profile
from local.fleet.connector import Charging, Connector

REMOTE_VISIT: Final = timedelta(hours=2)
LAST_MINUTES: Final = timedelta(minutes=5)
VEHICLE: Final = Vehicle(capacity_wh=64_000, max_power_w=11_040, phases=3)


class CoreAnswers(Endpoint):
    """Handlers of the core profile."""

    @answers(Action.remote_start_transaction)
    def on_remote_start(
        self, id_tag: str, connector_id: int | None = None, charging_profile: dict[str, Any] | None = None
    ) -> call_result.RemoteStartTransaction:
        """Accepted when a connector is free for the tag."""
        connector = self._free_connector(connector_id, id_tag)
        bad_profile = charging_profile is not None and (
            charging_profile["charging_profile_purpose"] != TX_PROFILE or "transaction_id" in charging_profile
        )
        if connector is None or bad_profile:
            return call_result.RemoteStartTransaction(RemoteStartStopStatus.rejected)

        async def start(at: datetime) -> None:
            await self._start_remotely(connector, id_tag, charging_profile, at)

        self.then(start)
        return call_result.RemoteStartTransaction(RemoteStartStopStatus.accepted)

    @answers(Action.remote_stop_transaction)
    def on_remote_stop(self, transaction_id: int) -> call_result.RemoteStopTransaction:
        """Accepted when that transaction is running here."""
        charging = self.station.charging_of(transaction_id)
        if charging is None:
            return call_result.RemoteStopTransaction(RemoteStartStopStatus.rejected)
        self.then(self.station.stopping(charging, Reason.remote))
        return call_result.RemoteStopTransaction(RemoteStartStopStatus.accepted)

    @answers(Action.reset)
    def on_reset(self, type: ResetType) -> call_result.Reset:  # noqa: A002
        """Stops what is running, then boots again."""
        reason = Reason.hard_reset if type == ResetType.hard else Reason.soft_reset

        async def reset(at: datetime) -> None:
            for charging in self._running():
                await self.station.stop(charging, reason, at)
            await self.life.reboot(at)

        self.then(reset)
        return call_result.Reset(ResetStatus.accepted)

    @answers(Action.unlock_connector)
    def on_unlock(self, connector_id: int) -> call_result.UnlockConnector:
        """Stops a transaction on the connector; an unknown connector is not supported (errata 3.85)."""
        connector = self.station.connectors.get(connector_id)
        if connector is None:
            return call_result.UnlockConnector(UnlockStatus.not_supported)
        if connector.charging:
            self.then(self.station.stopping(connector.charging, Reason.unlock_command))
        return call_result.UnlockConnector(UnlockStatus.unlocked)

    @answers(Action.change_availability)
    def on_change_availability(
        self,
        connector_id: int,
        type: AvailabilityType,  # noqa: A002
    ) -> call_result.ChangeAvailability:
        """Connector 0 means all; a connector in use changes when its transaction has ended."""
        station = self.station
        if connector_id and connector_id not in station.connectors:
            return call_result.ChangeAvailability(AvailabilityStatus.rejected)
        affected = [one for one in station.connectors.values() if connector_id in {0, one.connector_id}]
        for connector in affected:
            connector.operative = type == AvailabilityType.operative
        if connector_id == 0:
            station.operative = type == AvailabilityType.operative

        async def report(_at: datetime) -> None:
            if connector_id == 0:
                await station.report_status(0)
            for connector in affected:
                if connector.charging is None:
                    await station.set_status(connector, connector.idle_status())

        self.then(report)
        busy = any(connector.charging for connector in affected)
        return call_result.ChangeAvailability(AvailabilityStatus.scheduled if busy else AvailabilityStatus.accepted)

    @answers(Action.get_configuration)
    def on_get_configuration(self, key: list[str] | None = None) -> call_result.GetConfiguration:
        """Every key, or those asked for."""
        known, unknown = self.station.configuration.read(key)
        entries = [datatypes.KeyValue(name, entry.readonly, entry.value) for name, entry in known.items()]
        return call_result.GetConfiguration(configuration_key=entries, unknown_key=unknown)

    @answers(Action.change_configuration)
    def on_change_configuration(self, key: str, value: str) -> call_result.ChangeConfiguration:
        """Writable keys take values of their kind."""
        return call_result.ChangeConfiguration(ConfigurationStatus(self.station.configuration.write(key, value)))

    @answers(Action.clear_cache)
    def on_clear_cache(self) -> call_result.ClearCache:
        """Nothing is cached."""
        return call_result.ClearCache(ClearCacheStatus.accepted)

    @answers(Action.data_transfer)
    def on_data_transfer(self, vendor_id: str, **_content: Any) -> call_result.DataTransfer:
        """Our own vendor id is known, none of its messages is."""
        known = vendor_id == self.station.day.model.vendor
        return call_result.DataTransfer(
            DataTransferStatus.unknown_message_id if known else DataTransferStatus.unknown_vendor_id
        )

    def _running(self) -> list[Charging]:
        return [connector.charging for connector in self.station.connectors.values() if connector.charging]

    def _free_connector(self, connector_id: int | None, id_tag: str) -> Connector | None:
        for connector in self.station.connectors.values():
            reservation = self.station.reserved_for(connector.connector_id)
            free = connector.operative and not connector.charging
            ours = reservation is None or reservation.id_tag == id_tag
            if free and ours and connector_id in {None, connector.connector_id}:
                return connector
        return None

    async def _start_remotely(
        self, connector: Connector, id_tag: str, profile: dict[str, Any] | None, at: datetime
    ) -> None:
        station = self.station
        if connector.charging:
            return
        if station.configuration.flag("AuthorizeRemoteTxRequests") and not await station.authorize(id_tag):
            return
        await station.set_status(connector, ChargePointStatus.preparing)
        leaves_at = max(at, min(at + REMOTE_VISIT, station.clock.ends_at - LAST_MINUTES))
        battery = Battery(VEHICLE, station.rng.uniform(0.1, 0.6))
        if profile is not None:
            station.profiles.install(parse_profile(connector.connector_id, profile))
        await self.life.charge(station.new_charging(connector, id_tag, battery, at, leaves_at))
