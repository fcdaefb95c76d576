"""Core cases about configuration keys."""

import pytest

from tests.conformance.command import Command
from tests.conformance.configuration_keys import reported
from tests.station import Payload


@pytest.mark.parametrize("body", [{}, {"key": []}], ids=["no list", "empty list"])
async def test_tc_019_1_csms(command: Command, body: Payload) -> None:
    """Retrieve all configuration keys."""
    sent = await command("GetConfiguration", body, answer={"configurationKey": reported(), "unknownKey": []})
    assert sent == body


async def test_tc_019_2_csms(command: Command) -> None:
    """Retrieve specific configuration key."""
    wanted = ["SupportedFeatureProfiles"]
    sent = await command("GetConfiguration", {"key": wanted}, answer={"configurationKey": reported(*wanted)})
    assert sent == {"key": wanted}


async def test_tc_021_csms(command: Command) -> None:
    """Change/set Configuration."""
    body = {"key": "MeterValueSampleInterval", "value": "60"}
    assert await command("ChangeConfiguration", body, answer={"status": "Accepted"}) == body


async def test_tc_040_1_csms(command: Command) -> None:
    """Configuration keys – NotSupported."""
    body = {"key": "NobodyKnowsThisKey", "value": "1"}
    assert await command("ChangeConfiguration", body, answer={"status": "NotSupported"}) == body


async def test_tc_040_2_csms(command: Command) -> None:
    """Configuration keys – Invalid value."""
    body = {"key": "MeterValueSampleInterval", "value": "-1"}
    assert await command("ChangeConfiguration", body, answer={"status": "Rejected"}) == body
