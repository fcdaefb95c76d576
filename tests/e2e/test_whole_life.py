"""A station and an operator against everything that `make run` starts."""

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.stack import Stack
from tests.station import Station


@pytest.fixture
def operator(stack: Stack) -> httpx.Client:
    headers = {"Authorization": f"Bearer {stack.token}"}
    return httpx.Client(base_url=stack.api_url, headers=headers, timeout=30, trust_env=False)


async def test_an_unknown_station_charges_a_car_and_the_operator_reads_the_transaction_back(
    stack: Stack, operator: httpx.Client
) -> None:
    async with Station.connected(stack.ocpp_url, "LIFE-1") as station:
        boot = await station.call("BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One"})
        assert boot["status"] == "Accepted"
        await station.call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Preparing"})
        tag = await station.call("Authorize", {"idTag": "DEMO-ACCEPTED"})
        assert tag["idTagInfo"]["status"] == "Accepted"
        started = await station.call(
            "StartTransaction",
            {"connectorId": 1, "idTag": "DEMO-ACCEPTED", "meterStart": 1000, "timestamp": "2026-01-02T10:00:00Z"},
        )
        transaction_id = started["transactionId"]
        sample = {"timestamp": "2026-01-02T10:05:00Z", "sampledValue": [{"value": "2500"}]}
        await station.call("MeterValues", {"connectorId": 1, "transactionId": transaction_id, "meterValue": [sample]})
        await station.call(
            "StopTransaction",
            {"transactionId": transaction_id, "meterStop": 8400, "timestamp": "2026-01-02T11:00:00Z"},
        )
        station.assert_clean()
    with operator as api:
        transaction = api.get(f"/transactions/LIFE-1/{transaction_id}").json()
        values = api.get(f"/transactions/LIFE-1/{transaction_id}/meter-values").json()
    assert (transaction["state"], transaction["energyWh"]) == ("stopped", 7400)
    assert "2500" in str(values)


async def test_bad_frames_leave_the_connection_usable(stack: Stack) -> None:
    async with Station.connected(stack.ocpp_url, "LIFE-2") as station:
        await station.call("BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One"})
        for frame in ("", "{", "[]", '[2,"x"]', '["2","x","Heartbeat",{}]', "x" * 128 * 1024, '[3,"nobody-asked",{}]'):
            await station.send_text(frame)
        assert "currentTime" in await station.call("Heartbeat")
        assert [violation for violation in station.violations if "Internal server error" in violation] == []


async def test_a_refused_upgrade_reaches_the_station_and_the_operators_list(
    stack: Stack, operator: httpx.Client
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with Station.connected(stack.ocpp_url, "LIFE-3", subprotocols=["ocpp2.0.1"]):
            pass
    assert refused.value.response.status_code == 400
    with operator as api:
        attempts = api.get("/connection-attempts", params={"limit": 100}).json()["items"]
    assert [attempt["reason"] for attempt in attempts if attempt["identity"] == "LIFE-3"] == ["no common sub-protocol"]


def test_the_operator_api_is_shut_without_a_token_and_says_what_it_offers(stack: Stack) -> None:
    with httpx.Client(base_url=stack.api_url, trust_env=False, timeout=30) as api:
        assert api.get("/charge-points").status_code == 401
        assert api.get("/health").status_code == 200
        assert api.get("/openapi.json").json()["openapi"].startswith("3.")
        narrowed = {"Authorization": f"Bearer {stack.token}.read"}
        assert api.get("/charge-points", headers=narrowed).status_code == 200
        assert api.post("/charge-points", headers=narrowed, json={"id": "LIFE-4"}).status_code == 403
