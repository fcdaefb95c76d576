import asyncio
import threading
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from local.gateway import Limits
from tests.unit.local.gateway_under_test import Handlers, running_gateway


async def refusal(handlers: Handlers, path: str, **options: Any) -> tuple[int, dict[str, str], bytes]:
    async with running_gateway(handlers, Limits(integration_timeout_s=0.2)) as gateway:
        with pytest.raises(InvalidStatus) as refused:
            async with gateway.station(path, **options):
                pass
    response = refused.value.response
    return response.status_code, dict(response.headers), bytes(response.body)


@pytest.mark.parametrize("path", ["/dev?cp=CP001", "/prod/CP001", "/", "/CP001", "/prod/ocpp/CP001"])
async def test_an_unknown_stage_or_an_extra_path_is_forbidden(path: str) -> None:
    handlers = Handlers()
    assert (await refusal(handlers, path))[0] == 403
    assert handlers.seen == []


@pytest.mark.parametrize("path", ["/ocpp/%zz", "/ocpp/a/b"])
async def test_a_malformed_edge_url_is_a_bad_request(path: str) -> None:
    assert (await refusal(Handlers(), path))[0] == 400


@pytest.mark.parametrize("status", [400, 401, 404, 503, 499])
async def test_the_status_of_connect_reaches_the_station_and_nothing_else_does(status: int) -> None:
    answer = {"statusCode": status, "body": "secret", "headers": {"WWW-Authenticate": "Basic", "X-Why": "secret"}}
    found, headers, body = await refusal(Handlers(connect=lambda event, context: answer), "/ocpp/CP001")
    assert found == status
    assert body == b""
    assert {name.lower() for name in headers} <= {"content-length", "content-type", "date", "connection"}


@pytest.mark.parametrize("answer", [None, {}, {"statusCode": "200"}, {"statusCode": 100}, "200"])
async def test_an_answer_of_connect_that_makes_no_sense_is_a_bad_gateway(answer: object) -> None:
    assert (await refusal(Handlers(connect=lambda event, context: answer), "/ocpp/CP001"))[0] == 502


async def test_an_exception_in_connect_is_a_bad_gateway(caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: Any, context: Any) -> None:
        raise ValueError("broken")

    assert (await refusal(Handlers(connect=fail), "/ocpp/CP001"))[0] == 502
    assert "connect raised" in caplog.text


async def test_a_slow_connect_is_a_gateway_timeout() -> None:
    release = threading.Event()
    handlers = Handlers(connect=lambda event, context: release.wait(30))
    try:
        async with running_gateway(handlers, Limits(integration_timeout_s=0.1)) as gateway:
            with pytest.raises(InvalidStatus) as refused:
                async with gateway.station():
                    pass
            release.set()
    finally:
        release.set()
    assert refused.value.response.status_code == 504


async def test_connect_sees_the_handshake_as_api_gateway_shows_it() -> None:
    handlers = Handlers()
    async with (
        running_gateway(handlers) as gateway,
        gateway.station("/ocpp/a%20b?cp=evil", additional_headers={"Authorization": "Basic YTpi"}),
    ):
        event = handlers.seen[0]
    context = event["requestContext"]
    assert event["queryStringParameters"] == {"cp": "a b"}
    assert event["multiValueQueryStringParameters"] == {"cp": ["a b"]}
    assert event["headers"]["Sec-WebSocket-Protocol"] == "ocpp1.6"
    assert event["multiValueHeaders"]["Authorization"] == ["Basic YTpi"]
    assert event["isBase64Encoded"] is False
    assert "body" not in event
    assert context["routeKey"] == "$connect"
    assert context["eventType"] == "CONNECT"
    assert context["stage"] == "prod"
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert "websockets" in context["identity"]["userAgent"]
    assert 0 <= context["requestTimeEpoch"] - context["connectedAt"] < 60_000


async def test_nobody_says_himself_where_he_comes_from() -> None:
    handlers = Handlers()
    async with (
        running_gateway(handlers) as gateway,
        gateway.station(additional_headers={"X-Forwarded-For": "192.0.2.1"}),
    ):
        event = handlers.seen[0]
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"


