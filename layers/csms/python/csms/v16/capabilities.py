"""What a charge point can do: read from its configuration, learnt from its answers, corrected by operators.

What is not known never stands in the way. Limits live in the configuration rows, where the rules look them up; only
quirks are kept by themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from csms.store import Store
from csms.store.charge_point_models import ChargePointModel
from csms.store.charge_points import ChargePoint, Quirk
from csms.store.configuration import ConfigurationKey
from csms.v16.operations import Settled
from csms.v16.rules import limit_of

PROFILES_KEY: Final = "SupportedFeatureProfiles"
LIMIT_KEYS: Final = (
    "NumberOfConnectors",
    "GetConfigurationMaxKeys",
    "LocalAuthListMaxLength",
    "SendLocalListMaxLength",
    "ChargeProfileMaxStackLevel",
    "ChargingScheduleMaxPeriods",
    "MaxChargingProfilesInstalled",
)
"""The configuration keys that say how much a charge point takes [S 9]."""


@dataclass(frozen=True)
class Capabilities:
    """What is known; None where nothing is."""

    profiles: tuple[str, ...] | None
    limits: Mapping[str, int | None]
    quirks: Mapping[Quirk, bool]


def capabilities_of(
    charge_point: ChargePoint, model: ChargePointModel, rows: Iterable[ConfigurationKey]
) -> Capabilities:
    """What is known of a charge point."""
    known = {row.key.casefold(): row.believed_value for row in rows}
    profiles = known.get(PROFILES_KEY.casefold())
    return Capabilities(
        profiles=None if profiles is None else tuple(name.strip() for name in profiles.split(",") if name.strip()),
        limits={key: limit_of(known.get(key.casefold())) for key in LIMIT_KEYS},
        quirks=quirks_of(charge_point, model),
    )


def quirks_of(charge_point: ChargePoint, model: ChargePointModel) -> Mapping[Quirk, bool]:
    """Its own quirks, and those of its model that it has not shown to lack."""
    return {**model.quirks, **charge_point.quirks}


def model_of(store: Store, charge_point: ChargePoint) -> ChargePointModel:
    """What is noted about the model of a charge point."""
    boot = charge_point.boot or {}
    vendor, model = boot.get("charge_point_vendor", ""), boot.get("charge_point_model", "")
    return store.charge_point_models.get(vendor, model)


def learn_quirk(settled: Settled, quirk: Quirk, *, has_it: bool) -> None:
    """Keep what an answer shows, unless it is known or the charge point is in quiet mode."""
    store, charge_point_id = settled.store, settled.call.charge_point_id
    charge_point, link = store.charge_points.get(charge_point_id), store.links.get(charge_point_id)
    if charge_point is None or link is None or link.is_quiet:
        return
    if quirks_of(charge_point, model_of(store, charge_point)).get(quirk, False) is not has_it:
        store.charge_points.set_quirks(charge_point_id, {quirk: has_it})
