"""What falls due is ended by the clock."""

from datetime import datetime, timedelta
from typing import Any

import pytest

import sweep.handler
from csms import schema
from csms.gateway import Posted
from csms.ids import CallId, ChargePointId, PlanId, ReservationId, SiteId
from csms.ocpp.primitives import format_timestamp
from csms.runtime import Runtime
from csms.smart_charging.situation import Policy
from csms.store import keys
from csms.store.calls import CallState
from csms.store.charging_plans import ChargingPlan, PlanKind
from csms.store.reservations import Reservation, ReservationState
from csms.store.table import _key
from csms.sweep import Chore, SweepFailed
from csms.sweep import sweep as sweep_chores
from csms.workflows import StepFunctions
from tests.called_station import CalledStation
from tests.lambda_station import NOON

CP001 = ChargePointId("CP001")


def tick(now: datetime) -> None:
    sweep.handler.lambda_handler({"time": format_timestamp(now)}, None)


def test_a_call_whose_time_is_up_before_the_station_came_back_expires(called: CalledStation) -> None:
    called.disconnect()
    call = called.is_called("ClearCache")
    called.wait(hours=23)
    tick(called.now)
    assert called.stored(call).state is CallState.QUEUED
    called.wait(hours=2)
    tick(called.now)
    assert called.stored(call).state is CallState.EXPIRED


def test_what_has_expired_leaves_the_waiting_list_of_a_station_that_stays_away(
    csms: Runtime, called: CalledStation
) -> None:
    called.disconnect()
    for _ in range(3):
        called.is_called("ClearCache", lifetime=timedelta(minutes=1))
    call = called.is_called("ClearCache", lifetime=timedelta(hours=1))
    called.wait(minutes=2)
    tick(called.now)
    link = csms.store.links.get(CP001)
    assert link is not None
    assert link.waiting == (call.id,)


def test_a_call_that_was_to_go_out_at_once_expires_if_it_could_not_be_delivered(called: CalledStation) -> None:
    called.wait(minutes=1)
    called.post_result = Posted.GONE
    call = called.is_called("ClearCache", lifetime=timedelta(minutes=1))
    assert called.stored(call).state is CallState.QUEUED
    called.wait(minutes=2)
    tick(called.now)
    assert called.stored(call).state is CallState.EXPIRED


def test_an_ended_call_is_not_swept(called: CalledStation) -> None:
    call = called.is_called("ClearCache")
    called.reply({"status": "Accepted"})
    called.wait(hours=25)
    tick(called.now)
    assert called.stored(call).state is CallState.ACCEPTED


def test_a_row_that_nobody_can_read_keeps_no_other_from_its_end(csms: Runtime, called: CalledStation) -> None:
    called.disconnect()
    broken, call = (called.is_called("ClearCache", lifetime=timedelta(minutes=1)) for _ in range(2))
    table = csms.store.calls._table
    table.update(keys.call(CP001, broken.id), remove=("payload",))
    called.wait(minutes=2)
    with pytest.raises(SweepFailed):
        tick(called.now)
    assert called.stored(call).state is CallState.EXPIRED


def test_a_row_of_a_newer_schema_is_left_to_those_who_can_read_it(csms: Runtime, called: CalledStation) -> None:
    called.disconnect()
    newer, call = (called.is_called("ClearCache", lifetime=timedelta(minutes=1)) for _ in range(2))
    table, key = csms.store.calls._table, keys.call(CP001, newer.id)
    item = table._client.get_item(TableName=table._name, Key=_key(key))["Item"]
    table._client.put_item(TableName=table._name, Item=item | {"v": {"N": str(schema.VERSION + 1)}})
    called.wait(minutes=2)
    tick(called.now)
    assert called.stored(call).state is CallState.EXPIRED


def test_a_reservation_ends_with_its_time(csms: Runtime, called: CalledStation) -> None:
    until = called.now + timedelta(minutes=10)
    reservation = Reservation(CP001, ReservationId(1), 1, "TAG1", until, reserved_at=called.now, call_id=CallId("c"))
    csms.store.reservations.keep(reservation)
    tick(until - timedelta(seconds=1))
    assert csms.store.reservations.open_of(CP001) == [reservation]
    tick(until + timedelta(seconds=1))
    ended = csms.store.reservations.get(CP001, ReservationId(1))
    assert ended is not None
    assert (ended.state, ended.ended_at) == (ReservationState.EXPIRED, until)


def test_one_thing_that_cannot_be_ended_stops_no_other() -> None:
    ended: list[str] = []

    def due(_: datetime, shard: int) -> list[str]:
        return ["poison", "good"] if shard == 3 else []

    def end(thing: str) -> Any:
        if thing == "poison":
            raise RuntimeError(thing)
        ended.append(thing)

    work = (Chore("poisonous", due, end), Chore("others", lambda _, shard: [f"other {shard}"], ended.append))
    with pytest.raises(SweepFailed, match="1 thing"):
        sweep_chores(work, NOON)
    assert ended == ["good", *(f"other {shard}" for shard in range(16))]


def test_a_chore_that_cannot_be_looked_up_stops_no_other() -> None:
    ended: list[str] = []

    def due(_: datetime, shard: int) -> list[str]:
        if shard == 3:
            raise RuntimeError(shard)
        return []

    work = (Chore("broken", due, ended.append), Chore("others", lambda _, shard: [f"other {shard}"], ended.append))
    with pytest.raises(SweepFailed, match="1 thing"):
        sweep_chores(work, NOON)
    assert ended == [f"other {shard}" for shard in range(16)]


def test_a_charging_plan_without_an_execution_goes_on(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[PlanId, int]] = []
    monkeypatch.setattr(StepFunctions, "start", lambda _, plan_id, step: started.append((plan_id, step)))
    plan = _active_plan(csms)
    for seconds in (30, 90, 100, 180):
        now = NOON + timedelta(seconds=seconds)
        monkeypatch.setattr(csms.charging_plans, "_clock", lambda now=now: now)
        tick(now)
    steps = [step for _, step in started]
    assert len(steps) == 2  # a minute after it should have begun, and a minute after that
    assert plan.step + 1 < steps[0] < steps[1]  # none that the executions which died could take


def _active_plan(csms: Runtime) -> ChargingPlan:
    plan = ChargingPlan(
        id=PlanId("P"),
        site_id=SiteId("S"),
        name="Plan",
        policy=Policy.EQUAL_SHARE,
        kind=PlanKind.RECURRING,
        periods=(),
        created_at=NOON,
        created_by="somebody",
    )
    csms.store.charging_plans.create(plan)
    return csms.store.charging_plans.activate(plan, NOON)
