"""Commands over the API: placed, waited for, read, taken back."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from csms.gateway import Gateway, Posted
from csms.ids import ChargePointId, ConnectionId
from csms.runtime import Runtime
from csms.store.calls import CallState
from csms.store.links import Registration
from csms.v16.operations import operations
from tests.called_station import CalledStation
from tests.lambda_operator import Answer, LambdaOperator, claims_of

CP001 = ChargePointId("CP001")
COMMANDS = "/charge-points/CP001/commands"
SOFT = {"type": "Soft"}
ODD_BUT_ALLOWED: dict[str, dict[str, Any]] = {
    "ClearCache": {},
    "GetConfiguration": {},
    "GetLocalListVersion": {},
    "ClearChargingProfile": {},
    "DataTransfer": {"vendorId": "nobody"},
    "UnlockConnector": {"connectorId": 99},
    "RemoteStopTransaction": {"transactionId": -1},
    "ChangeConfiguration": {"key": "NoSuchKey", "value": ""},
    "CancelReservation": {"reservationId": 0},
    "ChangeAvailability": {"connectorId": 77, "type": "Inoperative"},
    "TriggerMessage": {"requestedMessage": "MeterValues", "connectorId": 5},
}


@pytest.fixture
def operator(called: CalledStation) -> LambdaOperator:
    """Somebody who may command, on the station's clock."""
    return LambdaOperator(claims_of("operate", username="ada"), now=called.now)


def answering(
    called: CalledStation, monkeypatch: pytest.MonkeyPatch, respond: Callable[[list[Any]], dict[str, Any]]
) -> None:
    """Let the station answer while the call is being posted."""
    post = Gateway.post

    def post_and_answer(gateway: Gateway, connection_id: ConnectionId, text: str) -> Posted:
        posted = post(gateway, connection_id, text)
        called.reply(respond(json.loads(text)))
        return posted

    monkeypatch.setattr(Gateway, "post", post_and_answer)


def order(operator: LambdaOperator, action: str, body: Any = None, *, key: str | None = None, **query: Any) -> Answer:
    parameters = "&".join(f"{name}={value}" for name, value in query.items())
    headers = {"Idempotency-Key": key} if key else None
    text = None if body is None else json.dumps(body)
    return operator.send("POST", f"{COMMANDS}/{action}", query=parameters, body=text, headers=headers)


def test_a_command_is_accepted_and_found_where_its_location_says(
    called: CalledStation, operator: LambdaOperator
) -> None:
    placed = order(operator, "Reset", SOFT)
    assert placed.status == 202
    assert placed.headers["location"] == f"{COMMANDS}/{placed.json['id']}"
    assert called.posted == [[2, placed.json["id"], "Reset", SOFT]]

    called.reply({"status": "Rejected"})

    assert operator.get(placed.headers["location"]).json == {
        "id": placed.json["id"],
        "chargePointId": "CP001",
        "action": "Reset",
        "payload": SOFT,
        "state": "rejected",
        "status": "Rejected",
        "response": {"status": "Rejected"},
        "lateResponse": None,
        "flagged": False,
        "warnings": [],
        "forced": False,
        "createdAt": "2026-03-05T12:00:04.000Z",
        "sentAt": "2026-03-05T12:00:04.000Z",
        "endedAt": "2026-03-05T12:00:04.000Z",
        "expiresAt": "2026-03-05T12:05:04.000Z",
        "requestedBy": "ada",
        "bulkId": None,
    }


