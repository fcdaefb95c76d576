"""Local lists sent by hand, and the version a station reports [S 5.10, 5.15]."""

from typing import Any

import pytest
from pydantic import ValidationError

from csms.calls import CallRefused
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import Call, CallState
from csms.store.configuration import Reported
from csms.store.local_lists import LocalList
from csms.v16.operations import Situation, operations
from tests.called_station import CalledStation

CP001 = ChargePointId("CP001")
ACCEPTED = {"status": "Accepted"}


def entry(id_tag: str, status: str | None = "Accepted") -> dict[str, Any]:
    return {"idTag": id_tag} | ({"idTagInfo": {"status": status}} if status else {})


def full(*entries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"updateType": "Full", "localAuthorizationList": list(entries)} | changes


def differential(*entries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return full(*entries, updateType="Differential") | changes


def prepared(called: CalledStation, body: dict[str, Any]) -> dict[str, Any]:
    """The payload as the API would complete it."""
    link = called.csms.store.links.get(CP001)
    assert link is not None
    situation = Situation(CP001, link, called.csms.store, called.csms.settings, called.now)
    return operations()["SendLocalList"].prepare(body, situation).payload


def send(called: CalledStation, body: dict[str, Any], response: dict[str, Any] | None = None) -> Call:
    called.wait(seconds=1)
    call = called.is_called("SendLocalList", prepared(called, body))
    called.reply(ACCEPTED if response is None else response)
    return call


def ask_version(called: CalledStation, version: int) -> None:
    called.wait(seconds=1)
    called.is_called("GetLocalListVersion")
    called.reply({"listVersion": version})


def known(csms: Runtime) -> LocalList:
    return csms.store.local_lists.get(CP001)


def tags(csms: Runtime) -> list[str] | None:
    entries = known(csms).entries
    return None if entries is None else [each["idTag"] for each in entries]


def test_a_list_goes_out_as_it_was_given_with_the_next_version(csms: Runtime, called: CalledStation) -> None:
    first, second = full(entry("A"), entry("B", "Blocked")), differential(entry("C"), entry("A", None))
    send(called, first)
    send(called, second)
    assert [frame[3] for frame in called.posted] == [{"listVersion": 1, **first}, {"listVersion": 2, **second}]
    assert (known(csms).version, tags(csms)) == (2, ["B", "C"])


def test_a_given_version_is_sent_and_later_ones_rise_above_it(called: CalledStation) -> None:
    send(called, full(entry("A"), listVersion=40))
    assert prepared(called, full())["listVersion"] == 41


def test_a_full_list_without_entries_clears_it(csms: Runtime, called: CalledStation) -> None:
    send(called, full(entry("A")))
    send(called, {"updateType": "Full"})
    assert tags(csms) == []


@pytest.mark.parametrize("version", [-1, 0, 5])
def test_the_version_a_station_reports_is_recorded(csms: Runtime, called: CalledStation, version: int) -> None:
    ask_version(called, version)
    assert known(csms).version == version
    assert known(csms).is_supported is (version >= 0)
    assert known(csms).is_foreign is (version > 0)


def test_a_differential_on_a_list_of_somebody_else_leaves_it_unknown(csms: Runtime, called: CalledStation) -> None:
    ask_version(called, 5)
    send(called, differential(entry("A")))
    assert (known(csms).version, known(csms).entries, known(csms).is_foreign) == (6, None, True)


@pytest.mark.parametrize("status", ["Failed", "VersionMismatch"])
def test_a_list_that_is_not_taken_leaves_what_was_acknowledged_in_doubt(
    csms: Runtime, called: CalledStation, status: str
) -> None:
    send(called, full(entry("A")))
    refused = send(called, differential(entry("B")), {"status": status})
    assert called.stored(refused).state is CallState.REJECTED
    assert (known(csms).failure, known(csms).is_trusted, tags(csms)) == (status, False, ["A"])
    send(called, full(entry("B")))
    assert (known(csms).failure, known(csms).is_trusted, known(csms).version) == (None, True, 3)


def test_a_station_without_lists_is_remembered_until_it_says_otherwise(csms: Runtime, called: CalledStation) -> None:
    send(called, full(entry("A")), {"status": "NotSupported"})
    assert not known(csms).is_supported
    ask_version(called, 0)
    assert known(csms).is_supported


def test_a_callerror_for_an_unknown_operation_says_that_there_is_no_list(csms: Runtime, called: CalledStation) -> None:
    called.is_called("GetLocalListVersion")
    called.refuse("NotImplemented")
    assert not known(csms).is_supported


def test_a_list_without_an_answer_may_have_arrived(csms: Runtime, called: CalledStation) -> None:
    send(called, full(entry("A")))
    called.wait(seconds=1)
    called.is_called("SendLocalList", prepared(called, full(entry("B"))))
    called.wait(seconds=31)
    called.run_wakes()
    assert not known(csms).is_trusted
    ask_version(called, 2)
    assert not known(csms).is_foreign
    assert prepared(called, full())["listVersion"] == 3


def test_repeated_effects_of_an_earlier_list_change_nothing(csms: Runtime, called: CalledStation) -> None:
    earlier = send(called, full(entry("A")))
    send(called, full(entry("B")))
    csms.calls._finish(called.stored(earlier), called.now)
    assert tags(csms) == ["B"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (full(listVersion=0), "greater than 0"),
        (full(listVersion=-1), "greater than 0"),
        (full(entry("A"), entry("a")), "twice"),
        (full(entry("A", None)), "idTagInfo"),
        (differential(listVersion=3), "must exceed"),
        (full(*map(entry, "ABCDEF")), "SendLocalListMaxLength"),
        (differential(*map(entry, "ABCD")), "LocalAuthListMaxLength"),
    ],
)
def test_a_list_the_station_cannot_take_is_refused_and_sent_by_force(
    csms: Runtime, called: CalledStation, body: dict[str, Any], reason: str
) -> None:
    limits = [Reported("SendLocalListMaxLength", "5"), Reported("LocalAuthListMaxLength", "6")]
    csms.store.configuration.report(CP001, limits, called.now)
    send(called, full(*map(entry, "VWXYZ"), listVersion=3))
    with pytest.raises(CallRefused, match=reason):
        called.is_called("SendLocalList", prepared(called, body))
    called.is_called("SendLocalList", prepared(called, body), is_forced=True)
    assert len(called.posted) == 2


def test_a_differential_that_became_stale_while_it_waited_is_not_sent(called: CalledStation) -> None:
    called.is_called("GetLocalListVersion")
    waiting = called.is_called("SendLocalList", differential(entry("A"), listVersion=2))
    called.reply({"listVersion": 2})
    assert called.stored(waiting).state is CallState.FAILED
    assert len(called.posted) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"updateType": "full", "listVersion": 1},
        full({"idTag": "x" * 21}),
        full({"idTag": "A", "idTagInfo": {}}),
        full({"idTag": "A", "idTagInfo": {"status": "Accepted", "expiryDate": "tomorrow"}}),
        full({"idTag": "A", "idTagInfo": {"status": "Accepted", "parentIdTag": None}}),
        full(listVersion="1"),
    ],
)
def test_a_list_against_the_schema_is_never_sent(called: CalledStation, body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        prepared(called, body)
