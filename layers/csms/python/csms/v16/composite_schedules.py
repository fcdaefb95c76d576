"""Composite schedules of a charge point: what its profiles on record come to, and what it said itself [S 5.7]."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from pydantic import ValidationError

from csms.ids import ChargePointId
from csms.smart_charging.composite import (
    CHARGE_POINT,
    Connector,
    Step,
    Window,
    composite_of_charge_point,
    composite_schedule,
)
from csms.smart_charging.profiles import ChargingRateUnit, Profile, RunningTransaction, Supply
from csms.store import Store
from csms.store.calls import Call, CallState
from csms.store.charging_profiles import InstalledProfile
from csms.v16.commands.get_composite_schedule import GetCompositeScheduleResponse
from csms.v16.installed_profiles import knowledge_of, profiles_of
from csms.v16.rules import limit_of

ACTION: Final = "GetCompositeSchedule"
_MOST_QUERIES: Final = 5
_PAGE: Final = 100
_MOST_CONNECTORS: Final = 100


@dataclass(frozen=True)
class Limits:
    """All that limits a charge point, as it is known now."""

    rows: Sequence[InstalledProfile]
    """Every profile on record, those that are gone too."""
    profiles: Sequence[Profile]
    """What it has acknowledged of them."""
    uncertain: Sequence[Profile]
    """What it may have or not."""
    connectors: Sequence[Connector]

    def has(self, connector_id: int) -> bool:
        """Whether there is such a connector, as far as is known."""
        return connector_id == CHARGE_POINT or any(found.id == connector_id for found in self.connectors)

    def composite(self, connector_id: int, window: Window, unit: ChargingRateUnit) -> tuple[Step, ...]:
        """The limits of a connector; of connector 0, those of the charge point as a whole."""
        if connector_id == CHARGE_POINT:
            return composite_of_charge_point(self.profiles, self.connectors, window, unit)
        connector = next(found for found in self.connectors if found.id == connector_id)
        return composite_schedule(self.profiles, connector, window, unit)


@dataclass(frozen=True)
class StationSchedule:
    """What a charge point answered."""

    call: Call
    window: Window
    unit: ChargingRateUnit
    steps: tuple[Step, ...]


def limits_of(store: Store, charge_point_id: ChargePointId, connector_id: int, supply: Supply, now: datetime) -> Limits:
    """What limits the charge point now. A connector that is free is taken to begin a transaction now."""
    rows = profiles_of(store, charge_point_id, now)
    heard_of = {found.connector_id: found.transaction_id for found in store.connectors.all(charge_point_id)}
    named = sorted(number for number in heard_of.values() if number is not None)
    running = [found for found in store.transactions.get_many(charge_point_id, named) if found.is_open]
    number = limit_of(store.configuration.values(charge_point_id, "NumberOfConnectors").get("NumberOfConnectors"))
    there = {*heard_of, *range(1, min(number, _MOST_CONNECTORS) + 1)} if number else {*heard_of, connector_id}
    charging = {found.start.connector_id: RunningTransaction(found.id, found.started_at) for found in running}
    beginning = RunningTransaction(None, now)
    connectors = [Connector(each, charging.get(each, beginning), supply) for each in sorted(there - {CHARGE_POINT})]
    known = knowledge_of(rows)
    return Limits(rows, known.certain, known.uncertain, connectors)


def last_answer(store: Store, charge_point_id: ChargePointId, connector_id: int) -> StationSchedule | None:
    """What the charge point last said of that connector, as far back as is looked for."""
    after = None
    for _ in range(_MOST_QUERIES):
        page = store.calls.list(charge_point_id, limit=_PAGE, after=after, action=ACTION, state=CallState.ACCEPTED)
        for call in page.calls:
            if call.payload.get("connectorId") == connector_id and (found := read_answer(call)):
                return found
        after = page.cursor
        if after is None:
            break
    return None


def read_answer(call: Call) -> StationSchedule | None:
    """The schedule that was answered; None where there is none, or none that can be read."""
    try:
        answer = GetCompositeScheduleResponse.model_validate(call.response)
        schedule = answer.charging_schedule
        if schedule is None:
            return None
        unit = ChargingRateUnit(schedule.charging_rate_unit)
    except (ValidationError, ValueError):
        return None
    start = answer.schedule_start or schedule.start_schedule or call.sent_at or call.created_at
    duration_s = schedule.duration if schedule.duration is not None else int(call.payload["duration"])
    steps = [
        Step(period.start_period, Decimal(str(period.limit)), period.number_phases)
        for period in schedule.charging_schedule_period
    ]
    return StationSchedule(call, Window(start, duration_s), unit, tuple(sorted(steps, key=lambda step: step.start_s)))
