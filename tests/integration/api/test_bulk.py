"""One command to many charge points."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import dispatch_calls.handler
from csms import bulk
from csms.api.bulk_bodies import MOST_NAMED
from csms.call_queue import BulkChunk, BulkSelection, write
from csms.gateway import Gateway
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.bulks import Bulks
from csms.store.charge_points import ChargePoint, ChargePoints, SecurityProfile
from csms.store.links import Registration
from tests.called_station import CalledStation
from tests.lambda_operator import Answer, LambdaOperator, claims_of
from tests.lambda_station import NOON

OFFLINE = ("CP002", "CP003", "CP004")
CLEAR: dict[str, Any] = {"action": "ClearCache"}


@pytest.fixture
def operator(csms: Runtime, called: CalledStation) -> LambdaOperator:
    """Somebody who commands CP001, which is there, and three that are not: two of them at the site `yard`."""
    csms.bulk._clock = lambda: called.now
    for number, name in enumerate(OFFLINE):
        site = "yard" if number else "street"
        charge_point = ChargePoint(ChargePointId(name), SecurityProfile.NONE, NOON, site=site)
        csms.store.links.create(charge_point.id, Registration.ACCEPTED)
        csms.store.charge_points.create(charge_point)
    return LambdaOperator(claims_of("operate", username="ada"), now=called.now)


def start(operator: LambdaOperator, *, key: str | None = None, **body: Any) -> Answer:
    headers = {"Idempotency-Key": key} if key else None
    return operator.send("POST", "/commands", body=json.dumps(body), headers=headers)


def results(operator: LambdaOperator, started: Answer) -> dict[str, Any]:
    return {result["chargePointId"]: result for result in operator.items(started.headers["location"])}


def states(operator: LambdaOperator, started: Answer) -> dict[str, str]:
    return {
        name: result["command"]["state"] if result["command"] else result["refusal"]
        for name, result in results(operator, started).items()
    }


def test_a_command_goes_to_the_charge_points_that_are_named(called: CalledStation, operator: LambdaOperator) -> None:
    started = start(operator, action="Reset", payload={"type": "Soft"}, chargePointIds=["CP001", "CP002", "CP404"])
    assert (started.status, started.json["expected"], started.json["items"]) == (202, None, [])

    called.run_wakes()
    called.reply({"status": "Accepted"})

    page = operator.get(started.headers["location"]).json
    assert (page["action"], page["payload"], page["requestedBy"]) == ("Reset", {"type": "Soft"}, "ada")
    assert (page["expected"], page["cursor"]) == (3, None)
    assert states(operator, started) == {
        "CP001": "accepted",
        "CP002": "charge point offline",
        "CP404": "there is no such charge point",
    }
    command = results(operator, started)["CP001"]["command"]
    assert (command["bulkId"], command["requestedBy"]) == (page["id"], "ada")
    assert operator.get(f"/charge-points/CP001/commands/{command['id']}").json == command


def test_a_command_goes_to_the_charge_points_of_a_site(called: CalledStation, operator: LambdaOperator) -> None:
    started = start(operator, **CLEAR, filter={"site": "yard"})
    called.run_wakes()
    assert states(operator, started) == {"CP003": "queued", "CP004": "queued"}
    assert called.posted == []


def test_a_command_goes_to_the_charge_points_of_a_model(called: CalledStation, operator: LambdaOperator) -> None:
    called.result("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    started = start(operator, **CLEAR, filter={"chargePointVendor": "V", "chargePointModel": "M"})
    other = start(operator, **CLEAR, filter={"chargePointVendor": "V", "chargePointModel": "N"})
    called.run_wakes()
    assert states(operator, started).keys() == {"CP001"}
    assert operator.get(other.headers["location"]).json["expected"] == 0


def test_names_and_filter_add_up_and_nobody_is_called_twice(called: CalledStation, operator: LambdaOperator) -> None:
    started = start(operator, **CLEAR, chargePointIds=["cp003", "CP003", "CP002"], filter={"site": "yard"})
    called.run_wakes()
    assert states(operator, started) == {"CP002": "queued", "CP003": "queued", "CP004": "queued"}
    assert operator.get(started.headers["location"]).json["expected"] == 3
    assert len(operator.items("/charge-points/CP003/commands")) == 1


def test_everybody_is_called_page_by_page(
    called: CalledStation, operator: LambdaOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_PAGE", 1)
    monkeypatch.setattr(bulk, "CHUNK", 1)
    started = start(operator, **CLEAR, all=True)
    called.run_wakes()
    assert states(operator, started) == {"CP001": "sent"} | dict.fromkeys(OFFLINE, "queued")
    assert operator.get(started.headers["location"]).json["expected"] == 4
    assert len(operator.get(started.headers["location"], limit=3).json["items"]) == 3


def test_every_message_of_the_queue_may_come_twice(called: CalledStation, operator: LambdaOperator) -> None:
    started = start(operator, **CLEAR, all=True)
    seen = set()
    while bulky := [
        wake for _, wake in called.wakes if isinstance(wake, BulkSelection | BulkChunk) and wake not in seen
    ]:
        seen.update(bulky)
        called.wakes += [(called.now, wake) for wake in bulky]
        called.run_wakes()
    assert len(called.posted) == 1
    assert len(results(operator, started)) == 4
    assert all(len(operator.items(f"/charge-points/{name}/commands")) == 1 for name in ("CP001", *OFFLINE))


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, owner: type[object], method: str) -> Iterator[None]:
    """Let every process die where it would call this."""
    with monkeypatch.context() as patch:
        patch.delattr(owner, method)
        yield


@pytest.mark.parametrize(("owner", "method"), [(Gateway, "post"), (Bulks, "record"), (Bulks, "get")])
def test_a_chunk_whose_process_died_is_taken_up_where_it_ended(
    csms: Runtime,
    called: CalledStation,
    operator: LambdaOperator,
    monkeypatch: pytest.MonkeyPatch,
    owner: type[object],
    method: str,
) -> None:
    started = start(operator, **CLEAR, chargePointIds=["CP001", "CP002"])
    called.wakes.clear()
    chunk = BulkChunk(started.json["id"], (ChargePointId("CP001"), ChargePointId("CP002")))
    record = {"messageId": "m", "body": write(chunk)}
    with dying(monkeypatch, owner, method):
        answer = dispatch_calls.handler.lambda_handler({"Records": [record]}, None)
        assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}]}

    assert dispatch_calls.handler.lambda_handler({"Records": [record]}, None) == {"batchItemFailures": []}

    assert results(operator, started).keys() == {"CP001", "CP002"}
    assert len(operator.items("/charge-points/CP001/commands")) == 1
    assert len(called.posted) <= 1


def test_one_charge_point_that_cannot_be_called_keeps_no_other_waiting(
    called: CalledStation, operator: LambdaOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    called.wakes.clear()
    started = start(operator, chargePointIds=["CP002", "CP003"], **CLEAR)
    called.wakes.clear()
    find = ChargePoints.find

    def fail_for_one(store: ChargePoints, identity: str) -> ChargePoint | None:
        if identity == "CP002":
            raise RuntimeError(identity)
        return find(store, identity)

    monkeypatch.setattr(ChargePoints, "find", fail_for_one)
    chunk = BulkChunk(started.json["id"], (ChargePointId("CP002"), ChargePointId("CP003")))
    record = {"messageId": "m", "body": write(chunk)}
    assert dispatch_calls.handler.lambda_handler({"Records": [record]}, None)["batchItemFailures"]
    assert states(operator, started) == {"CP003": "queued"}


def test_a_location_that_is_no_url_is_the_result_of_each(called: CalledStation, operator: LambdaOperator) -> None:
    location = {"location": "http://[bad"}
    started = start(operator, action="GetDiagnostics", payload=location, chargePointIds=["CP001", "CP404"])
    called.run_wakes()
    found = states(operator, started)
    assert found.keys() == {"CP001", "CP404"}
    assert "a URL with its protocol is expected" in found["CP001"]


def test_a_payload_that_no_message_takes_is_refused(operator: LambdaOperator) -> None:
    payload = {"vendorId": "V", "data": "x" * 450_000}
    refused = start(operator, action="DataTransfer", payload=payload, all=True)
    assert refused.fields.keys() == {"payload"}


def test_a_repeated_request_starts_nothing_new(called: CalledStation, operator: LambdaOperator) -> None:
    first = start(operator, **CLEAR, chargePointIds=["CP001"], key="k")
    called.run_wakes()
    repeated = start(operator, **CLEAR, chargePointIds=["CP001"], key="k")
    called.run_wakes()
    assert repeated.json["id"] == first.json["id"]
    assert len(called.posted) == 1
    assert start(operator, **CLEAR, chargePointIds=["CP002"], key="k").status == 409
    assert start(operator, **CLEAR, chargePointIds=["CP001"]).json["id"] != first.json["id"]
    somebody_else = LambdaOperator(claims_of("operate", username="eve"), now=operator.now)
    assert start(somebody_else, **CLEAR, chargePointIds=["CP001"], key="k").json["id"] != first.json["id"]


def test_a_request_that_died_before_it_was_queued_is_set_going_by_its_repetition(
    called: CalledStation, operator: LambdaOperator
) -> None:
    first = start(operator, **CLEAR, chargePointIds=["CP001"], key="k")
    called.wakes.clear()
    start(operator, **CLEAR, chargePointIds=["CP001"], key="k")
    called.run_wakes()
    assert states(operator, first) == {"CP001": "sent"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"all": True}, {"action"}),
        ({"action": "Explode", "all": True}, {"action"}),
        (CLEAR, {"body"}),
        (CLEAR | {"chargePointIds": []}, {"body"}),
        (CLEAR | {"filter": {}}, {"filter"}),
        (CLEAR | {"filter": {"color": "red"}}, {"filter.color"}),
        (CLEAR | {"chargePointIds": ["x" * 49]}, {"chargePointIds.0"}),
        (CLEAR | {"chargePointIds": ["x"] * (MOST_NAMED + 1)}, {"chargePointIds"}),
        (CLEAR | {"all": True, "expiresIn": 0}, {"expiresIn"}),
        (CLEAR | {"all": True, "expiresIn": True}, {"expiresIn"}),
        (CLEAR | {"all": True, "expiresIn": "5"}, {"expiresIn"}),
        (CLEAR | {"all": "no"}, {"all"}),
        (CLEAR | {"all": True, "payload": {"more": 1}}, {"payload.more"}),
        ({"action": "ChangeConfiguration", "all": True, "payload": {"key": "WifiPassword", "value": "x"}}, {"payload"}),
        ({"action": "Reset", "all": True}, {"payload.type"}),
        ({"action": "ReserveNow", "all": True, "payload": {"connectorId": 1, "expiryDate": "soon"}},
         {"payload.idTag", "payload.expiryDate"}),
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused_by_field(
    called: CalledStation, operator: LambdaOperator, body: dict[str, Any], fields: set[str]
) -> None:
    assert operator.post("/commands", body).fields.keys() == fields
    assert called.wakes == [] or not any(isinstance(wake, BulkSelection) for _, wake in called.wakes)


def test_what_is_filled_in_is_filled_in_for_each(called: CalledStation, operator: LambdaOperator) -> None:
    payload = {"connectorId": 1, "idTag": "TAG1", "expiryDate": "2026-03-05T14:00:00Z"}
    started = start(operator, action="ReserveNow", payload=payload, all=True, expiresIn=600)
    called.run_wakes()
    assert all(result["command"]["payload"]["reservationId"] for result in results(operator, started).values())


def test_there_is_no_bulk_command_of_another_id(csms: Runtime, operator: LambdaOperator) -> None:
    assert operator.get("/bulk/nothing").status == 404
    assert operator.get(f"/bulk/{'x' * 5000}").status == 404
