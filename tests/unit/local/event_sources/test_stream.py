"""The poller between the table's stream and its function, without a stream."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.definitions import StreamSource
from local.event_sources import running, stream
from local.event_sources.stream import StreamPoller
from tests.unit.local.event_sources.invoked import Invoked

SOURCE = StreamSource(
    "finish_calls", patterns=({"eventName": ["MODIFY"]},), batch_size=100, window_s=0, retries=2, maximum_age_s=60
)
EXPIRED = ClientError({"Error": {"Code": "ExpiredIteratorException"}}, "GetRecords")


class Stream:
    """Holds records; an iterator is the number of records before it. Expires once if told to."""

    def __init__(self, *records: dict[str, Any], page: int = 100) -> None:
        self._records = records
        self._page = page
        self.shall_expire = False

    def describe_stream(self, **_: Any) -> dict[str, Any]:
        return {"StreamDescription": {"Shards": [{"ShardId": "shard"}]}}

    def get_shard_iterator(self, **_: Any) -> dict[str, Any]:
        return {"ShardIterator": "0"}

    def get_records(self, *, ShardIterator: str) -> dict[str, Any]:  # noqa: N803
        start = int(ShardIterator)
        if start and self.shall_expire:
            self.shall_expire = False
            raise EXPIRED
        page = self._records[start : start + self._page]
        return {"Records": page, "NextShardIterator": str(start + len(page))}


def change(number: int, name: str = "MODIFY") -> dict[str, Any]:
    return {"eventName": name, "dynamodb": {"SequenceNumber": str(number), "Keys": {"SK": {"S": f"CALL#{number}"}}}}


def numbers(event: dict[str, Any]) -> list[str]:
    return [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]


def handed_over(invoked: Invoked) -> list[list[str]]:
    return [numbers(event) for event in invoked.events]


@pytest.fixture(autouse=True)
def no_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_BACK_OFF_S", 0)
    monkeypatch.setattr(stream, "_POLL_S", 0)


async def poll(source: Stream, invoked: Invoked, is_done: Callable[[], bool], settings: StreamSource = SOURCE) -> None:
    async with running([StreamPoller(source, "arn", settings, invoked.function)]), asyncio.timeout(10):
        while not is_done():
            await asyncio.sleep(0.01)


async def test_only_what_passes_the_filter_is_handed_over(pool: ThreadPoolExecutor) -> None:
    invoked = Invoked(pool)
    records = Stream(change(1, "INSERT"), change(2), change(3, "REMOVE"), change(4))
    await poll(records, invoked, lambda: bool(invoked.events))
    assert handed_over(invoked) == [["2", "4"]]


async def test_a_batch_is_no_larger_than_its_limit(pool: ThreadPoolExecutor) -> None:
    invoked = Invoked(pool)
    settings = replace(SOURCE, batch_size=2)
    await poll(Stream(*map(change, range(5))), invoked, lambda: len(invoked.events) == 3, settings)
    assert handed_over(invoked) == [["0", "1"], ["2", "3"], ["4"]]


async def test_changes_are_gathered_for_a_while_and_handed_over_at_the_end_of_it_or_when_stopping(
    pool: ThreadPoolExecutor,
) -> None:
    invoked = Invoked(pool)
    records = Stream(change(1), change(2), page=1)
    was_read: list[bool] = []
    get_records = records.get_records

    def counted(**arguments: Any) -> dict[str, Any]:
        page = get_records(**arguments)
        was_read.append(not page["Records"])
        return page

    records.get_records = counted  # type: ignore[method-assign]
    await poll(records, invoked, lambda: any(was_read), replace(SOURCE, window_s=60))
    assert handed_over(invoked) == [["1", "2"]]


async def test_the_stream_is_read_again_from_the_first_record_that_failed(pool: ThreadPoolExecutor) -> None:
    failing = ["2"]

    def respond(_: dict[str, Any]) -> Any:
        return {"batchItemFailures": [{"itemIdentifier": failing.pop()}] if failing else []}

    invoked = Invoked(pool, respond)
    await poll(Stream(*map(change, range(4))), invoked, lambda: len(invoked.events) == 2)
    assert handed_over(invoked) == [["0", "1", "2", "3"], ["2", "3"]]


async def test_a_poisonous_record_is_found_by_halving_and_given_up(pool: ThreadPoolExecutor) -> None:
    done: set[str] = set()

    def respond(event: dict[str, Any]) -> None:
        if "2" in numbers(event):
            raise RuntimeError("a handler that dies")
        done.update(numbers(event))

    invoked = Invoked(pool, respond)
    await poll(Stream(*map(change, range(4))), invoked, lambda: len(done) == 3)
    assert handed_over(invoked).count(["2"]) == 1 + SOURCE.retries
    assert done == {"0", "1", "3"}


async def test_after_an_error_the_stream_is_read_from_its_start(pool: ThreadPoolExecutor) -> None:
    invoked = Invoked(pool)
    records = Stream(change(1), change(2), page=1)
    records.shall_expire = True
    await poll(records, invoked, lambda: ["2"] in handed_over(invoked))
    assert handed_over(invoked) == [["1"], ["1"], ["2"]]
