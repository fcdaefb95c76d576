"""A station that boots at the running stack is brought to what it should be."""

from collections.abc import Iterator

import pytest

from tests.stack import Stack, watched_stack
from tests.station import Station

BOOT = {"chargePointVendor": "Vendor", "chargePointModel": "Model"}


@pytest.fixture(scope="module")
def commissioning_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    directory = tmp_path_factory.mktemp("commissioning")
    with watched_stack(directory, CALL_SETTLE_S="0", COMMISSIONING="true") as running:
        yield running


async def test_a_station_is_asked_and_then_told(commissioning_stack: Stack) -> None:
    async with Station.connected(commissioning_stack.ocpp_url, "COMMISSIONED") as station:
        assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"
        asked = await station.next_call("GetConfiguration")
        assert asked.payload == {}
        reported = [
            {"key": "HeartbeatInterval", "readonly": False, "value": "900"},
            {"key": "StopTxnSampledData", "readonly": True, "value": "SoC"},
        ]
        await station.answer(asked, {"configurationKey": reported})
        told = await station.next_call("ChangeConfiguration")
        assert told.payload == {"key": "HeartbeatInterval", "value": "300"}
        await station.answer(told, {"status": "Accepted"})
        await station.call("Heartbeat")
        station.assert_clean()
