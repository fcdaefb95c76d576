"""Queues: what all of them share, and the ones where messages that failed are kept to be looked at."""

from aws_cdk import Duration
from aws_cdk.aws_sqs import Queue, QueueEncryption
from constructs import Construct


def failure_queue(scope: Construct, construct_id: str) -> Queue:
    """Keeps what could not be handled for as long as a queue can."""
    return Queue(
        scope,
        construct_id,
        encryption=QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
