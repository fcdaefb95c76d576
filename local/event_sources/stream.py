"""An event-source mapping of the table's stream."""

import asyncio
import logging
import math
import time
from collections.abc import Sequence
from typing import Any, Final

from infra.definitions import StreamSource
from local.event_sources.batches import failed_items
from local.event_sources.events import Event, stream_record
from local.event_sources.patterns import matches
from local.event_sources.running import pause, repeat
from local.function import FunctionError, LambdaFunction

_POLL_S: Final = 0.25
_BACK_OFF_S: Final = 1.0
_logger = logging.getLogger(__name__)


class StreamPoller:
    """Reads the stream in order; a record that fails too often is logged where the service would put it aside."""

    def __init__(self, client: Any, stream_arn: str, source: StreamSource, function: LambdaFunction) -> None:
        self._client = client
        self._arn = stream_arn
        self._source = source
        self._function = function
        self._iterator: str | None = None
        self._gathered: list[Event] = []
        self._gathering_since = 0.0

    async def run(self, stopping: asyncio.Event) -> None:
        """Poll until told to stop; what was gathered by then is handed over."""
        await repeat(lambda: self._take_turn(stopping), stopping)
        await self._deliver(self._gathered, stopping)

    async def _take_turn(self, stopping: asyncio.Event) -> None:
        records = await asyncio.to_thread(self._read)
        self._gather([record for record in records if self._is_wanted(record)])
        is_time = time.monotonic() - self._gathering_since >= self._source.window_s
        if self._gathered and (is_time or len(self._gathered) >= self._source.batch_size):
            batch, self._gathered = self._gathered, []
            for start in range(0, len(batch), self._source.batch_size):
                await self._deliver(batch[start : start + self._source.batch_size], stopping)
        if not records:
            await pause(stopping, _POLL_S)

    def _is_wanted(self, record: Any) -> bool:
        return any(matches(pattern, record) for pattern in self._source.patterns)

    def _gather(self, records: Sequence[Any]) -> None:
        if records and not self._gathered:
            self._gathering_since = time.monotonic()
        self._gathered += [stream_record(record, self._arn) for record in records]

    def _read(self) -> Sequence[Any]:
        """The next records. After an error the stream is read from its start: records may come again, none is lost."""
        iterator, self._iterator = self._iterator or self._first_iterator(), None
        page = self._client.get_records(ShardIterator=iterator)
        self._iterator = page.get("NextShardIterator")
        records: list[Any] = page["Records"]
        return records

    def _first_iterator(self) -> str:
        (shard,) = self._client.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]
        start = {"StreamArn": self._arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator: str = self._client.get_shard_iterator(**start)["ShardIterator"]
        return iterator

    async def _deliver(self, records: list[Event], stopping: asyncio.Event) -> None:
        """Hand over a batch, and again what follows the first record that failed."""
        tries = 0
        while records:
            done = await self._invoke(records)
            if done is None and len(records) > 1:  # bisect
                middle = len(records) // 2
                await self._deliver(records[:middle], stopping)
                records, tries = records[middle:], 0
                continue
            tries = 1 if done else tries + 1
            records = records[done or 0 :]
            if records and tries > self._source.retries:
                _logger.error("%s gave up on a record: %s", self._source.function, records[0]["dynamodb"]["Keys"])
                records, tries = records[1:], 0
            elif records:
                await pause(stopping, _BACK_OFF_S)

    async def _invoke(self, records: Sequence[Event]) -> int | None:
        """How many records, from the first, need not come again; None if the function failed as a whole."""
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        try:
            answer = await self._function.invoke({"Records": records}, math.inf)
        except FunctionError:
            return None
        failed = failed_items(answer, numbers)
        return next((index for index, number in enumerate(numbers) if number in failed), len(records))
