"""UnlockConnector: a cable that is stuck (TC_017_1, 017_2, 018_1, 030, 031)."""

import pytest

from csms.calls import CallRefused
from csms.store.calls import CallState
from tests.called_station import CalledStation


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Unlocked", CallState.ACCEPTED),
        ("UnlockFailed", CallState.REJECTED),
        ("NotSupported", CallState.REJECTED),
    ],
)
def test_the_answer_is_kept(called: CalledStation, status: str, state: CallState) -> None:
    call = called.is_called("UnlockConnector", {"connectorId": 1})
    called.reply({"status": status})
    assert (called.stored(call).state, called.stored(call).status) == (state, status)


def test_connector_0_has_no_cable_but_may_be_asked_by_force(called: CalledStation) -> None:
    with pytest.raises(CallRefused, match="connectorId 0: must be at least 1"):
        called.is_called("UnlockConnector", {"connectorId": 0})
    called.is_called("UnlockConnector", {"connectorId": 0}, is_forced=True)
    assert called.posted[-1][3] == {"connectorId": 0}


def test_a_transaction_does_not_stand_in_the_way(called: CalledStation) -> None:
    called.start()
    called.is_called("UnlockConnector", {"connectorId": 1})
    assert called.posted[-1][2] == "UnlockConnector"
