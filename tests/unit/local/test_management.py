import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.local.gateway_under_test import Handlers, RunningGateway, closed, running_gateway


def connection_id(handlers: Handlers) -> str:
    found: str = handlers.contexts("CONNECT")[0]["connectionId"]
    return found


async def refused(operation: Any, **arguments: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as error:
        await asyncio.to_thread(operation, **arguments)
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


async def test_a_post_reaches_the_station() -> None:
    handlers = Handlers()
    async with running_gateway(handlers) as gateway, gateway.station() as station:
        post = gateway.management().post_to_connection
        await asyncio.to_thread(post, ConnectionId=connection_id(handlers), Data='[2,"é","Reset",{}]'.encode())
        assert await station.recv() == '[2,"é","Reset",{}]'


async def test_a_connection_can_be_looked_up() -> None:
    handlers = Handlers()
    async with running_gateway(handlers) as gateway, gateway.station():
        found = await asyncio.to_thread(gateway.management().get_connection, ConnectionId=connection_id(handlers))
    connected_at = datetime.fromtimestamp(handlers.contexts("CONNECT")[0]["connectedAt"] / 1000, UTC)
    assert abs((found["ConnectedAt"] - connected_at).total_seconds()) < 0.01
    assert found["LastActiveAt"] >= found["ConnectedAt"]
    assert found["Identity"]["SourceIp"] == "127.0.0.1"


async def test_a_delete_closes_the_connection_and_it_is_gone_at_once() -> None:
    handlers = Handlers()
    async with running_gateway(handlers) as gateway, gateway.station() as station:
        client, target = gateway.management(), connection_id(handlers)
        await asyncio.to_thread(client.delete_connection, ConnectionId=target)
        assert await refused(client.post_to_connection, ConnectionId=target, Data=b"x") == ("GoneException", 410)
        assert (await closed(station))[0] == 1000


async def test_a_connection_that_ended_is_gone() -> None:
    handlers = Handlers()
    async with running_gateway(handlers) as gateway:
        async with gateway.station():
            pass
        client, target = gateway.management(), connection_id(handlers)
        for operation, more in (
            (client.post_to_connection, {"Data": b"x"}),
            (client.get_connection, {}),
            (client.delete_connection, {}),
        ):
            assert await refused(operation, ConnectionId=target, **more) == ("GoneException", 410)


async def test_a_connection_is_gone_while_connect_has_not_returned() -> None:
    refusals: list[str] = []

    def post_too_early(event: Any, context: Any) -> dict[str, Any]:
        target = event["requestContext"]["connectionId"]
        try:
            running[0].management().post_to_connection(ConnectionId=target, Data=b"x")
        except ClientError as error:
            refusals.append(error.response["Error"]["Code"])
        return {"statusCode": 200}

    running: list[RunningGateway] = []
    async with running_gateway(Handlers(connect=post_too_early)) as gateway:
        running.append(gateway)
        async with gateway.station():
            assert refusals == ["GoneException"]


async def test_a_post_of_more_than_128_kb_is_too_large() -> None:
    handlers = Handlers()
    async with running_gateway(handlers) as gateway, gateway.station():
        post = gateway.management().post_to_connection
        found = await refused(post, ConnectionId=connection_id(handlers), Data=b"x" * (128 * 1024 + 1))
    assert found == ("PayloadTooLargeException", 413)


async def test_a_lost_region_cuts_every_connection_and_each_is_told() -> None:
    handlers = Handlers()
    async with running_gateway(handlers) as gateway, gateway.station() as one, gateway.station() as other:
        await gateway.cut()
        assert [(await closed(station))[0] for station in (one, other)] == [1001, 1001]
        await asyncio.to_thread(handlers.disconnected.wait, 10)
        await gateway.drain()
    assert len(handlers.contexts("DISCONNECT")) == 2
