"""Assignments that meet another decision half-way, or die there."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime
from tests.integration.test_crashes import Killer
from tests.lambda_operator import Answer, LambdaOperator
from tests.lambda_station import LambdaStation
from tests.process_died import ProcessDied

UNKNOWN = 4711


class Interloper:
    """Somebody whose request runs as a whole right before the n-th DynamoDB call of another one."""

    def __init__(self, csms: Runtime) -> None:
        self._at, self._calls = -1, 0
        self._act: Callable[[], Any] = list
        self.answer: Any = None
        csms.store.links._table._client.meta.events.register("before-call.dynamodb", self._count)

    def aim(self, at: int, act: Callable[[], Any]) -> None:
        self._at, self._calls, self._act = at, 0, act

    @property
    def has_acted(self) -> bool:
        return self._at == -1

    def _count(self, **_: Any) -> None:
        if self._calls == self._at:
            self._at = -1
            self.answer = self._act()
        self._calls += 1


def orphaned_stop(station: LambdaStation) -> None:
    samples = [{"timestamp": station.timestamp(), "sampledValue": [{"value": "5000"}]}]
    station.stop(UNKNOWN, transactionData=samples)


def orphaned_samples(station: LambdaStation) -> None:
    for energy in ("1100", "1200"):
        value = [{"timestamp": station.timestamp(), "sampledValue": [{"value": energy}]}]
        station.result("MeterValues", {"connectorId": 1, "transactionId": UNKNOWN, "meterValue": value})
        station.wait(minutes=1)


ORPHANED = {"a stop": orphaned_stop, "samples": orphaned_samples}


class Scene:
    """Two transactions that run, and an orphan that may belong to either."""

    def __init__(self, operator: LambdaOperator, station: LambdaStation, orphaned: str) -> None:
        self._operator = operator
        self.first = station.start()["transactionId"]
        self.second = station.start(connectorId=2, idTag="STRANGER")["transactionId"]
        station.wait(hours=1)
        ORPHANED[orphaned](station)
        (orphan,) = operator.items("/orphans")
        self.path = f"/orphans/{orphan['id']}"

    def assign_first(self) -> Answer:
        return self._operator.post(f"{self.path}/assign", {"transactionId": self.first})

    def assign_second(self) -> Answer:
        return self._operator.post(f"{self.path}/assign", {"transactionId": self.second})

    def dismiss(self) -> Answer:
        return self._operator.post(f"{self.path}/assign", {"dismiss": True, "reason": "x"})

    def takers(self) -> list[int]:
        """The transactions that have something of the orphan."""
        return [number for number in (self.first, self.second) if self._has_something(number)]

    def _has_something(self, number: int) -> bool:
        path = f"/transactions/CP001/{number}"
        is_open = self._operator.get(path).json["state"] == "open"
        return not is_open or bool(self._operator.items(f"{path}/meter-values"))


def dump() -> dict[tuple[str, str], Any]:
    items = boto3.client("dynamodb").scan(TableName="csms")["Items"]
    return {(item["PK"]["S"], item["SK"]["S"]): item for item in items}


def reset_to(state: dict[tuple[str, str], Any]) -> None:
    client, now = boto3.client("dynamodb"), dump()
    for partition, sort in now.keys() - state.keys():
        client.delete_item(TableName="csms", Key={"PK": {"S": partition}, "SK": {"S": sort}})
    for key, item in state.items():
        if now.get(key) != item:
            client.put_item(TableName="csms", Item=item)


@pytest.fixture(params=ORPHANED)
def scene(admin: LambdaOperator, station: LambdaStation, request: pytest.FixtureRequest) -> Scene:
    return Scene(admin, station, request.param)


def test_of_two_decisions_at_once_only_one_counts(csms: Runtime, scene: Scene) -> None:
    begin = dump()
    interloper = Interloper(csms)
    for other, takers_of_other in ((scene.assign_second, [scene.second]), (scene.dismiss, [])):
        at = 0
        while True:
            reset_to(begin)
            interloper.aim(at, other)
            answer = scene.assign_first()
            if not interloper.has_acted:
                break
            assert sorted((answer.status, interloper.answer.status)) == [200, 409], f"at call {at}"
            assert scene.takers() == ([scene.first] if answer.status == 200 else takers_of_other), f"at call {at}"
            at += 1
        assert at > 3


def test_the_same_decision_twice_at_once_is_one(csms: Runtime, scene: Scene) -> None:
    begin = dump()
    assert scene.assign_first().status == 200
    undisturbed = dump()
    interloper = Interloper(csms)
    at = 0
    while True:
        reset_to(begin)
        interloper.aim(at, scene.assign_first)
        assert scene.assign_first().status == 200
        if not interloper.has_acted:
            break
        assert dump() == undisturbed, f"at call {at}"
        at += 1
    assert at > 3


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_assignment_that_died_is_finished_by_its_repetition_and_by_nothing_else(
    csms: Runtime, scene: Scene, moment: str
) -> None:
    begin = dump()
    killer = Killer(csms, moment)
    answer = scene.assign_first()
    undisturbed, calls = dump(), killer._calls
    for at in range(calls):
        reset_to(begin)
        killer.aim(at)
        with pytest.raises(ProcessDied):
            scene.assign_first()
        killer.aim(None)
        if dump() != begin:
            assert scene.assign_second().status == 409, f"died at call {at}"
            assert scene.dismiss().status == 409, f"died at call {at}"
        assert scene.assign_first().json == answer.json, f"died at call {at}"
        assert dump() == undisturbed, f"died at call {at}"
        assert scene.takers() == [scene.first]
    assert calls > 5


def test_an_assignment_that_comes_too_late_leaves_the_orphan_to_be_decided(
    csms: Runtime, admin: LambdaOperator, station: LambdaStation
) -> None:
    scene = Scene(admin, station, "a stop")
    begin = dump()
    interloper = Interloper(csms)
    at = 0
    while True:
        reset_to(begin)
        interloper.aim(at, lambda: station.stop(scene.first, meterStop=7000, transactionData=None))
        answer = scene.assign_first()
        if not interloper.has_acted:
            break
        if answer.status == 409:
            assert "other figures" in answer.json["detail"]
            assert admin.get(f"/transactions/CP001/{scene.first}/meter-values").json["items"] == []
            assert scene.assign_second().status == 200
        else:
            assert admin.get(f"/transactions/CP001/{scene.first}").json["meterStop"] == 5000
        at += 1


def test_samples_that_follow_a_dismissal_are_another_case(
    csms: Runtime, admin: LambdaOperator, station: LambdaStation
) -> None:
    scene = Scene(admin, station, "samples")
    admin.now = station.now
    assert scene.dismiss().status == 200
    station.wait(minutes=1)
    orphaned_samples(station)

    (later,) = admin.items("/orphans")

    assert admin.get(scene.path).json["resolution"] == "dismissed"
    assert later["receivedAt"] > "2026-03-05T13:02"
    assert admin.post(f"/orphans/{later['id']}/assign", {"transactionId": scene.first}).status == 200
    moved = admin.items(f"/transactions/CP001/{scene.first}/meter-values")
    assert [each["receivedAt"] > "2026-03-05T13:02" for each in moved] == [True, True]
    orphaned_samples(station)
    assert len(admin.items(f"/transactions/CP001/{scene.first}/meter-values")) == 4
    assert admin.items("/orphans") == []


def test_a_stop_that_is_told_again_after_its_dismissal_stays_dismissed(
    csms: Runtime, admin: LambdaOperator, station: LambdaStation
) -> None:
    scene = Scene(admin, station, "a stop")
    assert scene.dismiss().status == 200
    orphaned_stop(station)
    assert admin.items("/orphans") == []
    assert csms.store.orphans.get(ChargePointId("CP001"), "0" * 12) is None
