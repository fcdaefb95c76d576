import base64
import threading
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from infra.definitions import FUNCTIONS
from local.function import Handler, LambdaFunction
from local.http_api import BODY_LIMIT_BYTES, HttpApi

Event = dict[str, Any]
ALL_SCOPES = {"Authorization": "Bearer secret"}


class Recorder:
    """A handler that remembers its events."""

    def __init__(self, answer: Any = None) -> None:
        self.events: list[Event] = []
        self._answer = answer or {"statusCode": 200}

    def __call__(self, event: Event, context: Any) -> Any:
        self.events.append(event)
        return self._answer


@asynccontextmanager
async def api(handler: Handler, timeout_s: int = 20, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    with ThreadPoolExecutor(2) as pool:
        function = LambdaFunction(replace(FUNCTIONS["operator_api"], timeout_s=timeout_s), handler, pool)
        transport = httpx.ASGITransport(HttpApi(function, "secret", {"GET /health", "ANY /f/{link+}"}))
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test", **options) as client:
            yield client


async def test_the_event_is_a_payload_of_format_2() -> None:
    handler = Recorder()
    async with api(handler) as client:
        await client.request(
            "PATCH",
            "/charge-points/CP%20001?limit=2&state=a%2Cb&state=c",
            headers=[("Authorization", "Bearer secret"), ("X-Tag", "a"), ("X-Tag", "b"), ("Cookie", "k=1; l=2")],
            json={"model": "é"},
        )
    event = handler.events[0]
    assert event["version"] == "2.0"
    assert event["rawPath"] == "/charge-points/CP 001"
    assert event["rawQueryString"] == "limit=2&state=a%2Cb&state=c"
    assert event["queryStringParameters"] == {"limit": "2", "state": "a,b,c"}
    assert event["headers"]["x-tag"] == "a,b"
    assert "cookie" not in event["headers"]
    assert event["cookies"] == ["k=1", "l=2"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"model":"é"}', False)
    assert event["requestContext"]["http"]["method"] == "PATCH"
    assert event["requestContext"]["http"]["path"] == "/charge-points/CP 001"
    assert event["routeKey"] == "$default"


async def test_a_request_without_body_or_query_has_neither() -> None:
    handler = Recorder()
    async with api(handler) as client:
        await client.get("/charge-points", headers=ALL_SCOPES)
    assert not {"body", "queryStringParameters", "cookies"} & handler.events[0].keys()


@pytest.mark.parametrize(
    ("content_type", "body"), [("application/octet-stream", b"abc"), ("application/json", b"\xff"), ("", b"abc")]
)
async def test_a_body_that_is_no_text_comes_in_base64(content_type: str, body: bytes) -> None:
    handler = Recorder()
    async with api(handler) as client:
        await client.post("/files", headers={**ALL_SCOPES, "Content-Type": content_type}, content=body)
    assert handler.events[0]["isBase64Encoded"] is True
    assert base64.b64decode(handler.events[0]["body"]) == body


@pytest.mark.parametrize(
    ("authorization", "scope"),
    [("Bearer secret", "read operate admin"), ("bearer secret.read", "read"), ("secret.read.operate", "read operate")],
)
async def test_the_token_becomes_the_claims_of_an_access_token(authorization: str, scope: str) -> None:
    handler = Recorder()
    async with api(handler) as client:
        assert (await client.get("/charge-points", headers={"Authorization": authorization})).status_code == 200
    claims = handler.events[0]["requestContext"]["authorizer"]["jwt"]["claims"]
    assert (claims["scope"], claims["token_use"]) == (scope, "access")


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/charge-points", {}),
        ("GET", "/nowhere", {}),
        ("POST", "/health", {}),
        ("GET", "/charge-points", {"Authorization": "Bearer wrong"}),
        ("GET", "/charge-points", {"Authorization": "Basic secret"}),
        ("GET", "/charge-points", {"Authorization": b"Bearer \xff".decode("latin-1")}),
    ],
)
async def test_nothing_else_gets_past_the_authorizer(method: str, path: str, headers: dict[str, str]) -> None:
    handler = Recorder()
    async with api(handler) as client:
        response = await client.request(method, path, headers=httpx.Headers(headers, encoding="latin-1"))
    assert (response.status_code, response.json()) == (401, {"message": "Unauthorized"})
    assert handler.events == []


