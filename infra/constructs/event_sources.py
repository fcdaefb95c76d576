"""What runs functions without a request: queues and the table's stream, as the definitions have them."""

import json
from typing import Final

import jsii
from aws_cdk import Duration
from aws_cdk.aws_dynamodb import ITableV2
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_lambda import (
    DlqDestinationConfig,
    EventSourceMapping,
    IEventSourceDlq,
    IEventSourceMapping,
    IFunction,
    StartingPosition,
)
from aws_cdk.aws_sqs import Queue
from constructs import Construct

from infra.constructs.functions import Functions
from infra.constructs.queues import failure_queue
from infra.definitions import QueueSource, StreamSource
from infra.nag import acknowledge

_QUEUE_ACTIONS: Final = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
_STREAM_ACTIONS: Final = (
    *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
)


def feed_from_queue(
    scope: Construct, construct_id: str, source: QueueSource, functions: Functions, queue: Queue
) -> None:
    """Hand the messages of a queue to the function of its source."""
    functions.allow(source.function, PolicyStatement(actions=list(_QUEUE_ACTIONS), resources=[queue.queue_arn]))
    EventSourceMapping(
        scope,
        construct_id,
        target=functions[source.function],
        event_source_arn=queue.queue_arn,
        batch_size=source.batch_size,
        max_concurrency=functions.concurrency_of(source),
        report_batch_item_failures=True,
    )


def feed_from_stream(
    scope: Construct, construct_id: str, source: StreamSource, functions: Functions, table: ITableV2
) -> None:
    """Hand changes of the table to the function of their source; what it cannot handle is kept."""
    arn = table.table_stream_arn
    failures = failure_queue(scope, f"{construct_id}Failures")
    acknowledge(failures, "It is where a stream's failures go; nothing is consumed from it.", "SQS3")
    functions.allow(source.function, PolicyStatement(actions=list(_STREAM_ACTIONS), resources=[arn or ""]))
    functions.allow(source.function, PolicyStatement(actions=["sqs:SendMessage"], resources=[failures.queue_arn]))
    EventSourceMapping(
        scope,
        construct_id,
        target=functions[source.function],
        event_source_arn=arn,
        starting_position=StartingPosition.LATEST,
        filters=[{"pattern": json.dumps(pattern)} for pattern in source.patterns],
        batch_size=source.batch_size,
        max_batching_window=Duration.seconds(source.window_s),
        report_batch_item_failures=True,
        bisect_batch_on_error=True,
        retry_attempts=source.retries,
        max_record_age=Duration.seconds(source.maximum_age_s),
        on_failure=_PutAside(failures),
    )


@jsii.implements(IEventSourceDlq)
class _PutAside:
    """What could not be handled goes to a queue. The CDK's own (`SqsDlq`) allows more than sending to it."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def bind(self, target: IEventSourceMapping, target_handler: IFunction) -> DlqDestinationConfig:  # noqa: ARG002
        """Called by the CDK for the mapping."""
        return DlqDestinationConfig(destination=self._queue.queue_arn)
