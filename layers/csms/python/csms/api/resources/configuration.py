"""The configuration of charge points: what they report, what it should be, and what all of a model should have."""

import logging
from typing import Annotated, Any, Final
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import AfterValidator, Field

from csms import configuration_keys, profile_upgrade
from csms.api.models import PRINTABLE, Flag, Moment, PathIdentity, RequestModel, View
from csms.api.request import Current
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.ocpp.primitives import Integer
from csms.redaction import is_secret, redact, redact_value
from csms.settings import LONGEST_GAP_S, LONGEST_SETTLE_S
from csms.store.charge_point_models import ChargePointModel
from csms.store.charge_points import ChargePoint, Quirk
from csms.store.configuration import ConfigurationKey
from csms.v16 import configuration_plan as plan
from csms.v16.capabilities import model_of
from csms.v16.commissioning import bring_about

routes = Routes("Configuration")
_logger = logging.getLogger(__name__)

KeyText = Annotated[str, Field(min_length=1, max_length=50, pattern=PRINTABLE)]
"""CiString50 [S 6.9]."""
ValueText = Annotated[str, Field(max_length=500)]
_LONGEST_NAME: Final = 20
"""CiString20, as BootNotification has it [S 6.3]."""


def _named(text: str) -> str:
    name = unquote(text)
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise ValueError(f"has 1 to {_LONGEST_NAME} printable characters")
    return name


PathVendor = Annotated[
    str, AfterValidator(_named), Path(description="chargePointVendor, percent-encoded; its case is ignored.")
]
PathModel = Annotated[
    str,
    AfterValidator(_named),
    Path(description="chargePointModel, percent-encoded, without slashes; its case is ignored."),
]


def _settable(values: dict[str, Any]) -> dict[str, Any]:
    if len({key.casefold() for key in values}) < len(values):
        raise ValueError("a key is named twice: keys are compared whatever their case")
    if secret := next((key for key, value in values.items() if is_secret(key) or redact(value) != value), None):
        raise ValueError(f"{secret} is secret: change it by ChangeConfiguration, which keeps it nowhere")
    if any(configuration_keys.names(key, profile_upgrade.KEY) for key in values):
        raise ValueError(f"{profile_upgrade.KEY} is no wish: POST the security-profile of a charge point")
    faults = (plan.fault_of(key, value) for key, value in values.items() if value is not None)
    if fault := next(filter(None, faults), None):
        raise ValueError(fault)
    return values


CallSettle = Annotated[Integer, Field(ge=0, le=LONGEST_SETTLE_S)]
CallGap = Annotated[Integer, Field(ge=0, le=LONGEST_GAP_S)]
Desired = Annotated[dict[KeyText, ValueText], Field(max_length=100), AfterValidator(_settable)]
ModelDesired = Annotated[dict[KeyText, ValueText | None], Field(max_length=100), AfterValidator(_settable)]


class TryView(View):
    """The latest try to set a key to what it should be."""

    value: str
    status: str = Field(description="What the charge point answered, or why it was not asked.")
    at: Moment
    count: int = Field(description="How often the value was tried since it was last read back.")


class KeyView(View):
    """A configuration key."""

    key: str
    value: str | None = Field(description="As last reported or accepted; secrets are hidden.")
    readonly: bool
    unknown: bool = Field(description="The charge point says that it has no such key.")
    needs_reboot: bool = Field(description="The value was accepted and counts after the next boot.")
    reported_at: Moment | None
    desired: str | None = Field(description="What it should be: by its own wish, its model's or the default.")
    state: plan.WishState | None = Field(description="How that stands; null where nothing is wished for.")
    latest_try: TryView | None


class ConfigurationView(View):
    """All keys that a charge point was heard of, or that something is wished for."""

    charge_point_id: str
    keys: list[KeyView]


class DesiredConfiguration(RequestModel):
    """What a charge point should have, whatever is wished for its model."""

    values: Desired


class DesiredConfigurationView(View):
    """What a charge point should have, whatever is wished for its model."""

    charge_point_id: str
    values: dict[str, str]


class ModelSettings(RequestModel):
    """What charge points of a model should have, and how they are to be dealt with."""

    desired: ModelDesired = Field(
        default={}, description="Configuration; null leaves to the charge point what there is a default for."
    )
    skipped: Annotated[tuple[KeyText, ...], Field(max_length=100)] = Field(
        default=(), description="Keys that are neither asked for by name nor set."
    )
    quirks: dict[Quirk, Flag] = Field(default={})
    call_settle_s: CallSettle | None = Field(
        default=None, description="Seconds after a BootNotification without any call; null: as for all models."
    )
    call_gap_s: CallGap | None = Field(
        default=None, description="Seconds from an answer to the next call; null: as for all models."
    )