async def test_an_open_route_needs_no_token() -> None:
    handler = Recorder()
    async with api(handler) as client:
        assert (await client.get("/health")).status_code == 200
    assert handler.events[0]["routeKey"] == "GET /health"
    assert "authorizer" not in handler.events[0]["requestContext"]


async def test_the_answer_of_the_function_is_the_response() -> None:
    answer = {
        "statusCode": 201,
        "headers": {"Content-Type": "text/csv", "Location": "/x"},
        "cookies": ["a=1", "b=2"],
        "body": base64.b64encode(b"\x00\xff").decode(),
        "isBase64Encoded": True,
    }
    async with api(Recorder(answer)) as client:
        response = await client.get("/health")
    assert (response.status_code, response.content) == (201, b"\x00\xff")
    assert response.headers["content-type"] == "text/csv"
    assert response.headers["location"] == "/x"
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]


async def test_a_body_over_10_mb_is_too_large() -> None:
    def chunks() -> Iterable[bytes]:
        for _ in range(11):
            yield b"x" * (BODY_LIMIT_BYTES // 10)

    handler = Recorder()
    async with api(handler) as client:
        response = await client.post("/id-tags/import", headers=ALL_SCOPES, content=b"".join(chunks()))
    assert response.status_code == 413
    assert handler.events == []


@pytest.mark.parametrize("answer", ["text", {"body": "x"}, {"statusCode": "200"}])
async def test_an_answer_that_makes_no_sense_is_an_internal_error(answer: Any) -> None:
    async with api(Recorder(answer)) as client:
        response = await client.get("/health")
    assert (response.status_code, response.json()) == (500, {"message": "Internal Server Error"})


async def test_a_failing_function_is_an_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: Event, context: Any) -> None:
        raise ValueError("broken")

    async with api(fail) as client:
        response = await client.get("/health")
    assert (response.status_code, response.json()) == (500, {"message": "Internal Server Error"})
    assert "operator_api raised" in caplog.text


async def test_a_function_that_outlasts_its_timeout_is_an_internal_error() -> None:
    release = threading.Event()
    async with api(lambda event, context: release.wait(30), timeout_s=0) as client:
        response = await client.get("/health")
        release.set()
    assert response.status_code == 500


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
async def test_a_route_for_the_rest_of_a_path_takes_any_method(method: str) -> None:
    handler = Recorder()
    async with api(handler) as client:
        assert (await client.request(method, "/f/token/a%2Fb")).status_code == 200
        assert (await client.request(method, "/f/")).status_code == 401
        assert (await client.request(method, "/firmware")).status_code == 401
    assert handler.events[0]["routeKey"] == "ANY /f/{link+}"
    assert handler.events[0]["rawPath"] == "/f/token/a/b"


async def test_what_lambda_cannot_take_or_give_is_not_passed_on() -> None:
    handler = Recorder({"statusCode": 200, "body": "x" * (6 * 1024 * 1024 + 1)})
    async with api(handler) as client:
        refused = await client.put("/f/token", content=b"x" * (5 * 1024 * 1024))
        assert refused.status_code == 413
        assert not handler.events
        assert (await client.get("/f/token")).status_code == 500


@pytest.mark.parametrize("body", ["é" * (3 * 1024 * 1024 + 1), '"' * (3 * 1024 * 1024)])
async def test_an_answer_counts_in_bytes_and_as_json(body: str) -> None:
    async with api(Recorder({"statusCode": 200, "body": body})) as client:
        assert (await client.get("/health")).status_code == 500
    async with api(Recorder({"statusCode": 200, "body": body[:3_000_000]})) as client:
        assert (await client.get("/health")).status_code == 200


async def test_an_answer_that_is_no_json_is_an_internal_error() -> None:
    async with api(Recorder({"statusCode": 200, "headers": {"X": b"bytes"}})) as client:
        assert (await client.get("/health")).status_code == 500