async def test_a_station_counts_as_one_with_tls_unless_the_handshake_says_otherwise() -> None:
    handlers = Handlers()
    async with running_gateway(handlers) as gateway:
        for headers in ({}, {"X-Forwarded-Proto": "http"}):
            async with gateway.station(additional_headers=headers):
                pass
        await gateway.drain()
    connects = [event["headers"] for event in handlers.seen if event["requestContext"]["eventType"] == "CONNECT"]
    assert [headers["X-Forwarded-Proto"] for headers in connects] == ["https", "http"]


async def test_only_the_raw_url_hands_over_headers_that_state_facts() -> None:
    handlers = Handlers()
    async with running_gateway(handlers) as gateway:
        for path in ("/ocpp/CP001", "/prod?cp=CP001"):
            async with gateway.station(path, additional_headers={"X-Csms-Edge": "mtls"}):
                pass
        await gateway.drain()
    connects = [event["headers"] for event in handlers.seen if event["requestContext"]["eventType"] == "CONNECT"]
    assert [headers.get("X-Csms-Edge") for headers in connects] == [None, "mtls"]


async def test_the_raw_url_hands_over_its_query() -> None:
    handlers = Handlers()
    async with running_gateway(handlers) as gateway, gateway.station("/prod?cp=a%2Bb&cp=c&x="):
        event = handlers.seen[0]
    assert event["multiValueQueryStringParameters"] == {"cp": ["a+b", "c"], "x": [""]}
    assert event["queryStringParameters"] == {"cp": "c", "x": ""}


async def test_a_url_without_query_has_no_parameters() -> None:
    handlers = Handlers()
    async with running_gateway(handlers) as gateway, gateway.station("/ocpp/"):
        assert "queryStringParameters" not in handlers.seen[0]


async def test_the_sub_protocol_is_what_connect_says() -> None:
    async with (
        running_gateway(Handlers()) as gateway,
        gateway.station(subprotocols=["ocpp2.0.1", "ocpp1.6"]) as station,
    ):
        assert station.subprotocol == "ocpp1.6"


async def test_no_sub_protocol_is_added_of_its_own_accord() -> None:
    handlers = Handlers(connect=lambda event, context: {"statusCode": 200})
    async with running_gateway(handlers) as gateway, gateway.station() as station:
        assert station.response is not None
        assert "Sec-WebSocket-Protocol" not in station.response.headers
        assert station.subprotocol is None


async def test_the_header_of_connect_counts_in_any_case() -> None:
    answer = {"statusCode": 200, "headers": {"sec-websocket-protocol": "ocpp1.6"}}
    handlers = Handlers(connect=lambda event, context: answer)
    async with running_gateway(handlers) as gateway, gateway.station() as station:
        assert station.subprotocol == "ocpp1.6"


async def test_non_ascii_bytes_in_a_header_reach_connect() -> None:
    handlers = Handlers(connect=lambda event, context: {"statusCode": 401})
    async with running_gateway(handlers) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(
            b"GET /ocpp/CP001 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Authorization: Basic \xe9\xff\r\n\r\n"
        )
        status_line = await reader.readline()
        writer.close()
        await writer.wait_closed()
    assert b" 401 " in status_line
    assert handlers.seen[0]["headers"]["Authorization"] == "Basic \xe9\xff"


async def test_a_station_that_leaves_while_connect_runs_is_reported_as_disconnected() -> None:
    started, release = threading.Event(), threading.Event()

    def slow(event: Any, context: Any) -> dict[str, Any]:
        started.set()
        release.wait(10)
        return {"statusCode": 200}

    handlers = Handlers(connect=slow)
    async with running_gateway(handlers) as gateway:
        station = asyncio.create_task(gateway.station(open_timeout=None).__aenter__())
        await asyncio.to_thread(started.wait)
        station.cancel()
        await asyncio.wait([station])
        release.set()
        assert (await handlers.disconnection())["disconnectStatusCode"] == 1006


async def test_plain_http_is_told_to_upgrade() -> None:
    async with running_gateway(Handlers()) as gateway, httpx.AsyncClient() as client:
        response = await client.get(f"http://127.0.0.1:{gateway.port}/ocpp/CP001")
    assert response.status_code == 426
