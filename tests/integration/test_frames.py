"""What is answered, what is refused and what is ignored at the frame boundary [J 4]."""

import json
from typing import Any

import pytest

from csms.gateway import Gateway
from csms.ids import ChargePointId
from csms.runtime import Runtime
from tests.lambda_station import LambdaStation


def posted_frames(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What goes out through @connections from now on."""
    posted: list[tuple[str, str]] = []

    def post(_: Gateway, connection_id: str, text: str) -> bool:
        posted.append((connection_id, text))
        return True

    monkeypatch.setattr(Gateway, "post", post)
    return posted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{}",
        "[]",
        "null",
        "[2]",
        '[2,null,"Heartbeat",{}]',
        '[2,true,"Heartbeat",{}]',
        '[2,["a"],"Heartbeat",{}]',
        '[5,"a","Heartbeat",{}]',
        '["2","a","Heartbeat",{}]',
        '[true,"a","Heartbeat",{}]',
        '[2,"a","Heartbeat",{}',
        '[2,"a","Heartbeat",NaN]',
        '[2,"a","Heartbeat",{"x":1e999}]',
        "[" * 100_000,
        '[3,"a",{}]',
        '[3,"a"]',
        '[3,"a","Heartbeat"]',
        '[4,"a","InternalError","",{}]',
        '[4,"a"]',
        "\ud800",
    ],
)
def test_what_is_no_readable_call_gets_no_answer(station: LambdaStation, text: str) -> None:
    assert station.send(text) is None
    station.result("Heartbeat", {})


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        (["Heartbeat"], "FormationViolation"),
        ([], "FormationViolation"),
        (["Heartbeat", {}, {}], "FormationViolation"),
        (["Heartbeat", []], "FormationViolation"),
        (["Heartbeat", "x"], "FormationViolation"),
        ([7, {}], "FormationViolation"),
        (["heartbeat", {}], "NotImplemented"),
        (["Nonsense", {}], "NotImplemented"),
        (["RemoteStartTransaction", {}], "NotImplemented"),
        (["x" * 5000, {}], "NotImplemented"),
    ],
)
def test_a_wrong_call_gets_a_callerror(
    csms: Runtime, station: LambdaStation, rest: list[Any], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted = posted_frames(monkeypatch)
    body = station.send(json.dumps([2, "a", *rest]))
    answer = json.loads(body or posted[0][1])
    assert answer[:3] == [4, "a", code]
    assert answer[4] == {}
    station.result("Heartbeat", {})


@pytest.mark.parametrize("message_id", [7, 7.5, "", "x" * 500, "ä€😀", "\ud800"])
def test_odd_message_ids_are_echoed_as_they_came(station: LambdaStation, message_id: object) -> None:
    answer = json.loads(station.send(json.dumps([2, message_id, "Heartbeat", {}])) or "null")
    assert answer[1] == (message_id if message_id != "\ud800" else "�")


def test_a_null_payload_is_an_empty_one(station: LambdaStation) -> None:
    assert json.loads(station.send('[2,"a","Heartbeat",null]') or "null")[0] == 3


def test_on_the_one_way_route_the_answer_is_posted(
    csms: Runtime, station: LambdaStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted = posted_frames(monkeypatch)
    assert station.send('[2,"a","Nonsense",{}]') is None
    assert posted == [(station.connection_id, '[4,"a","NotImplemented","unknown action",{}]')]


def test_a_failure_of_ours_is_an_internal_error_without_details(
    csms: Runtime, station: LambdaStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(csms.store.id_tags, "get", fail)
    answer = station.call("Authorize", {"idTag": "TAG1"})
    assert answer[2:] == ["InternalError", "try again later", {}]


def test_a_message_of_a_connection_nobody_knows_is_refused_and_the_connection_closed(
    csms: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    monkeypatch.setattr("csms.gateway.Gateway.close", lambda _self, connection: closed.append(connection))
    stranger = LambdaStation(connection_id="unheard-of")
    assert stranger.error_code("Heartbeat", {}) == "SecurityError"
    assert closed == ["unheard-of"]


def nested(levels: int) -> Any:
    payload: Any = {}
    for _ in range(levels):
        payload = {"a": [payload]}
    return payload


@pytest.mark.parametrize("levels", [17, 300])
def test_what_is_nested_deeper_than_any_payload_is_refused(station: LambdaStation, levels: int) -> None:
    assert station.error_code("Heartbeat", nested(levels)) == "FormationViolation"
    station.result("Heartbeat", nested(3))


def test_charge_data_in_a_malformed_call_is_kept_and_logged(csms: Runtime, station: LambdaStation) -> None:
    text = '[2,"x","StopTransaction",[{"meterStop":7}]]'
    answer = json.loads(station.send(text) or "null")
    assert answer[2] == "FormationViolation"
    (orphan,) = csms.store.orphans.list(limit=5).things
    assert orphan.payload == {"frame": text}
    assert csms.store.messages.list(ChargePointId("CP001"), station.now, limit=5).messages[0].request == text
