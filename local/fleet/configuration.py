"""The configuration keys of a simulated station (OCPP 1.6 §9)."""

from dataclasses import dataclass
from typing import Final

from local.fleet.day import ChargerModel

FEATURE_PROFILES: Final = "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
NUMBERS: Final = {
    "ClockAlignedDataInterval": 0,
    "ConnectionTimeOut": 120,
    "HeartbeatInterval": 300,
    "LightIntensity": 80,
    "MeterValueSampleInterval": 900,
    "MinimumStatusDuration": 0,
    "ResetRetries": 1,
    "TransactionMessageAttempts": 3,
    "TransactionMessageRetryInterval": 30,
    "WebSocketPingInterval": 0,
}
FLAGS: Final = {
    "AllowOfflineTxForUnknownId": True,
    "AuthorizationCacheEnabled": True,
    "AuthorizeRemoteTxRequests": True,
    "LocalAuthListEnabled": True,
    "LocalAuthorizeOffline": True,
    "LocalPreAuthorize": False,
    "StopTransactionOnEVSideDisconnect": True,
    "StopTransactionOnInvalidId": True,
    "UnlockConnectorOnEVSideDisconnect": True,
}
MEASURANDS: Final = {
    "MeterValuesAlignedData": "",
    "MeterValuesSampledData": "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC",
    "StopTxnAlignedData": "",
    "StopTxnSampledData": "Energy.Active.Import.Register",
}
KNOWN_MEASURANDS: Final = frozenset(
    ("Energy.Active.Import.Register", "Power.Active.Import", "Power.Offered", "Current.Import", "Voltage", "SoC")
)
FIXED: Final = {
    "ChargeProfileMaxStackLevel": "10",
    "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
    "ChargingScheduleMaxPeriods": "24",
    "GetConfigurationMaxKeys": "50",
    "LocalAuthListMaxLength": "500",
    "MaxChargingProfilesInstalled": "20",
    "MeterValuesSampledDataMaxLength": "6",
    "ReserveConnectorZeroSupported": "true",
    "SendLocalListMaxLength": "100",
    "SupportedFeatureProfiles": FEATURE_PROFILES,
}


@dataclass
class Entry:
    """Value of one key."""

    value: str
    readonly: bool = False


class Configuration:
    """What GetConfiguration reads and ChangeConfiguration writes."""

    def __init__(self, model: ChargerModel) -> None:
        rotation = ",".join(f"{n}.RST" for n in range(model.connectors + 1))
        self._entries = {
            **{key: Entry(str(number)) for key, number in NUMBERS.items()},
            **{key: Entry(str(flag).lower()) for key, flag in FLAGS.items()},
            **{key: Entry(value) for key, value in MEASURANDS.items()},
            **{key: Entry(value, readonly=True) for key, value in FIXED.items()},
            "ConnectorPhaseRotation": Entry(rotation),
            "NumberOfConnectors": Entry(str(model.connectors), readonly=True),
        }

    def text(self, key: str) -> str:
        """Any key, as it is on the wire."""
        return self._entries[key].value

    def number(self, key: str) -> int:
        """A numeric key."""
        return int(self._entries[key].value)

    def flag(self, key: str) -> bool:
        """A true/false key."""
        return self._entries[key].value == "true"

    def measurands(self, key: str) -> list[str]:
        """A comma list of measurands."""
        return [name for name in self._entries[key].value.split(",") if name]

    def read(self, keys: list[str] | None) -> tuple[dict[str, Entry], list[str]]:
        """The entries asked for, all of them if none is named, and the names that do not exist."""
        asked = {key.lower() for key in keys or self._entries}  # a CiString: compared whatever its case
        known = {key: entry for key, entry in self._entries.items() if key.lower() in asked}
        return known, [key for key in keys or [] if self._name(key) is None]

    def write(self, key: str, value: str) -> str:
        """Set a key; returns the status for ChangeConfiguration.conf."""
        name = self._name(key)
        if name is None:
            return "NotSupported"
        entry = self._entries[name]
        if entry.readonly or not _fits(name, value):
            return "Rejected"
        entry.value = value.lower() if name in FLAGS else value
        return "Accepted"

    def _name(self, key: str) -> str | None:
        """The key as it is spelled here."""
        return next((name for name in self._entries if name.lower() == key.lower()), None)


def _fits(key: str, value: str) -> bool:
    if key in NUMBERS:
        return value.isdecimal()
    if key in FLAGS:
        return value.lower() in {"true", "false"}
    if key in MEASURANDS:
        return set(value.split(",")) - {""} <= KNOWN_MEASURANDS
    return True
