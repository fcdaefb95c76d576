"""Plans in the state machine itself: the functions' own roles, the stream's records, and stations that answer."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

import wake_plans.handler
from csms.authorization import IdTag
from csms.call_queue import CallQueue
from csms.gateway import Gateway, Posted
from csms.ids import ConnectionId
from csms.runtime import Runtime
from csms.store.charging_plans import PlanState, Release
from tests.integration.state_machine import StateMachine
from tests.played_site import PLAN, SITE, PlayedSite


@pytest.fixture
def site(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> PlayedSite:
    """Stations answer as soon as they are called."""
    played = PlayedSite(csms)
    csms.calls._clock = lambda: played.now
    csms.charging_plans._clock = lambda: played.now

    def post(_: Gateway, connection_id: ConnectionId, text: str) -> Posted:
        (station,) = [one for one in played.stations.values() if one.connection_id == connection_id]
        frame = json.loads(text)
        station.posted.append(frame)
        station.answer(frame)
        return Posted.DELIVERED

    monkeypatch.setattr(Gateway, "post", post)
    monkeypatch.setattr(CallQueue, "send", lambda _, wake, delay=timedelta(): None)
    csms.store.id_tags.put(IdTag("TAG1", max_active_transactions=None))
    return played


@pytest.fixture
def machine(csms: Runtime, site: PlayedSite, monkeypatch: pytest.MonkeyPatch) -> Iterator[StateMachine]:
    machine = StateMachine(csms, monkeypatch)
    yield machine
    for step in range(1, site.plan.step + 1):
        machine.abort(PLAN, step)


def _change(site: PlayedSite, identity: str) -> None:
    """What the stream tells of a connector that was written to."""
    key = {"PK": {"S": f"CP#{identity}"}, "SK": {"S": "CONNECTOR#1"}}
    image = boto3.client("dynamodb").get_item(TableName="csms", Key=key)["Item"]
    record = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "Keys": key, "NewImage": image}}
    assert wake_plans.handler.lambda_handler({"Records": [record]}, None) == {"batchItemFailures": []}


def _has_come_to_rest(site: PlayedSite, step: int) -> bool:
    """Whether this step, or a later one, waits for something to happen."""
    found = site.csms.store.sites.get(SITE, consistent=True)
    return bool(found and found.waiting and found.waiting.step >= step)


def test_a_plan_takes_its_steps_by_itself(site: PlayedSite, machine: StateMachine) -> None:
    site.add_site(40, safe_limit_da=60)
    first, second = site.add_station("A"), site.add_station("B")
    site.wait(minutes=1)
    site.add_plan()
    machine.wait_until(lambda: _has_come_to_rest(site, 1))
    assert [len(station.sent()) for station in (first, second)] == [1, 1]  # the failsafe
    for station in (first, second):
        station.begin()
        step = site.plan.step
        _change(site, station.identity)
        machine.wait_until(lambda step=step: _has_come_to_rest(site, step + 1))
    assert (first.limit_a(site.now), second.limit_a(site.now)) == (20, 20)


def test_a_plan_that_is_stopped_gives_the_stations_back_and_ends(site: PlayedSite, machine: StateMachine) -> None:
    site.add_site(40, safe_limit_da=60)
    station = site.add_station("A")
    site.wait(minutes=1)
    site.add_plan()
    machine.wait_until(lambda: _has_come_to_rest(site, 1))
    site.csms.store.charging_plans.stop(site.plan, Release.CLEAR, site.now)
    site.csms.charging_plans.wake(SITE)
    machine.wait_until(lambda: site.plan.state is PlanState.STOPPED)
    assert station.sent("ClearChargingProfile") != []
    found: Any = site.csms.store.sites.get(SITE, consistent=True)
    assert found.plan_id is None
