"""Local Authorization List Management."""

from tests.conformance.command import Command
from tests.conformance.operator_client import Operator
from tests.station import Payload

FULL, DIFFERENTIAL = "Full", "Differential"


async def test_tc_042_1_csms(command: Command, identity: str, operator: Operator) -> None:
    """Get Local List Version – not supported."""
    assert await command("GetLocalListVersion", answer={"listVersion": -1}) == {}
    assert operator.local_list(identity)["supported"] is False


async def test_tc_042_2_csms(command: Command, identity: str, operator: Operator) -> None:
    """Get Local List Version – empty."""
    assert await command("GetLocalListVersion", answer={"listVersion": 0}) == {}
    stored = operator.local_list(identity)
    assert (stored["supported"], stored["version"]) == (True, 0)


async def test_tc_043_1_csms(command: Command, identity: str, operator: Operator, id_tag: str) -> None:
    """Send Local Authorization List – NotSupported."""
    await send_list(command, FULL, id_tag, "NotSupported")
    assert operator.local_list(identity)["supported"] is False


async def test_tc_043_3_csms(command: Command, id_tag: str) -> None:
    """Send Local Authorization List – Failed."""
    await send_list(command, FULL, id_tag, "Failed")


async def test_tc_043_4_csms(command: Command, identity: str, operator: Operator, id_tag: str) -> None:
    """Send Local Authorization List – Full."""
    sent = await send_list(command, FULL, id_tag, "Accepted")
    assert is_held(operator.local_list(identity), sent)


async def test_tc_043_5_csms(command: Command, identity: str, operator: Operator, id_tag: str) -> None:
    """Send Local Authorization List – Differential."""
    first = await send_list(command, FULL, id_tag, "Accepted")
    await command("GetLocalListVersion", answer={"listVersion": first["listVersion"]})
    second = await send_list(command, DIFFERENTIAL, id_tag, "Accepted")
    assert second["listVersion"] > first["listVersion"]
    assert is_held(operator.local_list(identity), second)


async def send_list(command: Command, update_type: str, id_tag: str, status: str) -> Payload:
    """Have the tag alone sent, the version left to the Central System; returns what was sent."""
    entries = [{"idTag": id_tag, "idTagInfo": {"status": "Accepted"}}]
    body = {"updateType": update_type, "localAuthorizationList": entries}
    sent = await command("SendLocalList", body, answer={"status": status})
    assert sent == {"listVersion": sent["listVersion"], **body}
    assert sent["listVersion"] > 0
    return sent


def is_held(stored: Payload, sent: Payload) -> bool:
    """Whether the operator is shown this as what the charge point holds."""
    return (stored["version"], stored["entries"]) == (sent["listVersion"], sent["localAuthorizationList"])
