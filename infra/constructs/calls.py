"""Calls to charge points: what wakes the engine, and what finishes a call whose process died (`DESIGN.md` §5)."""

import json
from typing import Final

from aws_cdk import Duration
from aws_cdk.aws_dynamodb import TableV2
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_lambda import EventSourceMapping, StartingPosition
from aws_cdk.aws_lambda_event_sources import SqsDlq
from aws_cdk.aws_sqs import DeadLetterQueue, Queue, QueueEncryption
from constructs import Construct

from infra.constructs.functions import Functions
from infra.constructs.queues import failure_queue
from infra.definitions import CALLS_QUEUE, ENDED_CALLS_STREAM, FUNCTIONS
from infra.nag import acknowledge

_QUEUE_ACTIONS: Final = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
_STREAM_ACTIONS: Final = (
    *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
)


class Calls(Construct):
    """The queue of wake-ups and the two functions behind the engine."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._queue = Queue(
            self,
            "Queue",
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            visibility_timeout=Duration.seconds(CALLS_QUEUE.visibility_timeout_s),
            dead_letter_queue=DeadLetterQueue(
                queue=failure_queue(self, "Failures"), max_receive_count=CALLS_QUEUE.maximum_receives
            ),
        )

    @property
    def queue_url(self) -> str:
        """Where wake-ups are sent."""
        return self._queue.queue_url

    def grant(self, functions: Functions) -> None:
        """Allow functions that run the engine to send wake-ups."""
        statement = PolicyStatement(actions=["sqs:SendMessage"], resources=[self._queue.queue_arn])
        for name, definition in FUNCTIONS.items():
            if definition.places_calls:
                functions.allow(name, statement)

    def feed(self, functions: Functions, table: TableV2) -> None:
        """Hand wake-ups to `dispatch_calls`, and calls that have ended to `finish_calls`."""
        self._feed_from_queue(functions)
        self._feed_from_stream(functions, table)

    def _feed_from_queue(self, functions: Functions) -> None:
        source = CALLS_QUEUE
        functions.allow(
            source.function, PolicyStatement(actions=list(_QUEUE_ACTIONS), resources=[self._queue.queue_arn])
        )
        EventSourceMapping(
            self,
            "Dispatch",
            target=functions[source.function],
            event_source_arn=self._queue.queue_arn,
            batch_size=source.batch_size,
            max_concurrency=source.maximum_concurrency,
            report_batch_item_failures=True,
        )

    def _feed_from_stream(self, functions: Functions, table: TableV2) -> None:
        source = ENDED_CALLS_STREAM
        arn = table.table_stream_arn
        failures = failure_queue(self, "Unfinished")
        acknowledge(failures, "It is where a stream's failures go; nothing is consumed from it.", "SQS3")
        functions.allow(source.function, PolicyStatement(actions=list(_STREAM_ACTIONS), resources=[arn or ""]))
        EventSourceMapping(
            self,
            "Finish",
            target=functions[source.function],
            event_source_arn=arn,
            starting_position=StartingPosition.LATEST,
            filters=[{"pattern": json.dumps(source.pattern)}],
            batch_size=source.batch_size,
            max_batching_window=Duration.seconds(source.window_s),
            report_batch_item_failures=True,
            bisect_batch_on_error=True,
            retry_attempts=source.retries,
            max_record_age=Duration.seconds(source.maximum_age_s),
            on_failure=SqsDlq(failures),
        )
