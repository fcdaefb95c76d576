"""The test station notices what a Central System does wrong; otherwise the conformance cases could not fail."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from jsonschema import ValidationError
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from tests.station import CallError, Station

Handler = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def station_at(handler: Handler) -> AsyncIterator[Station]:
    """A station connected to a Central System of which nothing is known."""
    async with serve(handler, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")]) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with Station.connected(f"ws://127.0.0.1:{port}/ocpp", "CP 1") as station:
            yield station


async def violations(*answers: Any) -> list[str]:
    """What the station objects to when a Heartbeat is answered with these frames; `$id` becomes the message id."""

    async def misbehave(connection: ServerConnection) -> None:
        message_id = json.loads(await connection.recv())[1]
        for answer in answers:
            text = answer if isinstance(answer, str) else json.dumps(answer)
            await connection.send(text.replace("$id", message_id))
        await connection.wait_closed()

    async with station_at(misbehave) as station:
        await station.call("Heartbeat")
        return station.violations


GOOD = [3, "$id", {"currentTime": "2026-01-01T00:00:00.000Z"}]


async def test_a_correct_answer_is_no_violation() -> None:
    assert await violations(GOOD) == []


@pytest.mark.parametrize(
    ("frames", "rule"),
    [
        ([[3, "$id", {"currentTime": "2026-01-01T00:00:00.000Z", "more": 1}]], "HeartbeatResponse"),
        ([[3, "$id", {}]], "HeartbeatResponse"),
        ([[3, "$id", {"currentTime": "2026-01-01 00:00:00"}]], "HeartbeatResponse"),
        (["nonsense", GOOD], "not JSON"),
        ([{"message": "Internal server error"}, GOOD], "not an OCPP-J frame"),
        ([[3, "other", {}], GOOD], "an answer to no call"),
        ([[4, "other", "InternalError", "", {}], GOOD], "an error for no call"),
        ([[4, "other", "FormatViolation", "", {}], GOOD], "unknown error code"),
        ([[2, "1", "Reset", {"type": "Sudden"}], GOOD], "Reset.json"),
        ([[2, "1", "Explode", {}], GOOD], "there is no Explode"),
        ([[2, "1" * 37, "ClearCache", {}], GOOD], "message id over 36"),
        ([[2, "1", "ClearCache", {}], [2, "2", "ClearCache", {}], GOOD], "sent before the answer to"),
        ([[2, "1", "ClearCache", {}], [2, "1", "ClearCache", {}], GOOD], "message id used before"),
    ],
)
async def test_what_breaks_the_rules_is_a_violation(frames: list[Any], rule: str) -> None:
    assert any(rule in violation for violation in await violations(*frames))


async def test_a_callerror_is_raised_with_its_code() -> None:
    with pytest.raises(CallError) as raised:
        await violations([4, "$id", "InternalError", "", {}])
    assert raised.value.code == "InternalError"


async def test_the_station_keeps_to_the_rules_itself() -> None:
    async with station_at(lambda connection: connection.wait_closed()) as station:
        with pytest.raises(ValidationError):
            await station.call("Authorize", {"idTag": "longer-than-twenty-characters"})


async def ask_twice(connection: ServerConnection) -> None:
    """A Central System that asks two things before it answers a Heartbeat."""
    heartbeat_id = json.loads(await connection.recv())[1]
    for message_id, action in (("1", "ClearCache"), ("2", "GetConfiguration")):
        await connection.send(json.dumps([2, message_id, action, {}]))
        await connection.recv()
    await connection.send(json.dumps([3, heartbeat_id, GOOD[2]]))
    await connection.wait_closed()


async def test_calls_are_answered_by_script() -> None:
    async with station_at(ask_twice) as station:
        station.will_answer("ClearCache", {"status": "Accepted"})
        station.will_answer("GetConfiguration", {})
        await station.call("Heartbeat")
        assert [call.action for call in station.received] == ["ClearCache", "GetConfiguration"]
        station.assert_clean()


async def test_a_scripted_call_that_never_comes_is_a_fault() -> None:
    async with station_at(lambda connection: connection.wait_closed()) as station:
        station.will_answer("ClearCache", {"status": "Accepted"})
        with pytest.raises(AssertionError, match="never came: ClearCache"):
            station.assert_clean()


async def test_a_call_that_the_script_does_not_foresee_is_a_fault() -> None:
    async def interrupt(connection: ServerConnection) -> None:
        message_id = json.loads(await connection.recv())[1]
        await connection.send(json.dumps([2, "1", "GetConfiguration", {}]))
        await connection.send(json.dumps(GOOD).replace("$id", message_id))
        await connection.wait_closed()

    async with station_at(interrupt) as station:
        await station.call("Heartbeat")
        with pytest.raises(AssertionError, match="unsolicited"):
            station.assert_clean()
