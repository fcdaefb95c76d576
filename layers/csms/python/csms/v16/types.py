"""Enumerations and shared types of OCPP 1.6 [S 7], spelt as the standard spells them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from csms.authorization import AuthorizationStatus, IdTag
from csms.ocpp.primitives import Timestamp, any_spelling_of
from csms.v16.payload import Payload


class ChargePointStatus(StrEnum):
    """Status of a connector [S 7.7]."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EVSE = "SuspendedEVSE"
    SUSPENDED_EV = "SuspendedEV"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


class ChargePointErrorCode(StrEnum):
    """Error a connector reports [S 7.6]."""

    CONNECTOR_LOCK_FAILURE = "ConnectorLockFailure"
    EV_COMMUNICATION_ERROR = "EVCommunicationError"
    GROUND_FAILURE = "GroundFailure"
    HIGH_TEMPERATURE = "HighTemperature"
    INTERNAL_ERROR = "InternalError"
    LOCAL_LIST_CONFLICT = "LocalListConflict"
    NO_ERROR = "NoError"
    OTHER_ERROR = "OtherError"
    OVER_CURRENT_FAILURE = "OverCurrentFailure"
    OVER_VOLTAGE = "OverVoltage"
    POWER_METER_FAILURE = "PowerMeterFailure"
    POWER_SWITCH_FAILURE = "PowerSwitchFailure"
    READER_FAILURE = "ReaderFailure"
    RESET_FAILURE = "ResetFailure"
    UNDER_VOLTAGE = "UnderVoltage"
    WEAK_SIGNAL = "WeakSignal"


class Reason(StrEnum):
    """Why a transaction stopped [S 7.36]."""

    EMERGENCY_STOP = "EmergencyStop"
    EV_DISCONNECTED = "EVDisconnected"
    HARD_RESET = "HardReset"
    LOCAL = "Local"
    OTHER = "Other"
    POWER_LOSS = "PowerLoss"
    REBOOT = "Reboot"
    REMOTE = "Remote"
    SOFT_RESET = "SoftReset"
    UNLOCK_COMMAND = "UnlockCommand"
    DE_AUTHORIZED = "DeAuthorized"


class DataTransferStatus(StrEnum):
    """Answer to a DataTransfer [S 7.23]."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    UNKNOWN_MESSAGE_ID = "UnknownMessageId"
    UNKNOWN_VENDOR_ID = "UnknownVendorId"


class DiagnosticsStatus(StrEnum):
    """Progress of a diagnostics upload [S 7.24]."""

    IDLE = "Idle"
    UPLOADED = "Uploaded"
    UPLOAD_FAILED = "UploadFailed"
    UPLOADING = "Uploading"


class FirmwareStatus(StrEnum):
    """Progress of a firmware update [S 7.25]."""

    DOWNLOADED = "Downloaded"
    DOWNLOAD_FAILED = "DownloadFailed"
    DOWNLOADING = "Downloading"
    IDLE = "Idle"
    INSTALLATION_FAILED = "InstallationFailed"
    INSTALLING = "Installing"
    INSTALLED = "Installed"


class ReadingContext(StrEnum):
    """Why a sample was taken [S 7.37]."""

    INTERRUPTION_BEGIN = "Interruption.Begin"
    INTERRUPTION_END = "Interruption.End"
    OTHER = "Other"
    SAMPLE_CLOCK = "Sample.Clock"
    SAMPLE_PERIODIC = "Sample.Periodic"
    TRANSACTION_BEGIN = "Transaction.Begin"
    TRANSACTION_END = "Transaction.End"
    TRIGGER = "Trigger"


class Measurand(StrEnum):
    """What was measured [S 7.31]."""

    CURRENT_EXPORT = "Current.Export"
    CURRENT_IMPORT = "Current.Import"
    CURRENT_OFFERED = "Current.Offered"
    ENERGY_ACTIVE_EXPORT_REGISTER = "Energy.Active.Export.Register"
    ENERGY_ACTIVE_IMPORT_REGISTER = "Energy.Active.Import.Register"
    ENERGY_REACTIVE_EXPORT_REGISTER = "Energy.Reactive.Export.Register"
    ENERGY_REACTIVE_IMPORT_REGISTER = "Energy.Reactive.Import.Register"
    ENERGY_ACTIVE_EXPORT_INTERVAL = "Energy.Active.Export.Interval"
    ENERGY_ACTIVE_IMPORT_INTERVAL = "Energy.Active.Import.Interval"
    ENERGY_REACTIVE_EXPORT_INTERVAL = "Energy.Reactive.Export.Interval"
    ENERGY_REACTIVE_IMPORT_INTERVAL = "Energy.Reactive.Import.Interval"
    FREQUENCY = "Frequency"
    POWER_ACTIVE_EXPORT = "Power.Active.Export"
    POWER_ACTIVE_IMPORT = "Power.Active.Import"
    POWER_FACTOR = "Power.Factor"
    POWER_OFFERED = "Power.Offered"
    POWER_REACTIVE_EXPORT = "Power.Reactive.Export"
    POWER_REACTIVE_IMPORT = "Power.Reactive.Import"
    RPM = "RPM"
    SOC = "SoC"
    TEMPERATURE = "Temperature"
    VOLTAGE = "Voltage"


class Phase(StrEnum):
    """Which phase [S 7.34]."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    N = "N"
    L1_N = "L1-N"
    L2_N = "L2-N"
    L3_N = "L3-N"
    L1_L2 = "L1-L2"
    L2_L3 = "L2-L3"
    L3_L1 = "L3-L1"


