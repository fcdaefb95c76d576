"""SetChargingProfile [S 5.16]: limit what is drawn. What the charge point acknowledges is on record as installed."""

from csms.calls import CallRefused
from csms.ids import TransactionId
from csms.ocpp.json_types import JsonObject
from csms.smart_charging.profiles import ChargingProfilePurpose
from csms.store.calls import CallState
from csms.store.charging_profiles import InstalledProfile, ProfileState
from csms.v16.charging_profiles import (
    MAX_INSTALLED,
    ChargingProfile,
    check_profile,
    known_limits,
    with_profile_id,
)
from csms.v16.installed_profiles import installed_profiles
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Prepared, Settled, Situation
from csms.v16.rules import check_connector, number_of
from csms.v16.types import Integer32


class SetChargingProfileRequest(CommandRequest):
    """SetChargingProfile.req [S 6.43]."""

    connector_id: Integer32
    cs_charging_profiles: ChargingProfile


class SetChargingProfileResponse(CommandResponse):
    """SetChargingProfile.conf [S 6.44]: Accepted, Rejected or NotSupported."""

    status: str


SET_CHARGING_PROFILE = Operation(
    "SetChargingProfile",
    SetChargingProfileRequest,
    SetChargingProfileResponse,
    fills=("csChargingProfiles.chargingProfileId",),
)


@SET_CHARGING_PROFILE.prepares
def prepare(body: JsonObject, situation: Situation) -> Prepared:  # noqa: ARG001
    """Give the profile an id that no other has."""
    return Prepared(with_profile_id(body, "csChargingProfiles"))


@SET_CHARGING_PROFILE.checks
def check(request: SetChargingProfileRequest, situation: Situation) -> None:
    """What the standard asks, and what the charge point is known to take."""
    profile, limits = request.cs_charging_profiles, known_limits(situation)
    check_connector(request.connector_id, situation)
    _check_purpose(request, situation)
    check_profile(profile, limits)
    most = number_of(limits.get(MAX_INSTALLED))
    if most is not None:
        installed = installed_profiles(situation.store, situation.charge_point_id, situation.now)
        others = [other for other in installed if not _is_replaced(other, request)]
        if len(others) >= most:
            raise CallRefused(f"the charge point has {len(others)} profiles and takes {most} ({MAX_INSTALLED})")


@SET_CHARGING_PROFILE.applies
def apply(
    request: SetChargingProfileRequest,
    response: SetChargingProfileResponse | None,  # noqa: ARG001
    settled: Settled,
) -> None:
    """Note what is installed now; what was not answered may or may not be."""
    call, profiles = settled.call, settled.store.charging_profiles
    is_unanswered = call.state is CallState.TIMED_OUT
    if call.sent_at is None or not (settled.is_accepted or is_unanswered):
        return
    profile = request.cs_charging_profiles
    number = profile.charging_profile_id
    acknowledged = None
    for other in profiles.all(call.charge_point_id):
        if other.id == number and is_unanswered:
            acknowledged = other.profile if other.state is ProfileState.INSTALLED else other.acknowledged
        elif other.state.may_apply and _is_replaced(other, request):
            state = ProfileState.UNKNOWN if is_unanswered else ProfileState.REPLACED
            profiles.mark(other, state, call.sent_at, call.id)
    profiles.put(
        InstalledProfile(
            charge_point_id=call.charge_point_id,
            id=number,
            connector_id=request.connector_id,
            purpose=profile.charging_profile_purpose,
            stack_level=profile.stack_level,
            profile=call.payload["csChargingProfiles"],
            state=ProfileState.UNKNOWN if is_unanswered else ProfileState.INSTALLED,
            as_of=call.sent_at,
            call_id=call.id,
            transaction_id=TransactionId(profile.transaction_id) if profile.transaction_id is not None else None,
            acknowledged=acknowledged,
        )
    )


def _check_purpose(request: SetChargingProfileRequest, situation: Situation) -> None:
    profile, connector_id = request.cs_charging_profiles, request.connector_id
    purpose, transaction_id = profile.charging_profile_purpose, profile.transaction_id
    if purpose is ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE and connector_id != 0:
        raise CallRefused(f"connectorId {connector_id}: a ChargePointMaxProfile is for connector 0 [S 3.13.1]")
    if purpose is not ChargingProfilePurpose.TX_PROFILE:
        if transaction_id is not None:
            raise CallRefused(f"transactionId: only a TxProfile has one, not a {purpose} [S 7.8]")
        return
    if connector_id == 0:
        raise CallRefused("connectorId 0: a TxProfile is for the connector of its transaction [S 3.13.1]")
    if transaction_id is None:
        raise CallRefused("transactionId: missing, a TxProfile is for one transaction [S 3.13.1]")
    transaction = situation.store.transactions.get(situation.charge_point_id, TransactionId(transaction_id))
    if transaction is None:
        raise CallRefused(f"transactionId {transaction_id}: the charge point has no such transaction")
    if not transaction.is_open:
        raise CallRefused(f"transactionId {transaction_id}: the transaction has ended")
    if transaction.start.connector_id != connector_id:
        raise CallRefused(
            f"transactionId {transaction_id}: it runs on connector {transaction.start.connector_id}, not {connector_id}"
        )


def _is_replaced(other: InstalledProfile, request: SetChargingProfileRequest) -> bool:
    """The same id, or the same purpose and level on the same connector [S 5.16.3]."""
    profile = request.cs_charging_profiles
    return other.id == profile.charging_profile_id or (
        other.connector_id == request.connector_id
        and other.purpose == profile.charging_profile_purpose
        and other.stack_level == profile.stack_level
    )
