"""A tag that may not charge any more: charge points that may not know it yet, and what reaches them."""

import json
from typing import Any
from unittest.mock import Mock

import pytest

from csms.authorization import IdTag
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.bulks import Bulk
from csms.store.charge_points import ChargePoint, SecurityProfile
from csms.store.id_tags import MOST_CACHED_BY
from csms.store.links import Registration
from tests.called_station import CalledStation
from tests.lambda_operator import Answer, LambdaOperator, claims_of
from tests.process_died import ProcessDied

BLOCKED = {"status": "Blocked"}
CLEAR = {
    "reason": "these charge points were told that the tag is accepted: their caches may hold it",
    "method": "POST",
    "path": "/commands",
    "body": {"action": "ClearCache", "chargePointIds": ["CP001"]},
    "bulkId": None,
}
SYNC = {
    "reason": "the tag is in the local lists of these charge points",
    "method": "POST",
    "path": "/local-lists/sync",
    "body": {"filter": {"groups": ["fleet"]}, "onlyExisting": True},
    "bulkId": None,
}


@pytest.fixture
def operator(csms: Runtime, called: CalledStation) -> LambdaOperator:
    """Somebody who blocks ADA: a tag of the group `fleet`, as CP001 and CP002 are, that has charged at CP001."""
    csms.bulk._clock = lambda: called.now
    csms.store.id_tags.put(IdTag("ADA", groups=("fleet",)))
    csms.store.charge_points.change(ChargePointId("CP001"), {"groups": ["fleet"]})
    other = ChargePoint(ChargePointId("CP002"), SecurityProfile.NONE, called.now, groups=("fleet",))
    csms.store.links.create(other.id, Registration.ACCEPTED)
    csms.store.charge_points.create(other)
    called.start(idTag="ADA")
    return LambdaOperator(claims_of("operate", username="ada"), now=called.now)


def propagated(operator: LambdaOperator, method: str, path: str, body: Any = None) -> Answer:
    return operator.send(method, path, query="propagate=true", body=None if body is None else json.dumps(body))


