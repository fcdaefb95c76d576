"""Charging profiles: what charge points have been sent, and what it comes to."""

from decimal import Decimal
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from csms.api.charts import MEDIA_TYPE, chart_response
from csms.api.commanding import Options, place_and_wait
from csms.api.composite_views import CompositeScheduleView, composite_chart, composite_view
from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_key, encode_key
from csms.api.models import Moment, Page, PathIdentity, View
from csms.api.problems import Conflict, Finding, InvalidRequest
from csms.api.request import Current, CurrentRequest
from csms.api.resources.commands import IdempotencyKey
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.api.waiting import LONGEST_WAIT_S
from csms.ids import ChargePointId, TransactionId
from csms.smart_charging.composite import Window
from csms.smart_charging.evaluation import limit_at
from csms.smart_charging.profiles import MOST_PHASES, ChargingRateUnit, Supply
from csms.store.calls import CallState
from csms.store.charging_profiles import InstalledProfile, ProfileState
from csms.store.errors import InvalidCursor
from csms.v16.charging_profiles import translate
from csms.v16.composite_schedules import ACTION, StationSchedule, last_answer, limits_of, read_answer
from csms.v16.installed_profiles import profiles_of

routes = Routes("Smart charging")

_DAY_S: Final = 86_400
_LONGEST_S: Final = 7 * _DAY_S
_USUAL_WAIT_S: Final = 10

ConnectorId = Annotated[int, Query(alias="connectorId", ge=0, le=1000, description="0: the charge point as a whole.")]
Duration = Annotated[int, Query(ge=1, le=_LONGEST_S, description="Seconds from now on.")]
Unit = Annotated[ChargingRateUnit, Query(description="A on each phase, or W in all.")]
Voltage = Annotated[int, Query(ge=50, le=1000, description="V between a phase and neutral, nominal.")]
Phases = Annotated[int, Query(ge=1, le=MOST_PHASES, description="To which the connectors are wired.")]
Maximum = Annotated[
    Decimal | None, Query(gt=0, le=10_000, description="What the hardware lets through, A; where left out, not known.")
]


class LimitView(View):
    """What a profile limits to."""

    limit: float
    unit: ChargingRateUnit
    number_phases: int | None


class VersionView(View):
    """A profile that the charge point may have under the id instead."""

    connector_id: int | None
    acknowledged: bool
    profile: dict[str, Any]


class ChargingProfileView(View):
    """A charging profile that a charge point was sent."""

    id: int
    connector_id: int | None = Field(description="null: the charge point chooses, in a remote start.")
    purpose: str
    stack_level: int
    state: ProfileState
    acknowledged: bool = Field(description="The charge point said that it took it.")
    as_of: Moment = Field(description="When the command went out that made it what it is known as.")
    command_id: str
    transaction_id: int | None
    id_tag: str | None = Field(description="Of the remote start that brought it.")
    limits_now: LimitView | None = Field(
        description="What it says for this moment; null while its schedule does not run, or it is gone. Another profile"
        " may prevail."
    )
    profile: dict[str, Any] = Field(description="As it was sent.")
    instead: list[VersionView] = Field(description="What the charge point may have under this id instead.")


