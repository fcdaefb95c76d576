"""Local lists as operators see and synchronise them."""

import pytest

from csms.authorization import IdTag
from csms.call_queue import BulkChunk
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.charge_points import ChargePoint, SecurityProfile
from csms.store.links import Registration
from tests.called_station import CalledStation
from tests.lambda_operator import LambdaOperator, claims_of

PATH = "/charge-points/CP001/local-list"


@pytest.fixture
def operator(csms: Runtime, called: CalledStation) -> LambdaOperator:
    admin = LambdaOperator(claims_of("admin"))
    changed = admin.patch("/charge-points/CP001", {"site": "North", "groups": ["fleet"]}).json
    assert (changed["site"], changed["groups"]) == ("North", ["fleet"])
    for id_tag, group in (("A", "North"), ("B", "fleet"), ("C", "South")):
        csms.store.id_tags.put(IdTag(id_tag, groups=(group,)))
    return admin


def test_a_charge_point_that_was_never_asked_differs_by_all_its_tags(operator: LambdaOperator) -> None:
    assert operator.get(PATH).json == {
        "chargePointId": "CP001",
        "supported": None,
        "version": None,
        "foreign": False,
        "drift": [],
        "differences": 2,
        "entries": None,
        "entriesVersion": None,
        "acknowledgedAt": None,
        "reportedAt": None,
        "sync": None,
    }


def test_a_synchronisation_shows_its_first_command_and_then_the_list(
    called: CalledStation, operator: LambdaOperator
) -> None:
    begun = operator.post(f"{PATH}/sync")
    assert (begun.status, begun.json["action"]) == (202, "GetLocalListVersion")
    assert operator.get(begun.headers["location"]).json["id"] == begun.json["id"]
    assert operator.get(PATH).json["sync"]["state"] == "running"

    called.wait(seconds=1)
    called.reply({"listVersion": 0})
    called.wait(seconds=1)
    called.reply({"status": "Accepted"})

    shown = operator.get(PATH).json
    assert (shown["version"], shown["differences"], shown["drift"], shown["sync"]["state"]) == (1, 0, [], "done")
    assert [entry["idTag"] for entry in shown["entries"]] == ["A", "B"]


def test_drift_is_shown(csms: Runtime, called: CalledStation, operator: LambdaOperator) -> None:
    csms.store.charge_points.change(ChargePointId("CP001"), {"site": None})
    called.is_called("GetLocalListVersion")
    called.reply({"listVersion": 17})
    called.result("StatusNotification", {"connectorId": 0, "errorCode": "LocalListConflict", "status": "Available"})
    shown = operator.get(PATH).json
    assert (shown["version"], shown["foreign"], shown["differences"]) == (17, True, 1)
    assert shown["drift"] == [
        "the charge point reported a LocalListConflict",
        "it holds version 17, not what it acknowledged",
    ]


def test_a_list_that_is_not_ours_is_replaced_only_with_adopt(called: CalledStation, operator: LambdaOperator) -> None:
    called.is_called("GetLocalListVersion")
    called.reply({"listVersion": 17})
    refused = operator.post(f"{PATH}/sync")
    assert refused.status == 409
    assert "not ours" in refused.json["detail"]
    assert operator.send("POST", f"{PATH}/sync", query="adopt=true").status == 202


def test_an_unknown_charge_point_has_no_list(operator: LambdaOperator) -> None:
    assert operator.get("/charge-points/NOBODY/local-list").status == 404
    assert operator.post("/charge-points/NOBODY/local-list/sync").status == 404


def test_the_lists_of_a_group_are_synchronised_at_once(
    csms: Runtime, called: CalledStation, operator: LambdaOperator
) -> None:
    csms.bulk._clock = lambda: called.now
    for name, groups in (("CP002", ("fleet",)), ("CP003", ("others",)), ("CP004", ())):
        charge_point = ChargePoint(ChargePointId(name), SecurityProfile.NONE, called.now, groups=groups)
        csms.store.links.create(charge_point.id, Registration.ACCEPTED)
        csms.store.charge_points.create(charge_point)

    begun = operator.post("/local-lists/sync", {"filter": {"groups": ["fleet", "nobody"]}})
    assert (begun.status, begun.json["action"]) == (202, "SyncLocalList")
    called.run_wakes()
    called.wait(seconds=1)
    called.reply({"listVersion": 0})
    called.wait(seconds=1)
    called.reply({"status": "Accepted"})

    results = {result["chargePointId"]: result for result in operator.items(begun.headers["location"])}
    assert {name: result["command"]["state"] for name, result in results.items()} == {
        "CP001": "accepted",
        "CP002": "queued",
    }
    assert results["CP001"]["command"]["bulkId"] == begun.json["id"]
    assert [entry["idTag"] for entry in operator.get(PATH).json["entries"]] == ["A", "B"]


def test_a_charge_point_without_a_list_of_ours_can_be_left_alone(
    csms: Runtime, called: CalledStation, operator: LambdaOperator
) -> None:
    csms.bulk._clock = lambda: called.now
    begun = operator.post("/local-lists/sync", {"chargePointIds": ["CP001"], "onlyExisting": True})
    called.run_wakes()
    assert [result["refusal"] for result in operator.items(begun.headers["location"])] == [
        "the charge point was sent no list of ours"
    ]
    assert called.posted == []


def test_a_synchronisation_of_many_that_is_delivered_twice_runs_once(
    csms: Runtime, called: CalledStation, operator: LambdaOperator
) -> None:
    csms.bulk._clock = lambda: called.now
    begun = operator.post("/local-lists/sync", {"chargePointIds": ["CP001"]})
    chunk = BulkChunk(begun.json["id"], (ChargePointId("CP001"),))
    called.run_wakes()
    called.wait(seconds=1)
    called.reply({"listVersion": 0})
    called.wait(seconds=1)
    called.reply({"status": "Accepted"})

    csms.bulk.place(chunk)

    assert len(called.posted) == 2
    assert operator.get(PATH).json["sync"]["state"] == "done"


def test_a_list_synchronisation_is_for_somebody(operator: LambdaOperator) -> None:
    assert operator.post("/local-lists/sync", {}).fields.keys() == {"body"}
    assert operator.post("/local-lists/sync", {"filter": {"groups": []}}).fields.keys() == {"filter"}
