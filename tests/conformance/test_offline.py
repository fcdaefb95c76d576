"""Core cases with a transaction that began while the charge point was offline."""

from datetime import UTC, datetime

from tests.conformance.operator_client import Operator
from tests.conformance.states import (
    METER_START_WH,
    METER_STOP_WH,
    an_hour_before,
    reach_booted,
    send_accepted_start,
    send_start,
    send_status,
    send_stop,
)
from tests.stack import Stack
from tests.station import Station


async def test_tc_037_1_csms(stack: Stack, identity: str, operator: Operator, id_tag: str) -> None:
    """Offline Start Transaction – Valid IdTag."""
    started_at = an_hour_before(datetime.now(UTC))
    async with Station.connected(stack.ocpp_url, identity) as before:
        await reach_booted(before)
    async with Station.connected(stack.ocpp_url, identity) as station:
        transaction_id = await send_accepted_start(station, id_tag, started_at)
        await send_status(station, "Charging")
        station.assert_clean()
    stored = operator.transaction(identity, transaction_id)
    assert stored["state"] == "open"
    assert datetime.fromisoformat(stored["startedAt"]) == started_at.replace(microsecond=0)


async def test_tc_037_3_csms(stack: Stack, identity: str, operator: Operator) -> None:
    """Offline Start Transaction – Invalid IdTag – StopTransactionOnInvalidId=true."""
    started_at = an_hour_before(datetime.now(UTC))
    async with Station.connected(stack.ocpp_url, identity) as before:
        await reach_booted(before)
    async with Station.connected(stack.ocpp_url, identity) as station:
        answer = await send_start(station, "TAG-NOBODY-HAS", started_at)
        assert answer["idTagInfo"]["status"] == "Invalid"
        await send_status(station, "Charging")
        await send_stop(station, answer["transactionId"], "DeAuthorized", datetime.now(UTC))
        await send_status(station, "Finishing")
        station.assert_clean()
    stored = operator.transaction(identity, answer["transactionId"])
    assert (stored["state"], stored["stop"]["reason"]) == ("stopped", "DeAuthorized")


async def test_tc_039_csms(stack: Stack, identity: str, operator: Operator, id_tag: str) -> None:
    """Offline Transaction."""
    stopped_at = an_hour_before(datetime.now(UTC))
    async with Station.connected(stack.ocpp_url, identity) as before:
        await reach_booted(before)
    async with Station.connected(stack.ocpp_url, identity) as station:
        transaction_id = await send_accepted_start(station, id_tag, an_hour_before(stopped_at))
        await send_stop(station, transaction_id, "Local", stopped_at, id_tag)
        station.assert_clean()
    stored = operator.transaction(identity, transaction_id)
    assert stored["state"] == "stopped"
    assert stored["energyWh"] == METER_STOP_WH - METER_START_WH
