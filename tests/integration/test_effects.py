"""What follows the end of a call never stands between it and its slot: the stream repeats what could not be done."""

from typing import Any

import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import CallState
from csms.v16.operations import Settled, operations
from tests.called_station import CalledStation

CP001 = ChargePointId("CP001")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The effects of ClearCache cannot be done; how its calls ended."""
    ends: list[str] = []

    def apply(request: Any, response: Any, settled: Settled) -> None:
        ends.append(settled.call.state)
        raise RuntimeError("broken")

    monkeypatch.setattr(operations()["ClearCache"], "_apply", apply)
    return ends


def test_the_next_call_goes_out_though_the_effects_of_an_answer_cannot_be_done(
    called: CalledStation, broken: list[str]
) -> None:
    call = called.is_called("ClearCache")
    following = called.is_called("Reset", {"type": "Soft"})
    called.reply({"status": "Accepted"})
    assert broken == ["accepted"]
    assert not called.stored(call).has_effects_done
    assert called.stored(following).state is CallState.SENT


def test_the_next_call_goes_out_though_the_effects_of_silence_cannot_be_done(
    called: CalledStation, broken: list[str]
) -> None:
    called.is_called("ClearCache")
    following = called.is_called("Reset", {"type": "Soft"})
    called.wait(seconds=30)
    called.run_wakes()
    assert broken == ["timed_out"]
    assert called.stored(following).state is CallState.SENT


def test_the_next_call_goes_out_though_the_effects_of_expiry_cannot_be_done(
    called: CalledStation, broken: list[str]
) -> None:
    called.disconnect()
    called.is_called("ClearCache")
    called.wait(hours=23)
    following = called.is_called("Reset", {"type": "Soft"}, lifetime=called.now - called.connected_at)
    called.wait(hours=2)
    called.connect()
    called.result("Heartbeat", {})
    called.wait(seconds=2)
    called.run_wakes()
    assert broken == ["expired"]
    assert called.stored(following).state is CallState.SENT


def test_withdrawing_succeeds_though_its_effects_cannot_be_done(
    csms: Runtime, called: CalledStation, broken: list[str]
) -> None:
    called.disconnect()
    call = called.is_called("ClearCache")
    assert called.engine.cancel(CP001, call.id)
    assert broken == ["cancelled"]
    link = csms.store.links.get(CP001)
    assert link is not None
    assert link.waiting == ()


def test_a_reservation_for_ever_is_kept(csms: Runtime, called: CalledStation) -> None:
    reservation = {"connectorId": 1, "expiryDate": "9999-12-31T23:59:59Z", "idTag": "TAG1", "reservationId": 7}
    call = called.is_called("ReserveNow", reservation)
    called.reply({"status": "Accepted"})
    assert called.stored(call).has_effects_done
    assert [found.id for found in csms.store.reservations.open_of(CP001)] == [7]


def test_a_value_that_hiding_would_make_longer_is_kept(csms: Runtime, called: CalledStation) -> None:
    call = called.is_called("ChangeConfiguration", {"key": "Backend", "value": "http://a@" + "h" * 491})
    called.reply({"status": "Accepted"})
    assert called.stored(call).has_effects_done
    kept = csms.store.configuration.get(CP001, "Backend")
    assert kept is not None
    assert kept.value == "***"


@pytest.mark.parametrize("name", ["\u4f60" * 400, "\u0390" * 200])
def test_a_key_that_no_row_takes_keeps_the_others_from_nothing(csms: Runtime, called: CalledStation, name: str) -> None:
    call = called.is_called("GetConfiguration")
    keys = [{"key": name, "readonly": False, "value": "1"}, {"key": "Odd", "readonly": False, "value": "2"}]
    called.reply({"configurationKey": keys, "unknownKey": [name]})
    assert called.stored(call).has_effects_done
    assert [found.key for found in csms.store.configuration.all(CP001)] == ["Odd"]
