"""Which configuration a charge point should have, and what is to be changed for that [S 9]: pure decisions.

What is wished for the charge point itself comes before what is wished for its model, and that before the defaults,
which keep a station healthy behind this platform.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from csms.redaction import is_secret, redact_value
from csms.store.charge_point_models import ChargePointModel
from csms.store.configuration import Attempt, ConfigurationKey

_MOST_TRIES: Final = 3
"""A station that takes a value and does not keep it, perhaps rebooting for it, is not told for ever."""
_HEARTBEAT: Final = "HeartbeatInterval"
_ENERGY: Final = "Energy.Active.Import.Register"


class WishState(StrEnum):
    """How what a key should be compares with what it is."""

    FULFILLED = "fulfilled"
    NEEDS_REBOOT = "needsReboot"
    """Accepted; it counts after the next boot."""
    PENDING = "pending"
    """To be set, at the next boot at the latest."""
    READ_ONLY = "readOnly"
    UNKNOWN = "unknown"
    """The station does not have the key, or has not said so."""
    REJECTED = "rejected"
    """The station, or a rule of ours, stands against it: not tried again until the wish changes."""
    NOT_KEPT = "notKept"
    """Taken, or tried often enough, and still something else: not tried again until the wish changes."""


@dataclass(frozen=True)
class Wish:
    """What a key should be."""

    key: str
    value: str
    suffices: Callable[[str], bool] = lambda _: False
    """Other values that are as good."""
    is_default: bool = False

    @property
    def shown(self) -> str:
        """The value without what is secret in it, as reports and tries of it are kept."""
        return redact_value(self.key, self.value) or ""

    def is_fulfilled_by(self, value: str | None) -> bool:
        """Whether the value is the one wished for, however it is written."""
        return value is not None and (_plain(value) == _plain(self.shown) or self.suffices(value))


def _at_most_300(value: str) -> bool:
    plain = value.strip().lstrip("0")
    return plain.isdecimal() and len(plain) <= len("300") and 0 < int(plain) <= 300


def _has_energy(value: str) -> bool:
    return _ENERGY in value


DEFAULTS: Final = (
    # The platform drops a connection that was silent for 10 minutes.
    Wish(_HEARTBEAT, "300", _at_most_300, is_default=True),
    # The samples of a long session would make StopTransaction larger than a frame may be: it would never arrive.
    Wish("StopTxnSampledData", "", is_default=True),
    Wish("StopTxnAlignedData", "", is_default=True),
    Wish("TransactionMessageAttempts", "5", is_default=True),
    Wish("TransactionMessageRetryInterval", "60", is_default=True),
    Wish("MeterValueSampleInterval", "60", is_default=True),
    Wish("MeterValuesSampledData", _ENERGY, _has_energy, is_default=True),
    # Online the Central System decides, offline the local list and the cache do, and strangers do not charge.
    Wish("LocalPreAuthorize", "false", is_default=True),
    Wish("LocalAuthorizeOffline", "true", is_default=True),
    Wish("AllowOfflineTxForUnknownId", "false", is_default=True),
)

STANDARD_KEYS: Final = tuple(
    """
    GetConfigurationMaxKeys SupportedFeatureProfiles NumberOfConnectors HeartbeatInterval StopTxnSampledData
    StopTxnAlignedData TransactionMessageAttempts TransactionMessageRetryInterval MeterValueSampleInterval
    MeterValuesSampledData LocalPreAuthorize LocalAuthorizeOffline AllowOfflineTxForUnknownId AuthorizationCacheEnabled
    AuthorizeRemoteTxRequests BlinkRepeat ClockAlignedDataInterval ConnectionTimeOut ConnectorPhaseRotation
    ConnectorPhaseRotationMaxLength LightIntensity MaxEnergyOnInvalidId MeterValuesAlignedData
    MeterValuesAlignedDataMaxLength MeterValuesSampledDataMaxLength MinimumStatusDuration ResetRetries
    StopTransactionOnEVSideDisconnect StopTransactionOnInvalidId StopTxnAlignedDataMaxLength
    StopTxnSampledDataMaxLength SupportedFeatureProfilesMaxLength UnlockConnectorOnEVSideDisconnect
    WebSocketPingInterval LocalAuthListEnabled LocalAuthListMaxLength SendLocalListMaxLength
    ReserveConnectorZeroSupported ChargeProfileMaxStackLevel ChargingScheduleAllowedChargingRateUnit
    ChargingScheduleMaxPeriods ConnectorSwitch3to1PhaseSupported MaxChargingProfilesInstalled
    SupportedFileTransferProtocols AdditionalRootCertificateCheck CertificateSignedMaxChainSize
    CertificateStoreMaxLength CpoName SecurityProfile
    """.split()  # noqa: SIM905  a line a key is fifty lines
)
"""[S 9], [W3 2.2]; first what matters most."""


_WHOLE_NUMBERS: Final = frozenset(
    key.casefold()
    for key in (
        *("BlinkRepeat", "ClockAlignedDataInterval", "ConnectionTimeOut", _HEARTBEAT, "LightIntensity"),
        *("MaxEnergyOnInvalidId", "MeterValueSampleInterval", "MinimumStatusDuration", "ResetRetries"),
        *("TransactionMessageAttempts", "TransactionMessageRetryInterval", "WebSocketPingInterval"),
    )
)
"""Standard keys that can be set, and only to a number that is not negative [S 9]."""
_LARGEST: Final = 2**31 - 1
_LONGEST_SILENCE_S: Final = 540


def fault_of(key: str, value: str) -> str | None:
    """Why nobody can wish for this value; None if one may, or the key is no standard one."""
    name = key.casefold()
    if name not in _WHOLE_NUMBERS:
        return None
    number = int(value) if value.isascii() and value.isdecimal() and len(value) <= len(str(_LARGEST)) else -1
    if not 0 <= number <= _LARGEST:
        return f"{key} is a whole number, and not negative [S 9]"
    if name == _HEARTBEAT.casefold() and not 1 <= number <= _LONGEST_SILENCE_S:
        return f"{key} is 1 to {_LONGEST_SILENCE_S}: the platform closes a connection that was silent for 10 minutes"
    return None


def wishes(known: Iterable[ConfigurationKey], model: ChargePointModel) -> list[Wish]:
    """What each key should be."""
    skipped = {key.casefold() for key in model.skipped}
    chosen = {wish.key.casefold(): wish for wish in DEFAULTS}
    for key, value in model.desired.items():
        chosen.pop(key.casefold(), None)
        if value is not None:
            chosen[key.casefold()] = Wish(key, value)
    chosen = {folded: wish for folded, wish in chosen.items() if folded not in skipped}
    own = [Wish(row.key, row.desired_value) for row in known if row.desired_value is not None]
    return list((chosen | {wish.key.casefold(): wish for wish in own}).values())


def state_of(wish: Wish, row: ConfigurationKey | None) -> WishState:
    """How the wish stands."""
    if row is None or (row.reported_at is None and row.attempt is None):
        return WishState.UNKNOWN if wish.is_default else WishState.PENDING
    if wish.is_fulfilled_by(row.value):
        return WishState.NEEDS_REBOOT if row.needs_reboot else WishState.FULFILLED
    if row.is_read_only:
        return WishState.READ_ONLY
    if row.is_unknown or (wish.is_default and row.reported_at is None):
        return WishState.UNKNOWN
    return _state_after(row.attempt) if row.attempt and row.attempt.value == wish.shown else WishState.PENDING


def due_changes(chosen: Iterable[Wish], known: Iterable[ConfigurationKey], since: datetime) -> list[Wish]:
    """The wishes to be sent; one that was sent since then is not sent again."""
    rows = by_name(known)
    return [wish for wish in chosen if _is_due(wish, rows.get(wish.key.casefold()), since)]


def kept(chosen: Iterable[Wish], known: Iterable[ConfigurationKey]) -> list[str]:
    """Keys whose value was read back since it was last set: earlier tries count no more."""
    rows = by_name(known)
    found = ((wish, rows.get(wish.key.casefold())) for wish in chosen)
    return [row.key for wish, row in found if row and _is_read_back(wish, row)]


def tries(wish: Wish, row: ConfigurationKey | None) -> int:
    """How often the value was tried before."""
    return row.attempt.count if row and row.attempt and row.attempt.value == wish.shown else 0


def is_final(status: str | None) -> bool:
    """Whether trying again makes no sense after this answer. RebootRequired counts as done: else it never ends."""
    return status in {"Rejected", "NotSupported", "RebootRequired"}


def refused(wish: Wish, reason: str, at: datetime, count: int) -> Attempt:
    """A try that a rule of ours ended."""
    return Attempt(wish.shown, reason, at, count, is_final=True)


def keys_to_ask(model: ChargePointModel, known: Iterable[ConfigurationKey]) -> tuple[str, ...]:
    """What to ask for by name, where everything at once is too much: what is standard and what is wished for."""
    names = (*STANDARD_KEYS, *(wish.key for wish in wishes(known, model)))
    skipped = {key.casefold() for key in model.skipped}
    unique = {name.casefold(): name for name in names if not is_secret(name)}
    return tuple(name for folded, name in unique.items() if folded not in skipped)


def by_name(known: Iterable[ConfigurationKey]) -> Mapping[str, ConfigurationKey]:
    """The rows by the name of the key, case-folded."""
    return {row.key.casefold(): row for row in known}


def _state_after(attempt: Attempt) -> WishState:
    if attempt.is_final:
        return WishState.NOT_KEPT if attempt.status == "RebootRequired" else WishState.REJECTED
    return WishState.NOT_KEPT if attempt.count >= _MOST_TRIES else WishState.PENDING


def _is_due(wish: Wish, row: ConfigurationKey | None, since: datetime) -> bool:
    was_tried = row is not None and row.attempt is not None and tries(wish, row) > 0 and row.attempt.at >= since
    return state_of(wish, row) is WishState.PENDING and not was_tried


def _is_read_back(wish: Wish, row: ConfigurationKey) -> bool:
    if row.attempt is None or row.reported_at is None or row.reported_at <= row.attempt.at:
        return False
    return wish.is_fulfilled_by(row.value)


def _plain(value: str) -> str:
    """A value without what does not count: blanks around list items, the case of a boolean."""
    listed = ",".join(part.strip() for part in value.split(","))
    return listed.lower() if listed.lower() in {"true", "false"} else listed
