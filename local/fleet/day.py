"""A station's day, planned before it begins: which cars come when, when the network fails. Pure and repeatable."""

import random
from dataclasses import dataclass
from typing import Final

from local.fleet.charging_curve import Vehicle
from local.fleet.plan import FleetPlan

MINUTE_S: Final = 60
HOUR_S: Final = 3600
BOOT_WITHIN_S: Final = 20 * MINUTE_S
FIRST_VISIT_S: Final = HOUR_S
LAST_VISIT_ENDS_S: Final = 23 * HOUR_S
UNKNOWN_ID_TAG: Final = "UNKNOWN-CARD"
"""The tag of a visitor without a contract."""


@dataclass(frozen=True)
class ChargerModel:
    """A kind of station."""

    vendor: str
    name: str
    connectors: int
    max_power_w: int
    phases: int
    dc: bool = False


@dataclass(frozen=True)
class Visit:
    """A car that comes to a connector; times in seconds since the day began."""

    connector_id: int
    id_tag: str
    vehicle: Vehicle
    soc: float
    arrives_s: int
    leaves_s: int
    plugs_in_first: bool
    pulls_the_plug: bool
    """Ends the transaction at the car instead of with the tag."""


@dataclass(frozen=True)
class Outage:
    """A time without network; the station keeps charging."""

    from_s: int
    until_s: int
    silent: bool
    """The Central System does not notice: to it, the old connection is open until after the new one."""


@dataclass(frozen=True)
class StationDay:
    """Everything one station will live through unless an operator interferes."""

    identity: str
    model: ChargerModel
    boots_s: int
    visits: tuple[Visit, ...]
    outage: Outage | None
    checks_firmware_s: int | None
    sends_data_s: int | None
    meter_start_wh: tuple[int, ...]
    """Register of each connector at the beginning of the day."""


MODELS: Final = (
    ChargerModel("Wattbox", "Home 7", connectors=1, max_power_w=7_360, phases=1),
    ChargerModel("Wattbox", "Duo 22", connectors=2, max_power_w=22_080, phases=3),
    ChargerModel("Voltpost", "Street 11", connectors=2, max_power_w=11_040, phases=3),
    ChargerModel("Voltpost", "Rapid 150", connectors=2, max_power_w=150_000, phases=3, dc=True),
)


def plan_day(plan: FleetPlan, index: int) -> StationDay:
    """The day of one station, the same for the same plan."""
    rng = random.Random(f"{plan.seed}/{index}")  # noqa: S311
    model = rng.choice(MODELS)
    visits = [visit for n in range(1, model.connectors + 1) for visit in _visits(plan, model, n, rng)]
    return StationDay(
        identity=plan.identity(index),
        model=model,
        boots_s=rng.randrange(BOOT_WITHIN_S),
        visits=tuple(sorted(visits, key=lambda visit: visit.arrives_s)),
        outage=_outage(rng),
        checks_firmware_s=rng.randrange(2 * HOUR_S, 5 * HOUR_S) if rng.random() < 0.2 else None,
        sends_data_s=rng.randrange(5 * HOUR_S, 22 * HOUR_S) if rng.random() < 0.3 else None,
        meter_start_wh=tuple(rng.randrange(5_000_000) for _ in range(model.connectors)),
    )


def _visits(plan: FleetPlan, model: ChargerModel, connector_id: int, rng: random.Random) -> list[Visit]:
    """Cars one after the other: the day is cut into slots, each car stays inside its own."""
    count = rng.randint(max(0, plan.visits - 1), plan.visits + 1)
    if count == 0:
        return []
    slot_s = (LAST_VISIT_ENDS_S - FIRST_VISIT_S) // count
    return [_visit(plan, model, connector_id, FIRST_VISIT_S + n * slot_s, slot_s, rng) for n in range(count)]


def _visit(
    plan: FleetPlan, model: ChargerModel, connector_id: int, slot_begins_s: int, slot_s: int, rng: random.Random
) -> Visit:
    arrives_s = slot_begins_s + rng.randrange(slot_s // 3)
    longest_s = slot_begins_s + slot_s - arrives_s - 10 * MINUTE_S
    stays_s = rng.randrange(20 * MINUTE_S, 50 * MINUTE_S) if model.dc else rng.randrange(HOUR_S, 9 * HOUR_S)
    return Visit(
        connector_id=connector_id,
        id_tag=UNKNOWN_ID_TAG if rng.random() < 0.02 else rng.choice(plan.id_tags),
        vehicle=_vehicle(model, rng),
        soc=rng.uniform(0.1, 0.6),
        arrives_s=arrives_s,
        leaves_s=arrives_s + min(stays_s, longest_s),
        plugs_in_first=rng.random() < 0.6,
        pulls_the_plug=rng.random() < 0.15,
    )


def _vehicle(model: ChargerModel, rng: random.Random) -> Vehicle:
    capacity_wh = rng.choice((38_000, 52_000, 64_000, 77_000, 95_000))
    if model.dc:
        return Vehicle(capacity_wh, min(model.max_power_w, capacity_wh * 2), phases=3)
    max_power_w, phases = rng.choice(((3_680, 1), (7_360, 1), (11_040, 3), (22_080, 3)))
    phases = min(phases, model.phases)
    return Vehicle(capacity_wh, min(max_power_w, model.max_power_w * phases // model.phases), phases)


def _outage(rng: random.Random) -> Outage | None:
    """One station in three loses its network once a day, long enough to start or stop a transaction meanwhile."""
    if rng.random() >= 1 / 3:
        return None
    from_s = rng.randrange(3 * HOUR_S, 18 * HOUR_S)
    return Outage(from_s, from_s + rng.randrange(20 * MINUTE_S, 3 * HOUR_S), silent=rng.random() < 0.5)
