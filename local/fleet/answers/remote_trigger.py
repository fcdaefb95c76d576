"""Remote trigger profile."""

from datetime import datetime

from ocpp.v16 import call, call_result
from ocpp.v16.enums import Action, DiagnosticsStatus, FirmwareStatus, MessageTrigger, TriggerMessageStatus

from local.fleet.answers.endpoint import Endpoint, answers
from local.fleet.meter import meter_value


class RemoteTriggerAnswers(Endpoint):
    """Handler of the remote trigger profile."""

    @answers(Action.trigger_message)
    def on_trigger_message(
        self, requested_message: MessageTrigger, connector_id: int | None = None
    ) -> call_result.TriggerMessage:
        """The message follows the answer."""
        if connector_id and connector_id not in self.station.connectors:
            return call_result.TriggerMessage(TriggerMessageStatus.rejected)

        async def send(at: datetime) -> None:
            await self._send_triggered(requested_message, connector_id, at)

        self.then(send)
        return call_result.TriggerMessage(TriggerMessageStatus.accepted)

    async def _send_triggered(self, message: MessageTrigger, connector_id: int | None, at: datetime) -> None:
        station = self.station
        connectors = [connector_id] if connector_id is not None else list(station.connectors)
        match message:
            case MessageTrigger.boot_notification:
                await self.life.boot(at)
            case MessageTrigger.heartbeat:
                await station.say(call.Heartbeat())
            case MessageTrigger.diagnostics_status_notification:
                await station.say(call.DiagnosticsStatusNotification(DiagnosticsStatus.idle))
            case MessageTrigger.firmware_status_notification:
                await station.say(call.FirmwareStatusNotification(FirmwareStatus.idle))
            case MessageTrigger.status_notification:
                for n in connectors:
                    await station.report_status(n)
            case MessageTrigger.meter_values:
                for n in connectors:
                    await self._send_meter_values(n, at)

    async def _send_meter_values(self, connector_id: int, at: datetime) -> None:
        station = self.station
        connector = station.connectors.get(connector_id)
        if connector is None:
            return
        if connector.charging:
            await station.sample(connector.charging, at, "Trigger")
            return
        measurands = station.configuration.measurands("MeterValuesSampledData")
        values = meter_value(at, connector.reading(), measurands, "Trigger")
        await station.say(call.MeterValues(connector_id, [values]))
