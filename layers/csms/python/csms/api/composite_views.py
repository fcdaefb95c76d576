"""Composite schedules as the API shows them: ours, the charge point's, and where they differ."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import Field

from csms.api.charts import StepSeries, step_chart
from csms.api.models import Moment, View
from csms.ids import ChargePointId
from csms.smart_charging.composite import Step, Window
from csms.smart_charging.drift import Drift, drifts
from csms.smart_charging.profiles import TENTH, ChargingRateUnit, Supply
from csms.v16.composite_schedules import Limits, StationSchedule


class StepView(View):
    """A limit from then on; null: none is known."""

    start_period: int = Field(description="Seconds after the start of the schedule.")
    limit: float | None
    number_phases: int | None


class DriftView(View):
    """A stretch in which the charge point says something else than its profiles come to."""

    start_period: int
    end_period: int
    computed: float
    reported: float | None


class ReportedScheduleView(View):
    """What the charge point last answered to GetCompositeSchedule."""

    command_id: str
    asked_at: Moment | None
    start: Moment
    duration: int
    unit: ChargingRateUnit
    periods: list[StepView]
    current: bool = Field(description="None of its profiles has changed since.")
    agrees: bool = Field(description="It never differs from what its profiles come to.")
    drift: list[DriftView] = Field(
        description="Where it differs for more than a second by more than 0.1 A, or what that is in W, from what the"
        " profiles on record now come to in its own unit. A limit of the hardware alone is no drift."
    )


class CompositeScheduleView(View):
    """What limits a connector over a time, as worked out from the profiles on record."""

    charge_point_id: str
    connector_id: int
    start: Moment
    duration: int
    unit: ChargingRateUnit
    periods: list[StepView]
    uncertain: list[int] = Field(description="Profiles that it may have or not; they are left out.")
    reported: ReportedScheduleView | None


def composite_view(
    charge_point_id: ChargePointId,
    connector_id: int,
    window: Window,
    unit: ChargingRateUnit,
    limits: Limits,
    answer: StationSchedule | None,
    supply: Supply,
) -> CompositeScheduleView:
    """Everything about the composite schedule of a connector."""
    return CompositeScheduleView(
        charge_point_id=charge_point_id,
        connector_id=connector_id,
        start=window.start,
        duration=window.duration_s,
        unit=unit,
        periods=_views(limits.composite(connector_id, window, unit)),
        uncertain=sorted({profile.id for profile in limits.uncertain}),
        reported=_reported(connector_id, limits, answer, supply) if answer else None,
    )


def composite_chart(view: CompositeScheduleView, limits: Limits, answer: StationSchedule | None) -> str:
    """The same, drawn; what the charge point said as well, where it said it in the same unit."""
    end = view.start + timedelta(seconds=view.duration)
    series = [
        _series(
            "computed", view.start, limits.composite(view.connector_id, Window(view.start, view.duration), view.unit)
        )
    ]
    if answer and answer.unit is view.unit:
        series.append(_series("reported", answer.window.start, _until_end(answer)))
    return step_chart(f"{view.charge_point_id}, connector {view.connector_id}", view.unit, view.start, end, series)


def _reported(connector_id: int, limits: Limits, answer: StationSchedule, supply: Supply) -> ReportedScheduleView:
    ours = limits.composite(connector_id, answer.window, answer.unit)
    drift = list(drifts(ours, answer.steps, answer.window.duration_s, _tolerance(answer.unit, supply)))
    asked_at = answer.call.sent_at
    return ReportedScheduleView(
        command_id=answer.call.id,
        asked_at=asked_at,
        start=answer.window.start,
        duration=answer.window.duration_s,
        unit=answer.unit,
        periods=_views(answer.steps),
        current=all(asked_at is not None and row.as_of <= asked_at for row in limits.rows),
        agrees=not drift,
        drift=[_drift_view(one) for one in drift],
    )


def _tolerance(unit: ChargingRateUnit, supply: Supply) -> Decimal:
    return TENTH if unit is ChargingRateUnit.A else TENTH * supply.voltage_v * supply.phases


def _views(steps: Sequence[Step]) -> list[StepView]:
    return [StepView(start_period=step.start_s, limit=_number(step.limit), number_phases=step.phases) for step in steps]


def _drift_view(one: Drift) -> DriftView:
    return DriftView(
        start_period=one.start_s, end_period=one.end_s, computed=float(one.ours), reported=_number(one.theirs)
    )


def _number(limit: Decimal | None) -> float | None:
    return None if limit is None else float(limit)


def _until_end(answer: StationSchedule) -> list[Step]:
    return [*answer.steps, Step(answer.window.duration_s, None)]


def _series(name: str, start: datetime, steps: Sequence[Step]) -> StepSeries:
    return name, [(start + timedelta(seconds=step.start_s), _number(step.limit)) for step in steps]
