"""What charge points can do, as far as is known, and correcting it."""

import logging
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import AfterValidator, Field, StringConstraints

from csms.api.models import ChangesModel, Flag, PathIdentity, View
from csms.api.problems import NotFound
from csms.api.request import Current, CurrentRequest
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.store.charge_points import ChargePoint, Quirk
from csms.store.errors import ConditionFailed
from csms.v16.capabilities import LIMIT_KEYS, PROFILES_KEY, capabilities_of, model_of

routes = Routes("Configuration")
_logger = logging.getLogger(__name__)

ProfileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,50}$")]
LimitValue = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


def _limits(values: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(values) - set(LIMIT_KEYS):
        raise ValueError(f"{', '.join(sorted(unknown))}: the limits are {', '.join(LIMIT_KEYS)}")
    return values


class CapabilityChanges(ChangesModel):
    """What is known better than the charge point says; what is left out stays, null believes the charge point again."""

    profiles: Annotated[tuple[ProfileName, ...], Field(max_length=20)] | None = None
    limits: Annotated[dict[str, LimitValue | None], AfterValidator(_limits)] = Field(default={})
    quirks: dict[Quirk, Flag | None] = Field(default={})


class CapabilitiesView(View):
    """What a charge point can do; null where that is not known, which never stands in the way of a command."""

    charge_point_id: str
    profiles: list[str] | None = Field(description="SupportedFeatureProfiles.")
    limits: dict[str, int | None] = Field(description="By the configuration key that says it.")
    quirks: dict[Quirk, bool] = Field(description="What it, or its model, does otherwise than the specification says.")
    corrected: list[str] = Field(description="Configuration keys whose value was corrected by an operator.")


@routes.get("/charge-points/<identity>/capabilities", Scope.READ)
def read_capabilities(current: Current, identity: PathIdentity) -> CapabilitiesView:
    """What a charge point can do, from its configuration, its answers, its model and what operators corrected."""
    return _view(current, current.charge_point(identity))


@routes.patch("/charge-points/<identity>/capabilities", Scope.ADMIN)
def change_capabilities(
    current: Current, identity: PathIdentity, changes: Annotated[CapabilityChanges, Body()]
) -> CapabilitiesView:
    """Correct what is known of a charge point; commands are judged by it from now on."""
    charge_point = current.charge_point(identity)
    values = {key: None if value is None else str(value) for key, value in changes.limits.items()}
    if "profiles" in changes.model_fields_set:
        values[PROFILES_KEY] = None if changes.profiles is None else ",".join(changes.profiles)
    try:
        current.store.charge_points.set_quirks(charge_point.id, changes.quirks)
    except ConditionFailed as gone:
        raise NotFound(f"there is no charge point {identity}") from gone
    current.store.configuration.correct(charge_point.id, values)
    _logger.info("capabilities corrected", extra={"charge_point_id": charge_point.id, "caller": current.caller})
    return _view(current, current.charge_point(charge_point.id))


def _view(current: CurrentRequest, charge_point: ChargePoint) -> CapabilitiesView:
    rows = current.store.configuration.all(charge_point.id, consistent=True)
    known = capabilities_of(charge_point, model_of(current.store, charge_point), rows)
    return CapabilitiesView(
        charge_point_id=charge_point.id,
        profiles=None if known.profiles is None else list(known.profiles),
        limits=dict(known.limits),
        quirks=dict(known.quirks),
        corrected=[row.key for row in rows if row.corrected_value is not None],
    )
