"""The poller between a queue and its function, without a queue."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import EndpointConnectionError

from infra.definitions import QueueSource
from local.event_sources import running
from local.event_sources.queue import QueuePoller
from tests.unit.local.event_sources.invoked import Invoked

SOURCE = QueueSource("dispatch_calls", batch_size=2, maximum_concurrency=2, maximum_receives=5)


class Queue:
    """Gives out its batches once, then nothing."""

    def __init__(self, *batches: list[str] | Exception) -> None:
        self._batches = list(batches)
        self._lock = threading.Lock()
        self.deleted: set[str] = set()
        self.asked: dict[str, Any] = {}

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"QueueArn": "arn:calls"}}

    def receive_message(self, **asked: Any) -> dict[str, Any]:
        with self._lock:
            self.asked = asked
            batch = self._batches.pop(0) if self._batches else []
            if isinstance(batch, Exception):
                raise batch
        messages = [{"MessageId": m, "ReceiptHandle": f"handle-{m}", "Body": m, "MD5OfBody": ""} for m in batch]
        return {"Messages": messages} if messages else {}

    def delete_message(self, *, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803
        with self._lock:
            self.deleted.add(ReceiptHandle.removeprefix("handle-"))


async def poll(queue: Queue, invoked: Invoked, records: int) -> None:
    """Poll until that many records were handed over."""
    poller = QueuePoller(queue, "url", SOURCE, invoked.function)  # type: ignore[arg-type]
    async with running([poller]), asyncio.timeout(10):
        while sum(len(event["Records"]) for event in invoked.events) < records:
            await asyncio.sleep(0.01)


async def test_what_was_handled_is_deleted(pool: ThreadPoolExecutor) -> None:
    queue, invoked = Queue(["1", "2"], ["3"]), Invoked(pool)
    await poll(queue, invoked, records=3)
    assert queue.deleted == {"1", "2", "3"}
    assert sorted(record["body"] for event in invoked.events for record in event["Records"]) == ["1", "2", "3"]


async def test_what_failed_stays_in_the_queue(pool: ThreadPoolExecutor) -> None:
    queue = Queue(["1", "2"], ["3", "4"])

    def respond(event: dict[str, Any]) -> Any:
        if event["Records"][0]["body"] == "3":
            raise RuntimeError("a handler that dies")
        return {"batchItemFailures": [{"itemIdentifier": "2"}]}

    await poll(queue, Invoked(pool, respond), records=4)
    assert queue.deleted == {"1"}


async def test_it_polls_long_and_takes_no_more_than_a_batch(pool: ThreadPoolExecutor) -> None:
    queue = Queue(["1"])
    await poll(queue, Invoked(pool), records=1)
    assert queue.asked["MaxNumberOfMessages"] == SOURCE.batch_size
    assert queue.asked["WaitTimeSeconds"] > 0


async def test_a_queue_that_does_not_answer_is_asked_again(pool: ThreadPoolExecutor) -> None:
    queue = Queue(EndpointConnectionError(endpoint_url="http://127.0.0.1"), ["1"])
    await poll(queue, Invoked(pool), records=1)
    assert queue.deleted == {"1"}


async def test_stopping_waits_for_what_is_under_way(pool: ThreadPoolExecutor) -> None:
    queue, has_begun, may_end = Queue(["1"]), threading.Event(), threading.Event()

    def respond(_: dict[str, Any]) -> None:
        has_begun.set()
        may_end.wait(5)

    poller = QueuePoller(queue, "url", SOURCE, Invoked(pool, respond).function)  # type: ignore[arg-type]
    async with running([poller]):
        await asyncio.to_thread(has_begun.wait, 5)
        asyncio.get_running_loop().call_soon(may_end.set)
    assert queue.deleted == {"1"}