def import_and_die_before_telling(csms: Runtime, operator: LambdaOperator, rows: list[dict[str, str]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csms.bulk, "start", Mock(side_effect=ProcessDied))
        with pytest.raises(ProcessDied):
            propagated(operator, "POST", "/id-tags", rows)


def offered(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [step | {"bulkId": None} for step in steps]


def results(operator: LambdaOperator, step: dict[str, Any]) -> dict[str, str]:
    return {
        result["chargePointId"]: result["command"]["action"] if result["command"] else result["refusal"]
        for result in operator.items(f"/bulk/{step['bulkId']}")
    }


def test_blocking_a_tag_offers_what_there_is_to_do(called: CalledStation, operator: LambdaOperator) -> None:
    assert operator.patch("/id-tags/ADA", BLOCKED).json["nextSteps"] == [CLEAR, SYNC]
    called.run_wakes()
    assert called.posted == []


def test_what_is_offered_can_be_sent_as_it_is(called: CalledStation, operator: LambdaOperator) -> None:
    for step in operator.patch("/id-tags/ADA", BLOCKED).json["nextSteps"]:
        assert operator.send(step["method"], step["path"], body=json.dumps(step["body"])).status == 202
    called.run_wakes()
    assert called.posted[0][2] == "ClearCache"


def test_what_would_be_offered_is_done_if_so_wished(
    csms: Runtime, called: CalledStation, operator: LambdaOperator
) -> None:
    assert operator.post("/charge-points/CP001/local-list/sync").status == 202
    called.wait(seconds=1)
    called.reply({"listVersion": 0})
    called.wait(seconds=1)
    called.reply({"status": "Accepted"})
    called.posted.clear()

    steps = propagated(operator, "PATCH", "/id-tags/ADA", BLOCKED).json["nextSteps"]
    called.run_wakes()
    called.wait(seconds=1)
    called.reply({"status": "Accepted"})
    called.wait(seconds=1)
    called.reply({"listVersion": 1})
    called.wait(seconds=1)
    called.reply({"status": "Accepted"})

    assert offered(steps) == [CLEAR, SYNC]
    assert [frame[2] for frame in called.posted] == ["ClearCache", "GetLocalListVersion", "SendLocalList"]
    assert called.posted[2][3]["localAuthorizationList"] == [{"idTag": "ADA", "idTagInfo": {"status": "Blocked"}}]
    assert [results(operator, step) for step in steps] == [
        {"CP001": "ClearCache"},
        {"CP001": "GetLocalListVersion", "CP002": "the charge point was sent no list of ours"},
    ]
    assert operator.get(f"/bulk/{steps[0]['bulkId']}").json["requestedBy"] == "ada"


def test_a_tag_that_may_charge_leads_to_nothing(called: CalledStation, operator: LambdaOperator) -> None:
    assert propagated(operator, "PATCH", "/id-tags/ADA", {"note": "lost and found"}).json["nextSteps"] == []
    assert propagated(operator, "PATCH", "/id-tags/ADA", BLOCKED).json["nextSteps"]
    assert propagated(operator, "PATCH", "/id-tags/ADA", {"status": "Accepted"}).json["nextSteps"] == []


@pytest.mark.parametrize("changes", [{"status": "Invalid"}, {"expiryDate": "2026-01-01T00:00:00Z"}])
def test_a_tag_can_end_otherwise(operator: LambdaOperator, changes: dict[str, str]) -> None:
    assert operator.patch("/id-tags/ADA", changes).json["nextSteps"] == [CLEAR, SYNC]


def test_lists_of_groups_it_leaves_are_synchronised_too(operator: LambdaOperator) -> None:
    steps = operator.patch("/id-tags/ADA", {**BLOCKED, "groups": ["vans"]}).json["nextSteps"]
    assert steps[1]["body"]["filter"] == {"groups": ["fleet", "vans"]}


def test_a_tag_that_no_charge_point_knows_leads_to_nothing(csms: Runtime, operator: LambdaOperator) -> None:
    csms.store.id_tags.put(IdTag("NEW"))
    assert operator.patch("/id-tags/NEW", BLOCKED).json["nextSteps"] == []


def test_a_tag_that_has_charged_almost_everywhere_is_cleared_everywhere(
    csms: Runtime, operator: LambdaOperator
) -> None:
    for number in range(MOST_CACHED_BY):
        tag = csms.store.id_tags.get("ADA")
        assert tag is not None
        csms.store.id_tags.note_cached(tag, ChargePointId(f"OTHER{number}"))
    steps = operator.patch("/id-tags/ADA", BLOCKED).json["nextSteps"]
    assert steps[0]["body"] == {"action": "ClearCache", "all": True}


def test_removing_a_tag_says_what_was_done(called: CalledStation, operator: LambdaOperator) -> None:
    removed = propagated(operator, "DELETE", "/id-tags/ADA")
    assert (removed.status, offered(removed.json["nextSteps"])) == (200, [CLEAR, SYNC])
    assert operator.get("/id-tags/ADA").status == 404
    called.run_wakes()
    assert called.posted[0][2] == "ClearCache"


def test_removing_a_tag_alone_says_nothing(called: CalledStation, operator: LambdaOperator) -> None:
    assert operator.delete("/id-tags/ADA").status == 204
    called.run_wakes()
    assert called.posted == []


def test_an_import_goes_by_the_tags_that_could_charge_before(called: CalledStation, operator: LambdaOperator) -> None:
    rows = [{"idTag": "ADA", **BLOCKED}, {"idTag": "NEW", "groups": ["vans"], **BLOCKED}, {"idTag": "EVE"}]
    assert offered(propagated(operator, "POST", "/id-tags", rows).json["nextSteps"]) == [CLEAR, SYNC]
    assert propagated(operator, "POST", "/id-tags", rows).json["nextSteps"] == []
    called.run_wakes()
    assert [frame[2] for frame in called.posted] == ["ClearCache"]


def test_an_import_tells_what_the_one_before_it_did_not_come_to(
    csms: Runtime, called: CalledStation, operator: LambdaOperator
) -> None:
    rows = [{"idTag": "ADA", **BLOCKED}]
    import_and_die_before_telling(csms, operator, rows)
    assert offered(propagated(operator, "POST", "/id-tags", rows).json["nextSteps"]) == [CLEAR, SYNC]
    assert propagated(operator, "POST", "/id-tags", rows).json["nextSteps"] == []


def test_what_nobody_was_told_is_offered_until_it_is_done(
    csms: Runtime, called: CalledStation, operator: LambdaOperator
) -> None:
    rows = [{"idTag": "ADA", **BLOCKED}]
    import_and_die_before_telling(csms, operator, rows)
    assert operator.post("/id-tags", rows).json["nextSteps"] == [CLEAR, SYNC]
    assert offered(propagated(operator, "POST", "/id-tags", rows).json["nextSteps"]) == [CLEAR, SYNC]
    assert propagated(operator, "POST", "/id-tags", rows).json["nextSteps"] == []


def test_a_tag_has_left_its_groups_before_their_lists_are_made(csms: Runtime, operator: LambdaOperator) -> None:
    start, groups = csms.bulk.start, []

    def look_and_start(bulk: Bulk) -> Bulk:
        tag = csms.store.id_tags.get("ADA")
        groups.append(tag and tag.groups)
        return start(bulk)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csms.bulk, "start", look_and_start)
        rows = [{"idTag": "ADA", "groups": ["vans"], **BLOCKED}]
        steps = propagated(operator, "POST", "/id-tags", rows).json["nextSteps"]
    assert steps[1]["body"]["filter"] == {"groups": ["fleet", "vans"]}
    assert groups == [("vans",), ("vans",)]


def test_a_tag_that_is_removed_while_others_are_told_stays_away(csms: Runtime, operator: LambdaOperator) -> None:
    start = csms.bulk.start

    def remove_and_start(bulk: Bulk) -> Bulk:
        if csms.store.id_tags.get("ADA"):
            csms.store.id_tags.delete("ADA")
        return start(bulk)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csms.bulk, "start", remove_and_start)
        propagated(operator, "POST", "/id-tags", [{"idTag": "ADA", **BLOCKED}])
    assert operator.get("/id-tags/ADA").status == 404


def test_an_import_offers_only_what_is_news(operator: LambdaOperator) -> None:
    rows = [{"idTag": "ADA", **BLOCKED}]
    assert operator.post("/id-tags", rows).json["nextSteps"] == [CLEAR, SYNC]
    assert operator.post("/id-tags", rows).json["nextSteps"] == []


def test_a_busy_charge_point_in_quiet_mode_is_left_alone(
    csms: Runtime, called: CalledStation, operator: LambdaOperator
) -> None:
    called.is_called("GetConfiguration")
    csms.store.links.set_quiet(ChargePointId("CP001"), is_quiet=True)

    steps = propagated(operator, "PATCH", "/id-tags/ADA", BLOCKED).json["nextSteps"]
    called.run_wakes()
    called.reply({})

    assert results(operator, steps[0]) == {"CP001": "quiet mode: only what can be sent at once is sent"}
    assert [frame[2] for frame in called.posted] == ["GetConfiguration"]