def test_a_command_that_is_waited_for_is_answered_with_its_end(
    called: CalledStation, operator: LambdaOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(called, monkeypatch, lambda frame: {"status": "Accepted"})
    answer = order(operator, "Reset", SOFT, wait=5)
    assert (answer.status, answer.json["state"], answer.json["response"]) == (200, "accepted", {"status": "Accepted"})


def test_the_end_may_come_while_it_is_waited_for(
    called: CalledStation, operator: LambdaOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csms.api.waiting.time.sleep", lambda _: called.refuse("NotSupported"))
    answer = order(operator, "ClearCache", wait=5)
    assert (answer.status, answer.json["state"], answer.json["status"]) == (200, "failed", "NotSupported")


def test_a_station_that_takes_longer_than_the_wait_is_not_waited_for(
    called: CalledStation, operator: LambdaOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = order(operator, "Reset", SOFT, wait=0.06)
    assert (answer.status, answer.json["state"]) == (202, "sent")


def test_a_command_that_expires_while_it_is_waited_for_is_expired(
    called: CalledStation, operator: LambdaOperator
) -> None:
    called.disconnect()
    answer = order(operator, "ClearCache", expiresIn=1, wait=2)
    assert (answer.status, answer.json["state"], answer.json["status"]) == (200, "expired", "not sent in time")


@pytest.mark.parametrize("action", ODD_BUT_ALLOWED)
def test_what_an_operator_says_goes_out_as_it_is(called: CalledStation, operator: LambdaOperator, action: str) -> None:
    body = ODD_BUT_ALLOWED[action]
    assert order(operator, action, body, force="true").status == 202
    assert called.posted[-1][2:] == [action, body]


def test_an_empty_list_is_not_the_same_as_none(called: CalledStation, operator: LambdaOperator) -> None:
    assert order(operator, "GetConfiguration", {"key": []}).status == 202
    assert called.posted[-1][3] == {"key": []}


def test_no_body_is_an_empty_object(called: CalledStation, operator: LambdaOperator) -> None:
    assert order(operator, "ClearCache").status == 202
    assert called.posted[-1][3] == {}


@pytest.mark.parametrize(
    ("action", "body", "fields"),
    [
        ("Reset", {}, {"type"}),
        ("Reset", {"type": "soft"}, {"type"}),
        ("Reset", {"type": "Soft", "more": 1}, {"more"}),
        ("UnlockConnector", {"connectorId": "1"}, {"connectorId"}),
        ("UnlockConnector", {"connectorId": None}, {"connectorId"}),
        ("GetConfiguration", {"key": ["x" * 51]}, {"key.0"}),
        ("ChangeConfiguration", {"value": 7}, {"key", "value"}),
    ],
)
def test_a_payload_that_breaks_the_schema_is_refused_by_field(
    called: CalledStation, operator: LambdaOperator, action: str, body: dict[str, Any], fields: set[str]
) -> None:
    assert order(operator, action, body, force="true").fields.keys() == fields
    assert called.posted == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"wait": 26}, "wait"),
        ({"wait": -1}, "wait"),
        ({"wait": "nan"}, "wait"),
        ({"expiresIn": 0}, "expiresIn"),
        ({"expiresIn": "soon"}, "expiresIn"),
        ({"force": "perhaps"}, "force"),
    ],
)
def test_a_wrong_option_is_refused_by_name(
    called: CalledStation, operator: LambdaOperator, query: dict[str, Any], field: str
) -> None:
    assert order(operator, "Reset", SOFT, **query).fields.keys() == {field}
    assert called.posted == []


def test_a_body_that_is_no_json_object_is_refused(called: CalledStation, operator: LambdaOperator) -> None:
    assert operator.send("POST", f"{COMMANDS}/Reset", body="{").status == 400
    assert operator.send("POST", f"{COMMANDS}/Reset", body="[]").fields.keys() == {"body"}
    headers = {"content-type": "text/plain"}
    assert operator.send("POST", f"{COMMANDS}/Reset", body="{}", headers=headers).status == 415
    assert called.posted == []


def test_only_what_exists_can_be_commanded(called: CalledStation, operator: LambdaOperator) -> None:
    assert operator.post("/charge-points/NOBODY/commands/Reset", SOFT).status == 404
    unknown = order(operator, "Explode", {})
    assert unknown.status == 404
    assert "Reset" in unknown.json["detail"]
    assert order(operator, "Heartbeat", {}).status == 404
    assert operator.get(f"{COMMANDS}/{'0' * 12}-{'0' * 16}").status == 404
    assert operator.get(f"{COMMANDS}/Reset").status == 404
    assert called.posted == []


def test_a_charge_point_is_commanded_in_any_case_of_its_identity(
    called: CalledStation, operator: LambdaOperator
) -> None:
    answer = operator.post("/charge-points/cp001/commands/Reset", SOFT)
    assert (answer.status, answer.json["chargePointId"]) == (202, "CP001")


def test_a_rule_in_the_way_is_named_and_can_be_skipped(
    csms: Runtime, called: CalledStation, operator: LambdaOperator
) -> None:
    csms.store.links.set_registration(CP001, Registration.REJECTED)
    refused = order(operator, "Reset", SOFT)
    assert (refused.status, refused.json["detail"]) == (409, "the charge point is rejected [S 4.2]")
    assert called.posted == []
    assert order(operator, "Reset", SOFT, force="true").json["forced"] is True
    assert len(called.posted) == 1


def test_a_command_for_this_moment_needs_a_charge_point_that_is_there(
    called: CalledStation, operator: LambdaOperator
) -> None:
    called.disconnect()
    called.wait(minutes=5)
    operator.now = called.now
    refused = order(operator, "Reset", SOFT)
    assert (refused.status, refused.json["detail"]) == (409, "charge point offline")
    assert order(operator, "ClearCache").json["state"] == "queued"
    assert order(operator, "Reset", SOFT, expiresIn=600).json["expiresAt"] == "2026-03-05T12:15:04.000Z"


