"""GetConfiguration: what a station answers is kept key by key (TC_019_1, TC_019_2)."""

from typing import Any

import pytest

from csms.calls import CallRefused
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import CallState
from csms.store.configuration import Reported
from tests.called_station import CalledStation

CP001 = ChargePointId("CP001")


def key(name: str, value: str | None, *, readonly: bool = False) -> dict[str, Any]:
    return {"key": name, "readonly": readonly} | ({"value": value} if value is not None else {})


@pytest.mark.parametrize("body", [{}, {"key": []}, {"key": ["SupportedFeatureProfiles"]}])
def test_a_body_goes_out_as_it_was_given(called: CalledStation, body: dict[str, Any]) -> None:
    called.is_called("GetConfiguration", body)
    assert called.posted[-1][3] == body


def test_what_is_answered_is_on_record(csms: Runtime, called: CalledStation) -> None:
    called.is_called("GetConfiguration")
    answer = [key("HeartbeatInterval", "300"), key("NumberOfConnectors", "2", readonly=True), key("Empty", None)]
    called.reply({"configurationKey": answer, "unknownKey": ["Imaginary"]})
    found = {item.key: item for item in csms.store.configuration.all(CP001)}
    assert {name: (item.value, item.is_read_only, item.is_unknown) for name, item in found.items()} == {
        "HeartbeatInterval": ("300", False, False),
        "NumberOfConnectors": ("2", True, False),
        "Empty": (None, False, False),
        "Imaginary": (None, False, True),
    }
    assert all(item.reported_at == called.now for item in found.values())
    assert csms.store.configuration.values(CP001, "heartbeatinterval") == {"heartbeatinterval": "300"}


def test_a_later_answer_replaces_and_keeps_what_is_desired(csms: Runtime, called: CalledStation) -> None:
    csms.store.configuration.desire(CP001, {"HeartbeatInterval": "60"}, called.now)
    for value in ("300", "60"):
        called.is_called("GetConfiguration")
        called.reply({"configurationKey": [key("HeartBeatInterval", value)]})
        called.wait(seconds=1)
    (found,) = csms.store.configuration.all(CP001)
    assert (found.key, found.value, found.desired_value) == ("HeartBeatInterval", "60", "60")


def test_an_older_word_changes_nothing(csms: Runtime, called: CalledStation) -> None:
    called.is_called("GetConfiguration")
    called.reply({"configurationKey": [key("HeartbeatInterval", "300")]})
    called.wait(hours=-1)
    csms.store.configuration.report(CP001, [Reported("HeartbeatInterval", "1")], called.now)
    assert csms.store.configuration.values(CP001, "HeartbeatInterval") == {"HeartbeatInterval": "300"}


def test_secrets_are_kept_nowhere(csms: Runtime, called: CalledStation) -> None:
    call = called.is_called("GetConfiguration")
    called.reply({"configurationKey": [key("AuthorizationKey", "correct horse"), key("ModemAPN", "battery staple")]})
    kept = [
        called.stored(call),
        csms.store.configuration.all(CP001),
        csms.store.messages.list(CP001, called.now, limit=5),
    ]
    assert "correct horse" not in str(kept)
    assert "battery staple" not in str(kept)
    assert called.stored(call).state is CallState.ACCEPTED


def test_no_more_keys_are_asked_for_than_the_station_takes(csms: Runtime, called: CalledStation) -> None:
    csms.store.configuration.report(CP001, [Reported("GetConfigurationMaxKeys", "2")], called.now)
    with pytest.raises(CallRefused, match="3 keys, and the charge point takes 2 at once"):
        called.is_called("GetConfiguration", {"key": ["A", "B", "C"]})
    called.is_called("GetConfiguration", {"key": ["A", "B"]})
    called.is_called("GetConfiguration", {"key": ["A", "B", "C"]}, is_forced=True)


@pytest.mark.parametrize("answer", [{}, {"configurationKey": 7}, {"configurationKey": [7, {}], "unknownKey": [{}, ""]}])
def test_an_answer_without_sense_changes_nothing(csms: Runtime, called: CalledStation, answer: dict[str, Any]) -> None:
    called.is_called("GetConfiguration")
    called.reply(answer)
    assert csms.store.configuration.all(CP001) == []


def test_what_makes_sense_of_an_answer_is_used_and_the_answer_flagged(csms: Runtime, called: CalledStation) -> None:
    call = called.is_called("GetConfiguration")
    odd = [{"key": "A", "value": 60}, {"key": "B", "readonly": "true", "value": True}, {"value": "C"}]
    called.reply({"configurationKey": odd, "unknownKey": None})
    found = {item.key: (item.value, item.is_read_only) for item in csms.store.configuration.all(CP001)}
    assert found == {"A": ("60", False), "B": ("true", True)}
    assert called.stored(call).is_flagged


def test_a_callerror_changes_nothing(csms: Runtime, called: CalledStation) -> None:
    call = called.is_called("GetConfiguration")
    called.refuse("InternalError")
    assert called.stored(call).state is CallState.FAILED
    assert csms.store.configuration.all(CP001) == []
