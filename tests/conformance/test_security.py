"""Connections and passwords: cases of the security extension."""

import asyncio

import pytest
from websockets.exceptions import InvalidStatus

from tests.conformance.command import Command
from tests.conformance.editions import Edition, in_every_edition
from tests.conformance.operator_client import Operator
from tests.conformance.states import reach_booted
from tests.stack import Stack
from tests.station import Station

PLAIN_PASSWORD = "correct horse 42!"
HEX_PASSWORD = "00112233445566778899aabbccddeeff0a"
"""34 hexadecimal digits: a key of 17 bytes, which is what goes into the header (OCPP-J 1.6 §6.2.2)."""
WITHOUT_TLS, WITH_TLS = {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "https"}
"""What the local gateway is told of a connection: it stands for the edge, and speaks no TLS itself."""
NEW_PASSWORDS = {Edition.NEWEST: "0123456789abcdef0123456789abcdef01234567", Edition.OLDEST: "battery staple 43!"}


@in_every_edition
async def test_tc_073_csms(stack: Stack, operator: Operator, edition: Edition) -> None:
    """Update Charge Point Password for HTTP Basic Authentication."""
    identity = operator.create_charge_point(securityProfile=1, password=PLAIN_PASSWORD)
    value = NEW_PASSWORDS[edition]
    async with Station.connected(stack.ocpp_url, identity, password=PLAIN_PASSWORD) as station:
        await reach_booted(station)
        command = Command(operator, identity, station)
        body = {"key": "AuthorizationKey", "value": value}
        assert await command("ChangeConfiguration", body, answer={"status": "Accepted"}) == body
        station.assert_clean()
    assert value not in operator.everything_about_commands(identity)
    with pytest.raises(InvalidStatus) as refusal:
        async with Station.connected(stack.ocpp_url, identity, password=PLAIN_PASSWORD):
            pass
    assert refusal.value.response.status_code == 401
    key = bytes.fromhex(value) if edition is Edition.NEWEST else value
    async with Station.connected(stack.ocpp_url, identity, password=key) as station:
        await reach_booted(station)
        station.assert_clean()


async def test_tc_083_csms(stack: Stack, operator: Operator) -> None:
    """Upgrade Charge Point Security Profile – Accepted."""
    identity = operator.create_charge_point(securityProfile=1, password=PLAIN_PASSWORD)
    url, password = stack.ocpp_url, PLAIN_PASSWORD
    async with Station.connected(url, identity, password=password, headers=WITHOUT_TLS) as station:
        await reach_booted(station)
        station.will_answer("ChangeConfiguration", {"status": "Accepted"})
        told = await asyncio.to_thread(operator.raise_security_profile, identity, 2)
        assert (told["action"], told["state"]) == ("ChangeConfiguration", "accepted")
        await station.answer(await station.next_call("Reset"), {"status": "Accepted"})
        sent = [(call.action, call.payload) for call in station.received]
        assert sent == [("ChangeConfiguration", {"key": "SecurityProfile", "value": "2"}), ("Reset", {"type": "Hard"})]
        station.assert_clean()
    async with Station.connected(url, identity, password=password, headers=WITH_TLS) as station:
        await reach_booted(station)
        station.assert_clean()
    assert operator.charge_point(identity)["securityProfile"] == 2
    with pytest.raises(InvalidStatus) as refusal:
        async with Station.connected(url, identity, password=password, headers=WITHOUT_TLS):
            pass
    assert refusal.value.response.status_code == 401
    async with Station.connected(url, identity, password=password, headers=WITH_TLS) as station:
        await reach_booted(station)
        station.assert_clean()


@pytest.mark.parametrize(
    ("configured", "sent"), [(PLAIN_PASSWORD, PLAIN_PASSWORD.encode()), (HEX_PASSWORD, bytes.fromhex(HEX_PASSWORD))]
)
async def test_tc_085_csms(stack: Stack, operator: Operator, configured: str, sent: bytes) -> None:
    """Basic Authentication – Valid username/password combination."""
    identity = operator.create_charge_point(securityProfile=1, password=configured)
    with pytest.raises(InvalidStatus) as refusal:
        async with Station.connected(stack.ocpp_url, identity):
            pass
    assert refusal.value.response.status_code == 401
    assert operator.refused_connections(identity) != []
    async with Station.connected(stack.ocpp_url, identity, password=sent) as station:
        await reach_booted(station)
        station.assert_clean()
    assert operator.charge_point(identity)["securityProfile"] == 1


async def test_tc_088_csms(stack: Stack, identity: str) -> None:
    """WebSocket Subprotocol negotiation."""
    with pytest.raises(InvalidStatus) as refusal:
        async with Station.connected(stack.ocpp_url, identity, subprotocols=["ocpp0.1"]):
            pass
    assert 400 <= refusal.value.response.status_code < 500
    async with Station.connected(stack.ocpp_url, identity, subprotocols=["ocpp0.1", "ocpp1.6"]) as station:
        assert station.connection.subprotocol == "ocpp1.6"
        assert station.connection.response is not None
        assert station.connection.response.headers.get_all("Sec-WebSocket-Protocol") == ["ocpp1.6"]
        await reach_booted(station)
        station.assert_clean()
