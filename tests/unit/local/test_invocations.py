from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from local.invocations import Invocations
from tests.unit.local.event_sources.invoked import Invoked


@asynccontextmanager
async def invocations(respond: Any = lambda event: event) -> AsyncIterator[tuple[httpx.AsyncClient, Invoked]]:
    with ThreadPoolExecutor(2) as pool:
        invoked = Invoked(pool, respond)
        transport = httpx.ASGITransport(Invocations({"probe": invoked.function}, "secret"))
        async with httpx.AsyncClient(transport=transport, base_url="http://invocations.test") as client:
            yield client, invoked


async def test_a_function_is_run_and_its_result_is_the_answer() -> None:
    async with invocations(lambda event: {"got": event["n"]}) as (client, invoked):
        answer = await client.post("/secret/probe", json={"n": 1})
    assert (answer.status_code, answer.json()) == (200, {"got": 1})
    assert invoked.events == [{"n": 1}]


async def test_no_result_is_null() -> None:
    async with invocations(lambda event: None) as (client, _):
        assert (await client.post("/secret/probe", json={})).text == "null"


@pytest.mark.parametrize("path", ["/probe", "/wrong/probe", "/secret/other", "/secret", "/", "/%C3%A9/probe"])
async def test_who_does_not_know_the_secret_and_a_function_runs_nothing(path: str) -> None:
    async with invocations() as (client, invoked):
        answer = await client.post(path, json={})
    assert answer.status_code == 403
    assert invoked.events == []


async def test_a_function_that_fails_is_a_failed_invocation() -> None:
    def fail(event: Any) -> Any:
        raise ValueError(event)

    async with invocations(fail) as (client, _):
        assert (await client.post("/secret/probe", json={})).status_code == 500
