import asyncio
import json
import threading
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from local.gateway import Limits
from tests.unit.local.gateway_under_test import Handlers, closed, running_gateway

HEARTBEAT = '[2,"1","Heartbeat",{}]'
RESULT = '[3,"1",{}]'


async def test_a_two_way_route_sends_the_body() -> None:
    async with running_gateway(Handlers()) as gateway, gateway.station() as station:
        await station.send(HEARTBEAT)
        assert await station.recv() == f"Heartbeat {HEARTBEAT}"


async def test_a_two_way_route_without_a_body_sends_an_empty_frame() -> None:
    handlers = Handlers(message=lambda event, context: {"statusCode": 200})
    async with running_gateway(handlers) as gateway, gateway.station() as station:
        await station.send(HEARTBEAT)
        assert await station.recv() == ""


async def test_the_default_route_sends_nothing() -> None:
    async with running_gateway(Handlers()) as gateway, gateway.station() as station:
        await station.send(RESULT)
        await gateway.drain()
        await station.send(HEARTBEAT)
        assert await station.recv() == f"Heartbeat {HEARTBEAT}"


async def test_the_message_event_names_its_connection() -> None:
    handlers = Handlers()
    async with running_gateway(handlers) as gateway, gateway.station() as station:
        await station.send(HEARTBEAT)
        await station.recv()
    connected, sent = handlers.seen[0]["requestContext"], handlers.seen[1]["requestContext"]
    assert sent["connectionId"] == connected["connectionId"]
    assert sent["connectedAt"] == connected["connectedAt"]
    assert sent["requestId"] != connected["requestId"]
    assert sent["eventType"] == "MESSAGE"
    assert sent["messageId"]
    assert handlers.seen[1]["body"] == HEARTBEAT


@pytest.mark.parametrize("frame", [HEARTBEAT, RESULT])
async def test_a_failing_handler_sends_an_error_frame_on_any_route(frame: str) -> None:
    def fail(event: Any, context: Any) -> None:
        raise ValueError("broken")

    handlers = Handlers(message=fail)
    async with running_gateway(handlers) as gateway, gateway.station() as station:
        await station.send(frame)
        error = json.loads(await station.recv())
    context = handlers.contexts("MESSAGE")[0]
    assert error == {
        "message": "Internal server error",
        "connectionId": context["connectionId"],
        "requestId": context["requestId"],
    }


@pytest.mark.parametrize("answer", [None, "text", {"body": "x"}, {"statusCode": 200, "body": {"a": 1}}])
async def test_an_answer_that_makes_no_sense_is_an_error_frame(answer: object) -> None:
    handlers = Handlers(message=lambda event, context: answer)
    async with running_gateway(handlers) as gateway, gateway.station() as station:
        await station.send(HEARTBEAT)
        assert json.loads(await station.recv())["message"] == "Internal server error"


async def test_a_slow_handler_is_given_up_and_the_connection_stays_usable() -> None:
    release = threading.Event()

    def slow_once(event: Any, context: Any) -> dict[str, Any]:
        if "slow" in event["body"]:
            release.wait(30)
        return {"statusCode": 200, "body": "fine"}

    async with running_gateway(Handlers(message=slow_once), Limits(integration_timeout_s=0.1)) as gateway:
        async with gateway.station() as station:
            await station.send('[2,"slow","Heartbeat",{}]')
            assert json.loads(await station.recv())["message"] == "Endpoint request timed out"
            await station.send(HEARTBEAT)
            assert await station.recv() == "fine"
        release.set()


async def test_messages_of_one_connection_are_not_serialized() -> None:
    both = threading.Barrier(2, timeout=10)

    def meet(event: Any, context: Any) -> dict[str, Any]:
        both.wait()
        return {"statusCode": 200, "body": "met"}

    async with running_gateway(Handlers(message=meet)) as gateway, gateway.station() as station:
        await station.send(HEARTBEAT)
        await station.send(HEARTBEAT)
        assert [await station.recv(), await station.recv()] == ["met", "met"]


async def test_a_message_of_128_kb_is_handed_over() -> None:
    message = "x" * (128 * 1024)
    handlers = Handlers()
    async with running_gateway(handlers) as gateway, gateway.station() as station:
        await station.send(message)
        await station.send(HEARTBEAT)
        await station.recv()
    assert handlers.seen[1]["body"] == message


@pytest.mark.parametrize("message", ["x" * (128 * 1024 + 1), "é" * (64 * 1024 + 1)])
async def test_a_longer_message_closes_with_1009(message: str) -> None:
    handlers = Handlers()
    async with running_gateway(handlers) as gateway:
        async with gateway.station() as station:
            await station.send(message)
            assert (await closed(station))[0] == 1009
        assert (await handlers.disconnection())["disconnectStatusCode"] == 1009
    assert handlers.contexts("MESSAGE") == []


async def test_a_binary_message_closes_with_1003() -> None:
    async with running_gateway(Handlers()) as gateway, gateway.station() as station:
        await station.send(HEARTBEAT.encode())
        assert (await closed(station))[0] == 1003


async def test_text_that_is_not_utf_8_closes_with_1007() -> None:
    async with running_gateway(Handlers()) as gateway, gateway.station() as station:
        await station.send(b"\xff", text=True)
        assert (await closed(station))[0] == 1007


async def test_a_message_in_fragments_is_handed_over_whole() -> None:
    async with running_gateway(Handlers()) as gateway, gateway.station() as station:
        await station.send([HEARTBEAT[:5], HEARTBEAT[5:]])
        assert await station.recv() == f"Heartbeat {HEARTBEAT}"


async def test_an_idle_connection_ends() -> None:
    handlers = Handlers()
    async with running_gateway(handlers, Limits(idle_s=0.1)) as gateway, gateway.station() as station:
        assert await closed(station) == (1001, "Going away")
        context = await handlers.disconnection()
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1001, "Going away")


async def test_messages_keep_a_connection_alive_until_its_lifetime_is_over() -> None:
    async with running_gateway(Handlers(), Limits(idle_s=0.3, lifetime_s=0.9)) as gateway, gateway.station() as station:
        started = asyncio.get_running_loop().time()
        with suppress(ConnectionClosed):
            while True:
                await station.send(HEARTBEAT)
                await station.recv()
                await asyncio.sleep(0.05)
        assert 0.8 < asyncio.get_running_loop().time() - started < 5
        assert station.close_code == 1001


async def test_disconnect_hears_the_stations_close_code() -> None:
    handlers = Handlers()
    async with running_gateway(handlers) as gateway, gateway.station() as station:
        await station.close(4000, "rebooting")
    context = handlers.contexts("DISCONNECT")[0]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (4000, "rebooting")
    assert context["connectionId"] == handlers.contexts("CONNECT")[0]["connectionId"]


async def test_a_cut_line_is_an_abnormal_close() -> None:
    handlers = Handlers()
    async with running_gateway(handlers) as gateway:
        async with gateway.station() as station:
            station.transport.abort()
        assert (await handlers.disconnection())["disconnectStatusCode"] == 1006


async def test_a_failing_disconnect_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: Any, context: Any) -> None:
        raise ValueError("broken")

    async with running_gateway(Handlers(disconnect=fail)) as gateway:
        async with gateway.station():
            pass
        async with gateway.station() as station:
            await station.send(HEARTBEAT)
            assert await station.recv()
    assert "disconnect raised" in caplog.text