def test_a_full_waiting_list_takes_no_more(csms: Runtime, called: CalledStation, operator: LambdaOperator) -> None:
    for _ in range(101):
        called.is_called("Reset", SOFT)
    assert order(operator, "Reset", SOFT).status == 429
    assert len(operator.items(COMMANDS, limit=200)) == 101


def test_a_repeated_request_gets_the_command_that_the_first_one_became(
    called: CalledStation, operator: LambdaOperator
) -> None:
    first = order(operator, "Reset", SOFT, key="k")
    called.reply({"status": "Accepted"})
    repeated = order(operator, "Reset", SOFT, key="k", wait=5)
    assert (repeated.status, repeated.json["id"], repeated.json["state"]) == (200, first.json["id"], "accepted")
    assert len(called.posted) == 1
    assert order(operator, "Reset", {"type": "Hard"}, key="k").status == 409
    assert order(operator, "ClearCache", key="k").status == 409
    assert order(operator, "Reset", SOFT, key="other").json["id"] != first.json["id"]


def test_what_was_filled_in_does_not_make_a_repetition_another_command(
    csms: Runtime, called: CalledStation, operator: LambdaOperator
) -> None:
    body = {"connectorId": 1, "idTag": "TAG1", "expiryDate": "2026-03-05T14:00:00Z"}
    first = order(operator, "ReserveNow", body, key="k")
    repeated = order(operator, "ReserveNow", body, key="k")
    assert (first.status, repeated.json["id"], repeated.json["payload"]) == (
        202,
        first.json["id"],
        first.json["payload"],
    )
    assert len(called.posted) == 1


def test_a_refused_request_does_not_use_its_key_up(called: CalledStation, operator: LambdaOperator) -> None:
    called.disconnect()
    called.wait(minutes=5)
    operator.now = called.now
    assert order(operator, "Reset", SOFT, key="k").status == 409
    assert order(operator, "ClearCache", key="k").status == 202


@pytest.mark.parametrize("key", ["with space", "x" * 201, "umläut"])
def test_a_key_that_cannot_be_kept_is_refused(called: CalledStation, operator: LambdaOperator, key: str) -> None:
    assert order(operator, "Reset", SOFT, key=key).fields.keys() == {"idempotency-key"}


def test_commands_are_listed_newest_first_and_by_action_and_state(
    called: CalledStation, operator: LambdaOperator
) -> None:
    reset = order(operator, "Reset", SOFT).json["id"]
    called.reply({"status": "Accepted"})
    called.wait(seconds=1)
    sent = order(operator, "ClearCache").json["id"]
    called.wait(seconds=1)
    queued = order(operator, "Reset", SOFT).json["id"]

    def ids(**query: Any) -> list[str]:
        return [command["id"] for command in operator.items(COMMANDS, **query)]

    assert ids() == [queued, sent, reset]
    assert ids(limit=1) == [queued, sent, reset]
    assert ids(action="Reset") == [queued, reset]
    assert ids(action="Reset", limit=1) == [queued, reset]
    assert ids(state="sent") == [sent]
    assert ids(state="queued", action="Reset") == [queued]
    assert ids(action="Explode") == []
    assert operator.get(COMMANDS, state="lost").fields.keys() == {"state"}
    assert operator.get("/charge-points/NOBODY/commands").status == 404


def test_a_command_whose_time_is_up_is_shown_as_expired(
    csms: Runtime, called: CalledStation, operator: LambdaOperator
) -> None:
    called.disconnect()
    waiting_for_it = order(operator, "ClearCache", expiresIn=60).headers["location"]
    assert operator.get(waiting_for_it).json["state"] == "queued"

    called.wait(seconds=61)
    operator.now = called.now

    assert operator.items(COMMANDS, state="queued") == []
    assert operator.get(waiting_for_it).json["state"] == "expired"
    found = csms.store.links.get(CP001)
    assert found is not None
    assert found.waiting == ()


def test_a_queued_command_can_be_taken_back_and_a_sent_one_cannot(
    called: CalledStation, operator: LambdaOperator
) -> None:
    sent = order(operator, "Reset", SOFT).headers["location"]
    queued = order(operator, "Reset", SOFT).headers["location"]
    assert operator.delete(queued).json["state"] == "cancelled"
    refused = operator.delete(sent)
    assert (refused.status, refused.json["detail"]) == (409, "the command is not queued any more: sent")
    assert operator.delete(queued).status == 409
    called.reply({"status": "Accepted"})
    assert len(called.posted) == 1


def test_all_queued_commands_can_be_taken_back_at_once(called: CalledStation, operator: LambdaOperator) -> None:
    sent = order(operator, "Reset", SOFT).json["id"]
    queued = [order(operator, "Reset", SOFT).json["id"] for _ in range(3)]
    assert operator.delete(COMMANDS).fields.keys() == {"state"}
    assert operator.delete(COMMANDS, state="sent").fields.keys() == {"state"}

    withdrawn = operator.delete(COMMANDS, state="queued").json["withdrawn"]

    assert [command["id"] for command in withdrawn] == queued
    assert {command["state"] for command in withdrawn} == {"cancelled"}
    called.reply({"status": "Accepted"})
    assert [frame[1] for frame in called.posted] == [sent]
    assert operator.delete(COMMANDS, state="queued").json == {"withdrawn": []}


