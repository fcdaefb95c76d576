"""The security profile of a charge point: raising it over OCPP [W3 A05]."""

import logging
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import Field

from csms import profile_upgrade
from csms.api.command_views import CommandView
from csms.api.commanding import Options, carry_out
from csms.api.models import PathIdentity, RequestModel
from csms.api.request import Current, CurrentRequest
from csms.api.resources.commands import IdempotencyKey, Wait
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.store.charge_points import ChargePoint, SecurityProfile
from csms.v16.security_profile import KEY, upgrade_context

routes = Routes("Charge points")
_logger = logging.getLogger(__name__)


class SecurityProfileChange(RequestModel):
    """The security profile it is to have."""

    security_profile: int = Field(
        strict=True,
        ge=1,
        le=3,
        description="1: Basic authentication; 2: Basic authentication over TLS; 3: a client certificate.",
    )


@routes.post(
    "/charge-points/<identity>/security-profile",
    Scope.ADMIN,
    answers={
        200: {"application/json": {"model": CommandView}},
        202: {"application/json": {"model": CommandView}},
    },
)
def raise_security_profile(
    current: Current,
    identity: PathIdentity,
    change: Annotated[SecurityProfileChange, Body()],
    wait: Wait = 0,
    force: Annotated[bool, Query(description="Even while a transaction is open, which the restart ends.")] = False,
    idempotency_key: IdempotencyKey = None,
) -> Response[CommandView]:
    """Have a charge point connect with a higher security profile.

    It is told so (ChangeConfiguration), and restarted (Reset) unless it refuses. Until it has come with the new profile
    it may come with either, so that nothing it does or fails to do locks it out; from then on with no lower one. Where
    it stands is in `securityProfileUpgrade` of the charge point. The answer is the command that was sent: the Reset
    alone, if the charge point has agreed before and has not come with the new profile since.

    409 if it has the profile or a higher one, if it has no password to come with, or while a transaction is open.
    """
    charge_point = current.charge_point(identity)
    profile = SecurityProfile(change.security_profile)
    context = upgrade_context(profile, may_stop_transactions=force)
    options = Options(wait, None, is_forced=False, idempotency_key=idempotency_key, context=context)
    _logger.info(
        "security profile to be raised",
        extra={"charge_point_id": charge_point.id, "security_profile": profile.value, "caller": current.caller},
    )
    if _is_to_be_restarted(current, charge_point, profile, idempotency_key):
        return carry_out(current, identity, "Reset", {"type": "Hard"}, options)
    return carry_out(current, identity, "ChangeConfiguration", {"key": KEY, "value": str(profile.value)}, options)


def _is_to_be_restarted(
    current: CurrentRequest, charge_point: ChargePoint, profile: SecurityProfile, idempotency_key: str | None
) -> bool:
    """Whether the charge point has agreed already; a repetition of a request is for what the first one was for."""
    claim = current.store.calls.claimed(charge_point.id, idempotency_key) if idempotency_key else None
    earlier = current.store.calls.get(charge_point.id, claim.call_id) if claim else None
    if earlier:
        return earlier.action == "Reset"
    told = profile_upgrade.pending(charge_point)
    return told is not None and told.profile is profile and told.status is not None
