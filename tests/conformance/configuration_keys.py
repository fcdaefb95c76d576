"""The configuration that the simulated charge point reports: every required key of the profiles it has [S 9]."""

from tests.conformance.states import CONNECTORS

WRITABLE = {
    "AuthorizeRemoteTxRequests": "true",
    "ClockAlignedDataInterval": "0",
    "ConnectionTimeOut": "60",
    "ConnectorPhaseRotation": "NotApplicable",
    "HeartbeatInterval": "300",
    "LocalAuthListEnabled": "true",
    "LocalAuthorizeOffline": "true",
    "LocalPreAuthorize": "false",
    "MeterValuesAlignedData": "Energy.Active.Import.Register",
    "MeterValuesSampledData": "Energy.Active.Import.Register",
    "MeterValueSampleInterval": "60",
    "ResetRetries": "3",
    "StopTransactionOnEVSideDisconnect": "true",
    "StopTransactionOnInvalidId": "true",
    "StopTxnAlignedData": "",
    "StopTxnSampledData": "",
    "TransactionMessageAttempts": "5",
    "TransactionMessageRetryInterval": "60",
    "UnlockConnectorOnEVSideDisconnect": "true",
}
READ_ONLY = {
    "ChargeProfileMaxStackLevel": "10",
    "ChargingScheduleAllowedChargingRateUnit": "Current,Power",
    "ChargingScheduleMaxPeriods": "10",
    "GetConfigurationMaxKeys": "50",
    "LocalAuthListMaxLength": "100",
    "MaxChargingProfilesInstalled": "10",
    "NumberOfConnectors": str(CONNECTORS),
    "SendLocalListMaxLength": "20",
    "SupportedFeatureProfiles": "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,"
    "RemoteTrigger",
}


def reported(*names: str) -> list[dict[str, str | bool]]:
    """The keys as GetConfiguration answers them; all if none is named."""
    values = WRITABLE | READ_ONLY
    return [{"key": key, "readonly": key in READ_ONLY, "value": values[key]} for key in names or sorted(values)]
