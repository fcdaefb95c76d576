"""ClearChargingProfile [S 5.5]: drop a profile by its id, or all that fit every criterion given; none given: all."""

from functools import partial
from typing import Literal

from csms.ids import CallId
from csms.smart_charging.profiles import ChargingProfilePurpose
from csms.store.calls import CallState
from csms.store.charging_profiles import InstalledProfile
from csms.v16.installed_profiles import take_back
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Settled, Situation
from csms.v16.profile_record import cleared, clearing
from csms.v16.rules import Fault, FieldsRefused, check_connector
from csms.v16.types import Integer32


class ClearChargingProfileRequest(CommandRequest):
    """ClearChargingProfile.req [S 6.13]."""

    id: Integer32 | None = None
    connector_id: Integer32 | None = None
    charging_profile_purpose: ChargingProfilePurpose | None = None
    stack_level: Integer32 | None = None


class ClearChargingProfileResponse(CommandResponse):
    """ClearChargingProfile.conf [S 6.14]: Accepted, or Unknown where nothing fits."""

    status: Literal["Accepted", "Unknown"]


CLEAR_CHARGING_PROFILE = Operation("ClearChargingProfile", ClearChargingProfileRequest, ClearChargingProfileResponse)


@CLEAR_CHARGING_PROFILE.checks
def check(request: ClearChargingProfileRequest, situation: Situation) -> None:
    """An id stands alone: a charge point ignores what comes with it."""
    if request.id is not None and len(request.model_fields_set) > 1:
        raise FieldsRefused(Fault("id", "the charge point ignores what else is given, leave it out [ER 3.26]"))
    if request.connector_id is not None:
        check_connector(request.connector_id, situation)


@CLEAR_CHARGING_PROFILE.precedes
def precede(request: ClearChargingProfileRequest, situation: Situation) -> None:
    """From now on what fits may be gone."""
    profiles, call_id = situation.store.charging_profiles, situation.call_id or CallId("")
    rows = profiles.all(situation.charge_point_id, consistent=True)
    for row in clearing(rows, partial(_fits, request), call_id, situation.now):
        profiles.put(row)


@CLEAR_CHARGING_PROFILE.applies
def apply(
    request: ClearChargingProfileRequest,
    response: ClearChargingProfileResponse | None,  # noqa: ARG001
    settled: Settled,
) -> None:
    """What fits is gone, also where the charge point knew nothing of it; without an answer it may be gone."""
    call, profiles = settled.call, settled.store.charging_profiles
    if call.sent_at is None or settled.is_unclear:
        return
    if not (settled.is_accepted or (call.state is CallState.REJECTED and call.status == "Unknown")):
        take_back(settled.store, call.charge_point_id, call.id, call.sent_at)
        return
    for row in cleared(
        profiles.all(call.charge_point_id, consistent=True), partial(_fits, request), call.id, call.sent_at
    ):
        profiles.put(row)


def _fits(request: ClearChargingProfileRequest, profile: InstalledProfile) -> bool:
    if request.id is not None:
        return profile.id == request.id
    return (
        request.connector_id in {None, profile.connector_id}
        and request.charging_profile_purpose in {None, profile.purpose}
        and request.stack_level in {None, profile.stack_level}
    )
