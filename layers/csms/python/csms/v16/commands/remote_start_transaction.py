"""RemoteStartTransaction [S 5.11]: start a transaction for a tag. Accepted is no start: StartTransaction says that."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from csms.authorization import LONGEST_ID_TAG
from csms.ids import CallId, ChargePointId
from csms.ocpp.json_types import JsonObject
from csms.smart_charging.profiles import ChargingProfilePurpose
from csms.store import Store
from csms.store.charging_profiles import InstalledProfile, ProfileState
from csms.v16.charging_profiles import (
    ChargingProfile,
    advice_on,
    check_profile,
    known_limits,
    with_profile_id,
)
from csms.v16.installed_profiles import record_of, take_back
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Prepared, Settled, Situation
from csms.v16.profile_record import awaited
from csms.v16.rules import Fault, FieldsRefused, check_connector
from csms.v16.types import Integer32

_NAME: Final = "chargingProfile"


class RemoteStartTransactionRequest(CommandRequest):
    """RemoteStartTransaction.req [S 6.33]. No connector: the charge point chooses."""

    connector_id: Integer32 | None = None
    id_tag: Annotated[str, Field(max_length=LONGEST_ID_TAG)]
    charging_profile: ChargingProfile | None = None


class RemoteStartTransactionResponse(CommandResponse):
    """RemoteStartTransaction.conf [S 6.34]: Accepted or Rejected."""

    status: Literal["Accepted", "Rejected"]


REMOTE_START_TRANSACTION = Operation(
    "RemoteStartTransaction",
    RemoteStartTransactionRequest,
    RemoteStartTransactionResponse,
    is_immediate=True,
    fills=(f"{_NAME}.chargingProfileId",),
)


@REMOTE_START_TRANSACTION.prepares
def prepare(body: JsonObject, situation: Situation) -> Prepared:  # noqa: ARG001
    """Give the profile, if there is one, an id that no other has."""
    return Prepared(with_profile_id(body, _NAME))


@REMOTE_START_TRANSACTION.checks
def check(request: RemoteStartTransactionRequest, situation: Situation) -> None:
    """Never connector 0 [ER 3.32]; a profile for the transaction that is to come, which has no id yet [S 5.16.2]."""
    if request.connector_id is not None:
        check_connector(request.connector_id, situation, lowest=1)
    if not request.id_tag:
        raise FieldsRefused(Fault("idTag", "empty"))
    profile = request.charging_profile
    if profile is None:
        return
    if profile.charging_profile_purpose is not ChargingProfilePurpose.TX_PROFILE:
        raise FieldsRefused(Fault(f"{_NAME}.chargingProfilePurpose", "must be TxProfile [S 5.16.2]"))
    if profile.transaction_id is not None:
        reason = "the transaction does not exist yet, leave it out [S 5.16.2]"
        raise FieldsRefused(Fault(f"{_NAME}.transactionId", reason))
    check_profile(profile, known_limits(situation), _NAME)


@REMOTE_START_TRANSACTION.advises
def advise(request: RemoteStartTransactionRequest, situation: Situation) -> Iterator[str]:
    """What is allowed and may not be meant."""
    if request.charging_profile is not None:
        yield from advice_on(request.charging_profile, situation.now)


@REMOTE_START_TRANSACTION.precedes
def precede(request: RemoteStartTransactionRequest, situation: Situation) -> None:
    """From now on the charge point may have the profile, if there is one."""
    payload, call_id = situation.payload or {}, situation.call_id or CallId("")
    new = _row(request, payload, situation.charge_point_id, call_id, situation.now)
    if new is not None:
        _record(situation.store, replace(new, is_acknowledged=False), situation.now)


@REMOTE_START_TRANSACTION.applies
def apply(
    request: RemoteStartTransactionRequest,
    response: RemoteStartTransactionResponse | None,  # noqa: ARG001
    settled: Settled,
) -> None:
    """Note the profile; it is followed once a transaction of the tag has started."""
    call = settled.call
    if call.sent_at is None or settled.is_unclear:
        return
    new = _row(request, call.payload, call.charge_point_id, call.id, call.sent_at)
    if new is None:
        return
    if settled.is_accepted:
        _record(settled.store, new, settled.now)
    else:
        take_back(settled.store, call.charge_point_id, call.id, call.sent_at)


def _record(store: Store, new: InstalledProfile, now: datetime) -> None:
    for row in awaited(record_of(store, new.charge_point_id, now, new.purpose), new):
        store.charging_profiles.put(row)


def _row(
    request: RemoteStartTransactionRequest,
    payload: JsonObject,
    charge_point_id: ChargePointId,
    call_id: CallId,
    sent_at: datetime,
) -> InstalledProfile | None:
    profile = request.charging_profile
    if profile is None:
        return None
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
        id_tag=request.id_tag,
    )