class Location(StrEnum):
    """Where it was measured [S 7.30]."""

    BODY = "Body"
    CABLE = "Cable"
    EV = "EV"
    INLET = "Inlet"
    OUTLET = "Outlet"


class UnitOfMeasure(StrEnum):
    """In what unit [S 7.45]; both spellings of the degree are in use [JE 2.4]."""

    A = "A"
    CELCIUS = "Celcius"
    CELSIUS = "Celsius"
    FAHRENHEIT = "Fahrenheit"
    K = "K"
    PERCENT = "Percent"
    V = "V"
    VA = "VA"
    W = "W"
    WH = "Wh"
    K_VA = "kVA"
    K_W = "kW"
    K_WH = "kWh"
    KVAR = "kvar"
    KVARH = "kvarh"
    VAR = "var"
    VARH = "varh"


class ValueFormat(StrEnum):
    """Number or signed data [S 7.46]."""

    RAW = "Raw"
    SIGNED_DATA = "SignedData"


# What a station reports in the standard's words, in any spelling; what nobody knows is kept as it is.
StatusText = Annotated[str, any_spelling_of(ChargePointStatus)]
ErrorCodeText = Annotated[str, any_spelling_of(ChargePointErrorCode)]
ReasonText = Annotated[str, any_spelling_of(Reason)]
DiagnosticsStatusText = Annotated[str, any_spelling_of(DiagnosticsStatus)]
FirmwareStatusText = Annotated[str, any_spelling_of(FirmwareStatus)]
ContextText = Annotated[str, any_spelling_of(ReadingContext)]
FormatText = Annotated[str, any_spelling_of(ValueFormat)]
MeasurandText = Annotated[str, any_spelling_of(Measurand)]
PhaseText = Annotated[str, any_spelling_of(Phase)]
LocationText = Annotated[str, any_spelling_of(Location)]
UnitText = Annotated[str, any_spelling_of(UnitOfMeasure)]


class IdTagInfo(Payload):
    """What a tag is worth [S 7.27]."""

    expiry_date: Timestamp | None = None
    parent_id_tag: str | None = None
    status: AuthorizationStatus

    @classmethod
    def of(cls, tag: IdTag | None, status: AuthorizationStatus, cached_until: datetime | None = None) -> "IdTagInfo":
        """The info to send for a tag; nothing but the status for one nobody knows.

        One that is accepted expires no later than `cached_until`: a station keeps what it was told until then.
        """
        if tag is None:
            return cls(status=status)
        expiry_date = tag.expiry_date
        if cached_until is not None and status is AuthorizationStatus.ACCEPTED:
            expiry_date = min(expiry_date or cached_until, cached_until)
        return cls(expiry_date=expiry_date, parent_id_tag=tag.parent_id_tag, status=status)


class SampledValue(Payload):
    """One sample [S 7.43]. `value` is a number as text, or signed data, and stays as it came."""

    value: str
    context: ContextText | None = None
    format: FormatText | None = None
    measurand: MeasurandText | None = None
    phase: PhaseText | None = None
    location: LocationText | None = None
    unit: UnitText | None = None


class MeterValue(Payload):
    """The samples of one moment [S 7.33]. The schema wants at least one; an empty list is tolerated."""

    timestamp: Timestamp
    sampled_value: tuple[SampledValue, ...]


Integer32 = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
"""An integer as we send it: what every station can read."""

IdToken20 = Annotated[str, Field(max_length=20)]
"""CiString20 as we send it [S 7.28]."""
