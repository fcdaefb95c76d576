"""An event-source mapping of a queue."""

import asyncio
import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from infra.definitions import QueueSource
from local.event_sources.batches import failed_items
from local.event_sources.events import queue_event
from local.event_sources.running import repeat
from local.function import FunctionError, LambdaFunction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_POLLERS: Final = 4
"""Fewer than deployed: what one machine can do at once."""
_LONG_POLL_S: Final = 1
"""A wake-up is there at once all the same; it bounds how long stopping takes."""


class QueuePoller:
    """Takes messages from a queue, and deletes those that were handled."""

    def __init__(self, client: "SQSClient", queue_url: str, source: QueueSource, function: LambdaFunction) -> None:
        self._client = client
        self._queue_url = queue_url
        self._source = source
        self._function = function
        self._arn = client.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]

    async def run(self, stopping: asyncio.Event) -> None:
        """Poll until told to stop; batches under way are handled to their end."""
        count = min(_POLLERS, self._source.maximum_concurrency)
        with ThreadPoolExecutor(count, "queue-poller") as threads:
            await asyncio.gather(*(repeat(lambda: self._take_turn(threads), stopping) for _ in range(count)))

    async def _take_turn(self, threads: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        if messages := await loop.run_in_executor(threads, self._receive):
            handled = await self._handle(messages)
            await loop.run_in_executor(threads, self._delete, handled)

    async def _handle(self, messages: "Sequence[MessageTypeDef]") -> "list[MessageTypeDef]":
        """Those of the messages that need not come again."""
        try:
            answer = await self._function.invoke(queue_event(messages, self._arn), math.inf)
        except FunctionError:
            return []
        failed = failed_items(answer, [message["MessageId"] for message in messages])
        return [message for message in messages if message["MessageId"] not in failed]

    def _receive(self) -> "list[MessageTypeDef]":
        return self._client.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=self._source.batch_size,
            WaitTimeSeconds=_LONG_POLL_S,
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])

    def _delete(self, messages: "Sequence[MessageTypeDef]") -> None:
        for message in messages:
            self._client.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
