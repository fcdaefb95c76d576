"""RemoteStartTransaction [S 5.11]: start a transaction for a tag. Accepted is no start: StartTransaction says that."""

from typing import Annotated

from pydantic import Field

from csms.authorization import LONGEST_ID_TAG
from csms.calls import CallRefused
from csms.ocpp.json_types import JsonObject
from csms.smart_charging.profiles import ChargingProfilePurpose
from csms.store.calls import CallState
from csms.store.charging_profiles import InstalledProfile, ProfileState
from csms.v16.charging_profiles import (
    ChargingProfile,
    check_profile,
    known_limits,
    with_profile_id,
)
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Prepared, Settled, Situation
from csms.v16.rules import check_connector
from csms.v16.types import Integer32


class RemoteStartTransactionRequest(CommandRequest):
    """RemoteStartTransaction.req [S 6.33]. No connector: the charge point chooses."""

    connector_id: Integer32 | None = None
    id_tag: Annotated[str, Field(max_length=LONGEST_ID_TAG)]
    charging_profile: ChargingProfile | None = None


class RemoteStartTransactionResponse(CommandResponse):
    """RemoteStartTransaction.conf [S 6.34]: Accepted or Rejected."""

    status: str


REMOTE_START_TRANSACTION = Operation(
    "RemoteStartTransaction",
    RemoteStartTransactionRequest,
    RemoteStartTransactionResponse,
    is_immediate=True,
    fills=("chargingProfile.chargingProfileId",),
)


@REMOTE_START_TRANSACTION.prepares
def prepare(body: JsonObject, situation: Situation) -> Prepared:  # noqa: ARG001
    """Give the profile, if there is one, an id that no other has."""
    return Prepared(with_profile_id(body, "chargingProfile"))


@REMOTE_START_TRANSACTION.checks
def check(request: RemoteStartTransactionRequest, situation: Situation) -> None:
    """Never connector 0 [ER 3.32]; a profile for the transaction that is to come, which has no id yet [S 5.16.2]."""
    if request.connector_id is not None:
        check_connector(request.connector_id, situation, lowest=1)
    if not request.id_tag:
        raise CallRefused("idTag: empty")
    profile = request.charging_profile
    if profile is None:
        return
    if profile.charging_profile_purpose is not ChargingProfilePurpose.TX_PROFILE:
        raise CallRefused(f"chargingProfilePurpose {profile.charging_profile_purpose}: must be TxProfile [S 5.16.2]")
    if profile.transaction_id is not None:
        raise CallRefused("transactionId: the transaction does not exist yet, leave it out [S 5.16.2]")
    check_profile(profile, known_limits(situation))


@REMOTE_START_TRANSACTION.applies
def apply(
    request: RemoteStartTransactionRequest,
    response: RemoteStartTransactionResponse | None,  # noqa: ARG001
    settled: Settled,
) -> None:
    """Note the profile; it is followed once a transaction of the tag has started."""
    call, profile = settled.call, request.charging_profile
    is_unanswered = call.state is CallState.TIMED_OUT
    if profile is None or call.sent_at is None or not (settled.is_accepted or is_unanswered):
        return
    settled.store.charging_profiles.put(
        InstalledProfile(
            charge_point_id=call.charge_point_id,
            id=profile.charging_profile_id,
            connector_id=request.connector_id,
            purpose=profile.charging_profile_purpose,
            stack_level=profile.stack_level,
            profile=call.payload["chargingProfile"],
            state=ProfileState.UNKNOWN if is_unanswered else ProfileState.INSTALLED,
            as_of=call.sent_at,
            call_id=call.id,
            id_tag=request.id_tag,
        )
    )
