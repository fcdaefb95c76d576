"""Firmware management profile. Nothing is transferred: only the notifications of a transfer are sent."""

from datetime import datetime, timedelta
from typing import Any, Final

from ocpp.v16 import call, call_result
from ocpp.v16.enums import Action, DiagnosticsStatus, FirmwareStatus

from local.fleet.agenda import Deed
from local.fleet.answers.endpoint import Endpoint, answers

STEP: Final = timedelta(seconds=30)


class FirmwareAnswers(Endpoint):
    """Handlers of the firmware management profile."""

    @answers(Action.get_diagnostics)
    def on_get_diagnostics(self, **_upload: Any) -> call_result.GetDiagnostics:
        """Names a file and reports its upload."""
        self.then(self._saying(call.DiagnosticsStatusNotification(DiagnosticsStatus.uploading)), STEP)
        self.then(self._saying(call.DiagnosticsStatusNotification(DiagnosticsStatus.uploaded)), 2 * STEP)
        return call_result.GetDiagnostics(file_name=f"{self.station.day.identity}.log")

    @answers(Action.update_firmware)
    def on_update_firmware(self, retrieve_date: str, **_download: Any) -> call_result.UpdateFirmware:
        """Downloads when asked to, installs, boots."""
        wait = max(timedelta(0), datetime.fromisoformat(retrieve_date) - self.station.clock.now())
        for steps, status in enumerate(
            (FirmwareStatus.downloading, FirmwareStatus.downloaded, FirmwareStatus.installing), start=1
        ):
            self.then(self._saying(call.FirmwareStatusNotification(status)), wait + steps * STEP)
        self.then(self.life.reboot, wait + 4 * STEP)
        self.then(self._saying(call.FirmwareStatusNotification(FirmwareStatus.installed)), wait + 6 * STEP)
        return call_result.UpdateFirmware()

    def _saying(self, payload: object) -> Deed:
        async def deed(_at: datetime) -> None:
            await self.station.say(payload)

        return deed
