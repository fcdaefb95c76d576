"""SetChargingProfile [S 5.16]: limit what is drawn. What the charge point acknowledges is on record as installed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal

from csms.ids import CallId, ChargePointId, TransactionId
from csms.ocpp.json_types import JsonObject
from csms.smart_charging.profiles import ChargingProfilePurpose
from csms.store.charging_profiles import InstalledProfile, ProfileState
from csms.store.transactions import Transaction
from csms.v16.charging_profiles import (
    MAX_INSTALLED,
    ChargingProfile,
    advice_on,
    check_profile,
    known_limits,
    with_profile_id,
)
from csms.v16.installed_profiles import installed_profiles, record_of, take_back
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Prepared, Settled, Situation
from csms.v16.profile_record import sent, taken
from csms.v16.rules import Fault, FieldsRefused, check_connector, limit_of
from csms.v16.types import Integer32

_NAME: Final = "csChargingProfiles"
_LATE: Final = timedelta(minutes=10)
"""A start that was reported so late was kept while the charge point was offline."""


class SetChargingProfileRequest(CommandRequest):
    """SetChargingProfile.req [S 6.43]."""

    connector_id: Integer32
    cs_charging_profiles: ChargingProfile


class SetChargingProfileResponse(CommandResponse):
    """SetChargingProfile.conf [S 6.44]: Accepted, Rejected or NotSupported."""

    status: Literal["Accepted", "Rejected", "NotSupported"]


SET_CHARGING_PROFILE = Operation(
    "SetChargingProfile",
    SetChargingProfileRequest,
    SetChargingProfileResponse,
    fills=(f"{_NAME}.chargingProfileId",),
)


@SET_CHARGING_PROFILE.prepares
def prepare(body: JsonObject, situation: Situation) -> Prepared:  # noqa: ARG001
    """Give the profile an id that no other has."""
    return Prepared(with_profile_id(body, _NAME))


@SET_CHARGING_PROFILE.checks
def check(request: SetChargingProfileRequest, situation: Situation) -> None:
    """What the standard asks, and what the charge point is known to take."""
    profile, limits = request.cs_charging_profiles, known_limits(situation)
    check_connector(request.connector_id, situation)
    if faults := [*_purpose_faults(request, situation)]:
        raise FieldsRefused(*faults)
    check_profile(profile, limits, _NAME)
    most = limit_of(limits.get(MAX_INSTALLED))
    if most is not None:
        installed = installed_profiles(situation.store, situation.charge_point_id, situation.now)
        others = [other for other in installed if not _is_replaced(other, request)]
        if len(others) >= most:
            reason = f"the charge point has {len(others)} profiles and takes {most} ({MAX_INSTALLED})"
            raise FieldsRefused(Fault(f"{_NAME}.chargingProfileId", reason, profile.charging_profile_id))


@SET_CHARGING_PROFILE.advises
def advise(request: SetChargingProfileRequest, situation: Situation) -> Iterator[str]:
    """What is allowed and may not be meant; a transaction that may be over [S 5.16.1]."""
    profile = request.cs_charging_profiles
    yield from advice_on(profile, situation.now)
    transaction = _transaction(profile.transaction_id, situation)
    if transaction is not None and transaction.received_at - transaction.start.timestamp > _LATE:
        yield (f"transactionId {transaction.id}: its start was reported late, it may have ended meanwhile [S 5.16.1]")


@SET_CHARGING_PROFILE.precedes
def precede(request: SetChargingProfileRequest, situation: Situation) -> None:
    """From now on the charge point may have it."""
    store, charge_point_id = situation.store, situation.charge_point_id
    new = _row(request, situation.payload or {}, charge_point_id, situation.call_id or CallId(""), situation.now)
    for row in sent(record_of(store, charge_point_id, situation.now, new.purpose), new):
        store.charging_profiles.put(row)


@SET_CHARGING_PROFILE.applies
def apply(
    request: SetChargingProfileRequest,
    response: SetChargingProfileResponse | None,  # noqa: ARG001
    settled: Settled,
) -> None:
    """Note what is installed now; of what was not answered it is on record that it may be there."""
    call, store = settled.call, settled.store
    if call.sent_at is None or settled.is_unclear:
        return
    if not settled.is_accepted:
        take_back(store, call.charge_point_id, call.id, call.sent_at)
        return
    new = _row(request, call.payload, call.charge_point_id, call.id, call.sent_at)
    for row in taken(record_of(store, call.charge_point_id, settled.now, new.purpose), new):
        store.charging_profiles.put(row)


def _row(
    request: SetChargingProfileRequest,
    payload: JsonObject,
    charge_point_id: ChargePointId,
    call_id: CallId,
    sent_at: datetime,
) -> InstalledProfile:
    profile = request.cs_charging_profiles
    return InstalledProfile(
        charge_point_id=charge_point_id,
        id=profile.charging_profile_id,
        connector_id=request.connector_id,
        purpose=profile.charging_profile_purpose,
        stack_level=profile.stack_level,
        profile=payload[_NAME],
        state=ProfileState.INSTALLED,
        as_of=sent_at,
        call_id=call_id,
        transaction_id=TransactionId(profile.transaction_id) if profile.transaction_id is not None else None,
    )


def _purpose_faults(request: SetChargingProfileRequest, situation: Situation) -> Iterator[Fault]:
    profile, connector_id = request.cs_charging_profiles, request.connector_id
    purpose, transaction_id = profile.charging_profile_purpose, profile.transaction_id
    if purpose is ChargingProfilePurpose.TX_PROFILE:
        yield from _transaction_faults(transaction_id, connector_id, situation)
        return
    if purpose is ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE and connector_id != 0:
        yield Fault("connectorId", "a ChargePointMaxProfile is for connector 0 [S 3.13.1]", connector_id)
    if transaction_id is not None:
        yield Fault(f"{_NAME}.transactionId", f"only a TxProfile has one, not a {purpose} [S 7.8]")


def _transaction_faults(transaction_id: int | None, connector_id: int, situation: Situation) -> Iterator[Fault]:
    if connector_id == 0:
        yield Fault("connectorId", "a TxProfile is for the connector of its transaction [S 3.13.1]", connector_id)
    field = f"{_NAME}.transactionId"
    transaction = _transaction(transaction_id, situation)
    if transaction_id is None:
        yield Fault(field, "missing, a TxProfile is for one transaction [S 3.13.1]")
    elif transaction is None:
        yield Fault(field, "the charge point has no such transaction", transaction_id)
    elif not transaction.is_open:
        yield Fault(field, "the transaction has ended", transaction_id)
    elif connector_id not in {0, transaction.start.connector_id}:
        reason = f"it runs on connector {transaction.start.connector_id}, not {connector_id}"
        yield Fault(field, reason, transaction_id)


def _transaction(transaction_id: int | None, situation: Situation) -> Transaction | None:
    if transaction_id is None:
        return None
    return situation.store.transactions.get(situation.charge_point_id, TransactionId(transaction_id))


def _is_replaced(other: InstalledProfile, request: SetChargingProfileRequest) -> bool:
    """The same id, or the same purpose and level on the same connector [S 5.16.3]."""
    profile = request.cs_charging_profiles
    return other.id == profile.charging_profile_id or (
        other.connector_id == request.connector_id
        and other.purpose == profile.charging_profile_purpose
        and other.stack_level == profile.stack_level
    )
