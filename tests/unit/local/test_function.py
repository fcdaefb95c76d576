"""The stand-in for the Lambda service: what a function's time-out counts, and what its caller's."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from infra.definitions import FUNCTIONS
from local.function import FunctionFailedError, InvocationTimeoutError, LambdaFunction


@pytest.fixture
def one_thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def sleep(event: dict[str, Any], context: Any) -> float:
    time.sleep(event["seconds"])
    return float(context.get_remaining_time_in_millis())


def function(pool: ThreadPoolExecutor, timeout_s: int = 1) -> LambdaFunction:
    return LambdaFunction(replace(FUNCTIONS["message"], timeout_s=timeout_s), sleep, pool)


async def test_waiting_for_a_thread_is_no_time_of_the_function(one_thread: ThreadPoolExecutor) -> None:
    busy = function(one_thread)
    left_ms = await asyncio.gather(*(busy.invoke({"seconds": 0.4}, 10) for _ in range(4)))
    assert all(500 < each < 600 for each in left_ms)


async def test_a_function_that_runs_too_long_has_failed(one_thread: ThreadPoolExecutor) -> None:
    with pytest.raises(FunctionFailedError):
        await function(one_thread).invoke({"seconds": 1.2}, 10)


async def test_waiting_for_a_thread_is_time_of_the_caller(one_thread: ThreadPoolExecutor) -> None:
    busy = function(one_thread)
    first = asyncio.create_task(busy.invoke({"seconds": 0.5}, 10))
    await asyncio.sleep(0)
    with pytest.raises(InvocationTimeoutError):
        await busy.invoke({"seconds": 0}, 0.2)
    assert await first


async def test_a_caller_may_wait_for_ever(one_thread: ThreadPoolExecutor) -> None:
    assert await function(one_thread).invoke({"seconds": 0}, float("inf"))