@routes.get("/charge-points/<identity>/charging-profiles", Scope.READ)
def list_charging_profiles(
    current: Current,
    identity: PathIdentity,
    state: Annotated[ProfileState | None, Query(description="Only those in this state.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[ChargingProfileView]:
    """The charging profiles a charge point was sent, by id; those that are gone are kept for 90 days."""
    charge_point_id = current.charge_point(identity).id
    after = _id_after(cursor)
    rows = profiles_of(current.store, charge_point_id, current.now)
    wanted = [row for row in rows if state in {None, row.state} and (after is None or row.id > after)]
    page = wanted[:limit]
    starts = _starts(current, charge_point_id, page)
    following = encode_key({"id": str(page[-1].id)}) if len(wanted) > limit else None
    return Page[ChargingProfileView](items=[_view(current, row, starts) for row in page], cursor=following)


_COMPOSITE: Final = {
    200: {"application/json": {"model": CompositeScheduleView}, MEDIA_TYPE: {"schema": {"type": "string"}}}
}


@routes.get("/charge-points/<identity>/composite-schedule", Scope.READ, answers=_COMPOSITE)
def read_composite_schedule(
    current: Current,
    identity: PathIdentity,
    connector_id: ConnectorId,
    duration: Duration = _DAY_S,
    unit: Unit = ChargingRateUnit.A,
    voltage: Voltage = 230,
    phases: Phases = MOST_PHASES,
    maximum: Maximum = None,
) -> Response[Any]:
    """What limits a connector from now on, beside what the charge point last said itself.

    A connector that is free is taken to begin a transaction now. With `Accept: image/svg+xml` a chart.
    """
    charge_point_id = current.charge_point(identity).id
    answer = last_answer(current.store, charge_point_id, connector_id)
    return _answer(current, charge_point_id, connector_id, duration, unit, Supply(voltage, phases, maximum), answer)


@routes.post("/charge-points/<identity>/composite-schedule", Scope.OPERATE, answers=_COMPOSITE)
def ask_for_composite_schedule(
    current: Current,
    identity: PathIdentity,
    connector_id: ConnectorId,
    duration: Duration = _DAY_S,
    unit: Unit = ChargingRateUnit.A,
    voltage: Voltage = 230,
    phases: Phases = MOST_PHASES,
    maximum: Maximum = None,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S, description="Seconds to wait for it.")] = _USUAL_WAIT_S,
    idempotency_key: IdempotencyKey = None,
) -> Response[Any]:
    """Ask the charge point with GetCompositeSchedule, and answer as above with what it says.

    409 if it is offline, does not answer in time, or has no schedule to tell; the command is on record all the same.
    """
    body: dict[str, Any] = {"connectorId": connector_id, "duration": duration, "chargingRateUnit": unit.value}
    call = place_and_wait(current, identity, ACTION, body, Options(wait, None, False, idempotency_key))
    answer = read_answer(call) if call.state is CallState.ACCEPTED else None
    if answer is None:
        raise Conflict(f"no composite schedule: the command {call.id} is {call.state} ({call.status or 'no answer'})")
    supply = Supply(voltage, phases, maximum)
    return _answer(current, call.charge_point_id, connector_id, duration, unit, supply, answer)


def _answer(
    current: CurrentRequest,
    charge_point_id: ChargePointId,
    connector_id: int,
    duration_s: int,
    unit: ChargingRateUnit,
    supply: Supply,
    answer: StationSchedule | None,
) -> Response[Any]:
    limits = limits_of(current.store, charge_point_id, connector_id, supply, current.now)
    if not limits.has(connector_id):
        raise InvalidRequest(Finding("connectorId", "the charge point has no such connector"))
    window = Window(current.now, duration_s)
    view = composite_view(charge_point_id, connector_id, window, unit, limits, answer, supply)
    if current.wants_chart:
        return chart_response(composite_chart(view, limits, answer))
    return Response(200, "application/json", view)


def _id_after(cursor: str | None) -> int | None:
    key = decode_key(cursor)
    if key is None:
        return None
    try:
        return int(key["id"])
    except (KeyError, ValueError) as error:
        raise InvalidCursor("not a cursor of this list") from error


def _starts(current: CurrentRequest, charge_point_id: ChargePointId, rows: list[InstalledProfile]) -> Any:
    numbers = sorted({row.transaction_id for row in rows if row.transaction_id is not None and row.state.may_apply})
    found = current.store.transactions.get_many(charge_point_id, numbers)
    return {transaction.id: transaction.started_at for transaction in found}


def _view(current: CurrentRequest, row: InstalledProfile, starts: Any) -> ChargingProfileView:
    return ChargingProfileView(
        id=row.id,
        connector_id=row.connector_id,
        purpose=row.purpose,
        stack_level=row.stack_level,
        state=row.state,
        acknowledged=row.is_acknowledged,
        as_of=row.as_of,
        command_id=row.call_id,
        transaction_id=row.transaction_id,
        id_tag=row.id_tag,
        limits_now=_limits_now(current, row, starts) if row.state.may_apply else None,
        profile=row.profile,
        instead=[
            VersionView(connector_id=one.connector_id, acknowledged=one.is_acknowledged, profile=one.profile)
            for one in row.earlier
        ],
    )


def _limits_now(current: CurrentRequest, row: InstalledProfile, starts: Any) -> LimitView | None:
    profile = translate(row.profile, row.connector_id, row.transaction_id)
    since = starts.get(row.transaction_id or TransactionId(0))
    limit = limit_at(profile, current.now, since)
    if limit is None:
        return None
    return LimitView(limit=float(limit.value), unit=limit.unit, number_phases=limit.phases)
