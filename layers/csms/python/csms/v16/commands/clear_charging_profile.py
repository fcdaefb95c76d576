"""ClearChargingProfile [S 5.5]: drop a profile by its id, or all that fit every criterion given; none given: all."""

from csms.calls import CallRefused
from csms.smart_charging.profiles import ChargingProfilePurpose
from csms.store.calls import CallState
from csms.store.charging_profiles import InstalledProfile, ProfileState
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Settled, Situation
from csms.v16.rules import check_connector
from csms.v16.types import Integer32


class ClearChargingProfileRequest(CommandRequest):
    """ClearChargingProfile.req [S 6.13]."""

    id: Integer32 | None = None
    connector_id: Integer32 | None = None
    charging_profile_purpose: ChargingProfilePurpose | None = None
    stack_level: Integer32 | None = None


class ClearChargingProfileResponse(CommandResponse):
    """ClearChargingProfile.conf [S 6.14]: Accepted, or Unknown where nothing fits."""

    status: str


CLEAR_CHARGING_PROFILE = Operation("ClearChargingProfile", ClearChargingProfileRequest, ClearChargingProfileResponse)


@CLEAR_CHARGING_PROFILE.checks
def check(request: ClearChargingProfileRequest, situation: Situation) -> None:
    """An id stands alone: a charge point ignores what comes with it."""
    if request.id is not None and len(request.model_fields_set) > 1:
        raise CallRefused("id: the charge point ignores what else is given, leave it out [ER 3.26]")
    if request.connector_id is not None:
        check_connector(request.connector_id, situation)


@CLEAR_CHARGING_PROFILE.applies
def apply(
    request: ClearChargingProfileRequest,
    response: ClearChargingProfileResponse | None,  # noqa: ARG001
    settled: Settled,
) -> None:
    """What fits is gone, also where the charge point knew nothing of it; without an answer it may be gone."""
    call, profiles = settled.call, settled.store.charging_profiles
    is_gone = settled.is_accepted or (call.state is CallState.REJECTED and call.status == "Unknown")
    if call.sent_at is None or not (is_gone or call.state is CallState.TIMED_OUT):
        return
    for profile in profiles.all(call.charge_point_id):
        if profile.state.may_apply and profile.as_of <= call.sent_at and _fits(profile, request):
            profiles.mark(profile, ProfileState.CLEARED if is_gone else ProfileState.UNKNOWN, call.sent_at, call.id)


def _fits(profile: InstalledProfile, request: ClearChargingProfileRequest) -> bool:
    if request.id is not None:
        return profile.id == request.id
    return (
        request.connector_id in {None, profile.connector_id}
        and request.charging_profile_purpose in {None, profile.purpose}
        and request.stack_level in {None, profile.stack_level}
    )
