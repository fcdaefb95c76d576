"""Passwords of charge points: rotation without locking a station out."""

import logging
from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import Field

from csms import password_change
from csms.api.models import Flag, PathIdentity, RequestModel, View
from csms.api.passwords import PasswordText, new_secret
from csms.api.problems import Conflict
from csms.api.request import Current
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.store.charge_points import SecurityProfile
from csms.store.errors import ConditionFailed

routes = Routes("Charge points")
_logger = logging.getLogger(__name__)


class CredentialsChange(RequestModel):
    """The next password."""

    password: PasswordText | None = Field(default=None, description="Made and returned once if left out.")
    keep_previous: Flag = Field(default=True, description="Accept the present password until the next rotation.")


_ROTATE: Final = CredentialsChange()


class CredentialsView(View):
    """What is accepted now."""

    password: str | None = Field(description="The password that was made, in hexadecimal digits. Shown only here.")
    keeps_previous: bool


@routes.post("/charge-points/<identity>/credentials", Scope.ADMIN)
def rotate_credentials(
    current: Current, identity: PathIdentity, change: Annotated[CredentialsChange, Body()] = _ROTATE
) -> Response[CredentialsView]:
    """Set the password of a charge point.

    The one before stays accepted until the next rotation, so that the station can be told in between; so does one that
    the station was sent and has not confirmed.
    409 where the security profile asks for no password.
    """
    charge_point = current.charge_point(identity)
    if charge_point.security_profile not in {SecurityProfile.BASIC, SecurityProfile.BASIC_TLS}:
        raise Conflict(
            f"security profile {charge_point.security_profile.value} asks for no password; to raise it from 0, send it"
            " one (ChangeConfiguration AuthorizationKey), then POST its security profile"
        )
    secret = new_secret(change.password)
    changed = password_change.given_by_hand(charge_point, secret.hash, keeps_previous=change.keep_previous)
    try:
        current.store.charge_points.revise(charge_point, changed)
    except ConditionFailed as overtaken:
        raise Conflict("the credentials were changed at the same moment") from overtaken
    _logger.info("credentials rotated", extra={"charge_point_id": charge_point.id, "caller": current.caller})
    view = CredentialsView(password=secret.revealed, keeps_previous=len(changed.secrets) > 1)
    return Response(200, "application/json", view, headers={"Cache-Control": "no-store"})
