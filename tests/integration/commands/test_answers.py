"""What a call's answer means: one outside the schema is flagged and, where its meaning is clear, used."""

import json
from typing import Any

import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import CallState
from tests.called_station import CalledStation

CP001 = ChargePointId("CP001")


@pytest.mark.parametrize("status", ["accepted", "ACCEPTED", " Accepted "])
def test_a_status_in_another_spelling_is_flagged_and_used(called: CalledStation, status: str) -> None:
    call = called.is_called("ClearCache")
    called.reply({"status": status})
    ended = called.stored(call)
    assert (ended.state, ended.status, ended.is_flagged) == (CallState.ACCEPTED, "Accepted", True)
    assert ended.response == {"status": status}


@pytest.mark.parametrize(
    ("action", "payload", "status"),
    [
        ("ClearCache", {}, "Banana"),
        ("ClearCache", {}, "Scheduled"),
        ("ClearCache", {}, "A" * 20_000),
        ("Reset", {"type": "Soft"}, "Unlocked"),
        ("ChangeConfiguration", {"key": "Odd", "value": "1"}, "Scheduled"),
    ],
)
def test_a_status_that_the_operation_does_not_have_is_flagged_and_no_acceptance(
    called: CalledStation, action: str, payload: dict[str, Any], status: str
) -> None:
    call = called.is_called(action, payload)
    called.reply({"status": status})
    ended = called.stored(call)
    assert (ended.state, ended.status, ended.is_flagged) == (CallState.REJECTED, status[:50], True)


@pytest.mark.parametrize("answer", [None, [], "x", 5, {}, {"status": 7}, {"status": None}, {"Status": "Accepted"}])
def test_an_answer_without_a_readable_status_ends_the_call_as_failed(called: CalledStation, answer: Any) -> None:
    call = called.is_called("ClearCache")
    called.send(json.dumps([3, called.posted[-1][1], answer]))
    ended = called.stored(call)
    assert (ended.state, ended.status, ended.is_flagged) == (CallState.FAILED, "unreadable answer", True)


@pytest.mark.parametrize("answer", [None, {}, {"listVersion": "abc"}, {"listVersion": None}, {"listVersion": 10**20}])
def test_an_answer_without_what_it_is_asked_for_is_no_acceptance(called: CalledStation, answer: Any) -> None:
    call = called.is_called("GetLocalListVersion")
    called.send(json.dumps([3, called.posted[-1][1], answer]))
    ended = called.stored(call)
    assert (ended.state, ended.status, ended.is_flagged) == (CallState.FAILED, "unreadable answer", True)


@pytest.mark.parametrize("answer", [None, [], "x"])
def test_an_answer_that_has_nothing_to_say_may_say_it_in_any_way(called: CalledStation, answer: Any) -> None:
    location = {"location": "ftp://files.example.com/x", "retrieveDate": "2026-03-05T13:00:00Z"}
    call = called.is_called("UpdateFirmware", location)
    called.send(json.dumps([3, called.posted[-1][1], answer]))
    ended = called.stored(call)
    assert (ended.state, ended.is_flagged) == (CallState.ACCEPTED, True)


@pytest.mark.parametrize(
    ("action", "payload", "answer"),
    [
        ("ClearCache", {}, {"status": "Accepted", "vendorsOwn": 1}),
        ("GetLocalListVersion", {}, {"listVersion": "7"}),
        ("GetLocalListVersion", {}, {"list_version": 7}),
        ("GetConfiguration", {}, {"configurationKey": [{"key": "Odd", "readonly": False, "value": None}]}),
        ("GetConfiguration", {}, {"configurationKey": [{"key": "Odd", "readonly": False, "value": "x" * 501}]}),
        ("GetDiagnostics", {"location": "ftp://files.example.com/x"}, {"fileName": "x" * 256}),
        ("DataTransfer", {"vendorId": "V"}, {"status": "Accepted", "data": {"a": 1}}),
    ],
)
def test_what_is_understood_although_it_breaks_the_schema_is_flagged_and_used(
    called: CalledStation, action: str, payload: dict[str, Any], answer: dict[str, Any]
) -> None:
    call = called.is_called(action, payload)
    called.reply(answer)
    ended = called.stored(call)
    assert (ended.state, ended.is_flagged, ended.response) == (CallState.ACCEPTED, True, answer)


@pytest.mark.parametrize(
    ("action", "payload", "answer"),
    [
        ("ClearCache", {}, {"status": "Rejected"}),
        ("GetLocalListVersion", {}, {"listVersion": 7}),
        ("GetConfiguration", {}, {}),
        ("GetConfiguration", {}, {"configurationKey": [{"key": "Odd", "readonly": False}], "unknownKey": ["x" * 50]}),
        ("GetDiagnostics", {"location": "ftp://files.example.com/x"}, {}),
        ("DataTransfer", {"vendorId": "V"}, {"status": "Accepted", "data": "{}"}),
    ],
)
def test_an_answer_as_the_schema_has_it_is_not_flagged(
    called: CalledStation, action: str, payload: dict[str, Any], answer: dict[str, Any]
) -> None:
    call = called.is_called(action, payload)
    called.reply(answer)
    assert not called.stored(call).is_flagged


def test_a_configuration_with_one_unreadable_key_is_an_answer(csms: Runtime, called: CalledStation) -> None:
    call = called.is_called("GetConfiguration")
    called.reply({"configurationKey": [{"key": 7, "readonly": "what"}, {"key": "Odd", "readonly": False}]})
    ended = called.stored(call)
    assert (ended.state, ended.is_flagged) == (CallState.ACCEPTED, True)
    assert csms.store.configuration.get(CP001, "Odd")
