"""ChangeAvailability: a connector, or the whole charge point."""

import pytest

from csms.calls import CallRefused
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import CallState
from csms.store.configuration import Reported
from tests.called_station import CalledStation


@pytest.mark.parametrize("connector_id", [0, 1, 7])
@pytest.mark.parametrize(("status", "state"), [("Scheduled", CallState.ACCEPTED), ("Rejected", CallState.REJECTED)])
def test_any_connector_that_can_exist_is_asked(
    called: CalledStation, connector_id: int, status: str, state: CallState
) -> None:
    call = called.is_called("ChangeAvailability", {"connectorId": connector_id, "type": "Inoperative"})
    called.reply({"status": status})
    assert (called.stored(call).state, called.stored(call).status) == (state, status)


def test_a_connector_beyond_the_known_number_is_refused_unless_forced(csms: Runtime, called: CalledStation) -> None:
    reported = [Reported("NumberOfConnectors", "2")]
    csms.store.configuration.report(ChargePointId("CP001"), reported, called.now)
    order = {"connectorId": 3, "type": "Operative"}
    with pytest.raises(CallRefused, match="the charge point has 2"):
        called.is_called("ChangeAvailability", order)
    called.is_called("ChangeAvailability", order, is_forced=True)
    assert called.posted[-1][3] == order


def test_a_negative_connector_is_refused(called: CalledStation) -> None:
    with pytest.raises(CallRefused, match="at least 0"):
        called.is_called("ChangeAvailability", {"connectorId": -1, "type": "Operative"})
