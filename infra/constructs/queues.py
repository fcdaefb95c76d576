"""Queues: what all of them share, and the ones where messages that failed are kept to be looked at."""

from aws_cdk import Duration
from aws_cdk.aws_sqs import DeadLetterQueue, Queue, QueueEncryption
from constructs import Construct

from infra.definitions import QueueSource


def work_queue(scope: Construct, source: QueueSource) -> Queue:
    """The queue of a source and, beside it, where messages go that its function cannot handle."""
    return Queue(
        scope,
        "Queue",
        encryption=QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        visibility_timeout=Duration.seconds(source.visibility_timeout_s),
        dead_letter_queue=DeadLetterQueue(
            queue=failure_queue(scope, "Failures"), max_receive_count=source.maximum_receives
        ),
    )


def failure_queue(scope: Construct, construct_id: str) -> Queue:
    """Keeps what could not be handled for as long as a queue can."""
    return Queue(
        scope,
        construct_id,
        encryption=QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