def test_secrets_are_shown_nowhere(csms: Runtime, called: CalledStation, operator: LambdaOperator) -> None:
    body = {"key": "WifiPassword", "value": "hunter22"}
    placed = order(operator, "ChangeConfiguration", body)
    assert called.posted[-1][3] == body
    called.reply({"status": "Accepted"})
    order(operator, "GetConfiguration", {"key": ["WifiPassword"]})
    called.reply({"configurationKey": [{"key": "WifiPassword", "readonly": False, "value": "hunter22"}]})

    assert placed.json["payload"] == {"key": "WifiPassword", "value": "***"}
    for path in (COMMANDS, placed.headers["location"], "/charge-points/CP001/messages"):
        shown = operator.get(path).text
        assert "WifiPassword" in shown
        assert "hunter22" not in shown, path


def test_an_answer_that_nests_without_end_can_be_shown(called: CalledStation, operator: LambdaOperator) -> None:
    nested: Any = []
    for _ in range(300):
        nested = [nested]
    placed = order(operator, "Reset", SOFT)
    called.reply({"status": "Accepted", "more": nested})
    assert operator.get(placed.headers["location"]).json["state"] == "accepted"


def test_in_quiet_mode_a_command_goes_out_at_once_or_not_at_all(
    csms: Runtime, called: CalledStation, operator: LambdaOperator, admin: LambdaOperator
) -> None:
    assert operator.put("/charge-points/CP001/quiet", {"quiet": True}).status == 403
    assert admin.put("/charge-points/CP001/quiet", {"quiet": True}).json["quiet"] is True
    assert order(operator, "Reset", SOFT).status == 202
    assert order(operator, "ClearCache").status == 409
    assert admin.put("/charge-points/CP001/quiet", {"quiet": False}).json["quiet"] is False
    assert order(operator, "ClearCache").status == 202
    assert admin.put("/charge-points/CP001/quiet", {}).fields.keys() == {"quiet"}
    assert admin.put("/charge-points/NOBODY/quiet", {"quiet": True}).status == 404


def test_what_waits_when_quiet_mode_is_switched_on_is_taken_back(
    called: CalledStation, operator: LambdaOperator, admin: LambdaOperator
) -> None:
    called.disconnect()
    waiting = order(operator, "ClearCache").headers["location"]
    assert admin.put("/charge-points/CP001/quiet", {"quiet": True}).status == 200
    assert operator.get(waiting).json["state"] == "cancelled"
    called.wait(minutes=5)
    called.connect()
    called.result("Heartbeat", {})
    called.wait(seconds=40)
    called.run_wakes()
    assert called.posted == []


def test_every_operation_has_a_route_of_its_own_with_its_payload_described(csms: Runtime) -> None:
    document = LambdaOperator(None).get("/openapi.json").json
    for name, operation in operations().items():
        path = document["paths"][f"/charge-points/{{identity}}/commands/{name}"]
        reference = path["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        schema = document["components"]["schemas"][reference.rpartition("/")[2]]
        fields = {field.alias for field in operation.request.model_fields.values()}
        assert schema.get("properties", {}).keys() == fields, name
        assert {"200", "202", "default"} <= path["post"]["responses"].keys()


def test_what_is_filled_in_may_be_left_out(csms: Runtime) -> None:
    schemas = LambdaOperator(None).get("/openapi.json").json["components"]["schemas"]
    assert "reservationId" not in schemas["ReserveNowRequest"]["required"]
    assert "idTag" in schemas["ReserveNowRequest"]["required"]
    assert "chargingProfileId" not in schemas["ChargingProfile"]["required"]
    assert "stackLevel" in schemas["ChargingProfile"]["required"]


def test_a_command_past_its_deadline_shows_its_late_answer(called: CalledStation, operator: LambdaOperator) -> None:
    placed = order(operator, "Reset", SOFT)
    called.wait(seconds=31)
    called.run_wakes()
    called.reply({"status": "Accepted"})
    shown = operator.get(placed.headers["location"]).json
    assert (shown["state"], shown["lateResponse"]) == (CallState.TIMED_OUT, {"status": "Accepted"})


def test_a_command_is_not_waited_for_longer_than_the_function_may_run(
    called: CalledStation, operator: LambdaOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("csms.api.waiting.time.sleep", slept.append)
    operator.time_left = timedelta(seconds=1)
    assert order(operator, "Reset", SOFT, wait=25).status == 202
    assert slept == []