class ModelView(View):
    """A model of charge points."""

    vendor: str
    model: str
    desired: dict[str, str | None]
    skipped: list[str]
    quirks: dict[Quirk, bool]
    call_settle_s: int | None
    call_gap_s: int | None
    defaults: dict[str, str] = Field(description="What every charge point should have unless something else is said.")


@routes.get("/charge-points/<identity>/configuration", Scope.READ)
def read_configuration(current: Current, identity: PathIdentity) -> ConfigurationView:
    """The configuration of a charge point as it last reported it, and how that compares with what it should be.

    To ask it anew, command GetConfiguration.
    """
    charge_point = current.charge_point(identity)
    rows = current.store.configuration.all(charge_point.id)
    known = plan.by_name(rows)
    chosen = {wish.key.casefold(): wish for wish in plan.wishes(rows, model_of(current.store, charge_point))}
    views = [_key_view(known.get(name), chosen.get(name)) for name in sorted(known.keys() | chosen.keys())]
    return ConfigurationView(charge_point_id=charge_point.id, keys=views)


@routes.get("/charge-points/<identity>/desired-configuration", Scope.READ)
def read_desired_configuration(current: Current, identity: PathIdentity) -> DesiredConfigurationView:
    """What is wished for this charge point itself."""
    charge_point = current.charge_point(identity)
    return _desired_view(charge_point, current.store.configuration.all(charge_point.id))


@routes.put("/charge-points/<identity>/desired-configuration", Scope.OPERATE)
def set_desired_configuration(
    current: Current, identity: PathIdentity, desired: Annotated[DesiredConfiguration, Body()]
) -> DesiredConfigurationView:
    """Say what a charge point should have, instead of what was said before.

    Whatever differs is set, one key after the other, as soon as the charge point can be called; in quiet mode after
    the next boot out of it. What a charge point does not keep is set again after its next boot, three times at most;
    what it refuses is not, until the wish changes. `configuration` shows how it stands.
    """
    charge_point = current.charge_point(identity)
    store = current.store.configuration
    rows = store.all(charge_point.id, consistent=True)
    wanted = {key.casefold() for key in desired.values}
    withdrawn = [row.key for row in rows if row.desired_value is not None and row.key.casefold() not in wanted]
    store.desire(charge_point.id, {**dict.fromkeys(withdrawn), **desired.values}, current.now)
    _logger.info("desired configuration set", extra={"charge_point_id": charge_point.id, "caller": current.caller})
    bring_about(current.store, current.calls.place, charge_point.id, current.now)
    return _desired_view(charge_point, store.all(charge_point.id, consistent=True))


@routes.get("/models/<vendor>/<model>", Scope.READ)
def read_model(current: Current, vendor: PathVendor, model: PathModel) -> ModelView:
    """What is noted about a model; nothing but the defaults if nothing is."""
    return _model_view(current.store.charge_point_models.get(vendor, model))


@routes.put("/models/<vendor>/<model>", Scope.ADMIN)
def set_model(
    current: Current, vendor: PathVendor, model: PathModel, settings: Annotated[ModelSettings, Body()]
) -> ModelView:
    """Say what charge points of a model should have, instead of what was said before.

    It reaches each of them after its next boot.
    """
    noted = ChargePointModel(vendor, model, **dict(settings))
    current.store.charge_point_models.put(noted)
    _logger.info("model set", extra={"vendor": vendor, "model": model, "caller": current.caller})
    return _model_view(noted)


def _key_view(row: ConfigurationKey | None, wish: plan.Wish | None) -> KeyView:
    known = row or ConfigurationKey(wish.key if wish else "")
    tried = known.attempt
    return KeyView(
        key=known.key,
        value=redact_value(known.key, known.value),
        readonly=known.is_read_only,
        unknown=known.is_unknown,
        needs_reboot=known.needs_reboot,
        reported_at=known.reported_at,
        desired=wish.shown if wish else None,
        state=plan.state_of(wish, row) if wish else None,
        latest_try=TryView(value=tried.value, status=tried.status, at=tried.at, count=tried.count) if tried else None,
    )


def _desired_view(charge_point: ChargePoint, rows: list[ConfigurationKey]) -> DesiredConfigurationView:
    values = {row.key: row.desired_value for row in rows if row.desired_value is not None}
    return DesiredConfigurationView(charge_point_id=charge_point.id, values=values)


def _model_view(model: ChargePointModel) -> ModelView:
    return ModelView(
        vendor=model.vendor,
        model=model.model,
        desired=dict(model.desired),
        skipped=list(model.skipped),
        quirks=dict(model.quirks),
        call_settle_s=model.call_settle_s,
        call_gap_s=model.call_gap_s,
        defaults={wish.key: wish.value for wish in plan.DEFAULTS},
    )
