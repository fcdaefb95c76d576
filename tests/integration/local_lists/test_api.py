"""Local lists as operators see and synchronise them."""

import pytest

from csms.authorization import IdTag
from csms.ids import ChargePointId
from csms.runtime import Runtime
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
