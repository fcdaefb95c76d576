"""A station that answers what commissioning asks of it, from a configuration of its own."""

from dataclasses import dataclass, field
from typing import Any

from tests.called_station import CalledStation

HEALTHY = {
    "HeartbeatInterval": "120",
    "StopTxnSampledData": "",
    "StopTxnAlignedData": "",
    "TransactionMessageAttempts": "5",
    "TransactionMessageRetryInterval": "60",
    "MeterValueSampleInterval": "60",
    "MeterValuesSampledData": "Energy.Active.Import.Register, SoC",
    "LocalPreAuthorize": "False",
    "LocalAuthorizeOffline": "true",
    "AllowOfflineTxForUnknownId": "false",
    "NumberOfConnectors": "2",
}
"""Nothing of it is to be changed."""


@dataclass
class ConfiguredStation:
    """Answers every call at once, as `says` has it, else by its configuration."""

    called: CalledStation
    values: dict[str, str] = field(default_factory=lambda: dict(HEALTHY))
    read_only: tuple[str, ...] = ("NumberOfConnectors",)
    says: dict[str, str] = field(default_factory=dict)
    """What it answers to the change of a key, Accepted unless it is here; a value is taken on with that only."""
    most_keys: int | None = None
    """It does not answer when asked for more, or for everything."""
    answered: int = 0

    def boot(self, **details: str) -> None:
        """Boot, and live until nothing more is asked of it."""
        payload = {"chargePointVendor": "Vendor", "chargePointModel": "Model"} | details
        assert self.called.result("BootNotification", payload)["status"] == "Accepted"
        self.live()

    def live(self) -> None:
        """Answer whatever comes, until nothing does any more."""
        quiet = 0
        while quiet < 10:
            self.called.wait(seconds=5)
            self.called.run_wakes()
            quiet = 0 if self._answer_all() else quiet + 1

    def was_set(self) -> dict[str, str]:
        """What was to be changed, in order."""
        return {frame[3]["key"]: frame[3]["value"] for frame in self.called.posted if frame[2] == "ChangeConfiguration"}

    def was_asked(self) -> list[dict[str, Any]]:
        """The payloads of GetConfiguration, in order."""
        return [frame[3] for frame in self.called.posted if frame[2] == "GetConfiguration"]

    def _answer_all(self) -> bool:
        has_answered = False
        while self.answered < len(self.called.posted):
            frame = self.called.posted[self.answered]
            self.answered += 1
            if frame[2] not in {"GetConfiguration", "ChangeConfiguration"}:
                continue  # a test of its own answers it
            self.called.wait(seconds=1)
            answer = self._read(frame[3]) if frame[2] == "GetConfiguration" else self._change(frame[3])
            if answer is not None:
                self.called.reply(answer, to=self.answered - 1)
            has_answered = True
        return has_answered

    def _read(self, payload: dict[str, Any]) -> dict[str, Any] | None:
        names = payload.get("key")
        if self.most_keys is not None and (not names or len(names) > self.most_keys):
            return None
        known = [name for name in names or self.values if name in self.values]
        return {
            "configurationKey": [
                {"key": name, "readonly": name in self.read_only, "value": self.values[name]} for name in known
            ],
            "unknownKey": [name for name in names or () if name not in self.values],
        }

    def _change(self, payload: dict[str, Any]) -> dict[str, Any]:
        status = self.says.get(payload["key"], "Accepted")
        if status == "Accepted":
            self.values[payload["key"]] = payload["value"]
        return {"status": status}
