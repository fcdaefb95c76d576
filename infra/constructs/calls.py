"""Calls to charge points: what wakes the engine, and what finishes a call whose process died (`DESIGN.md` §5)."""

from aws_cdk.aws_dynamodb import ITableV2
from aws_cdk.aws_iam import PolicyStatement
from constructs import Construct

from infra.constructs.event_sources import feed_from_queue, feed_from_stream
from infra.constructs.functions import Functions
from infra.constructs.queues import work_queue
from infra.definitions import CALLS_QUEUE, CHANGES_STREAM, FUNCTIONS


class Calls(Construct):
    """The queue of wake-ups and the two functions behind the engine."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._queue = work_queue(self, CALLS_QUEUE)

    @property
    def queue_url(self) -> str:
        """Where wake-ups are sent."""
        return self._queue.queue_url

    def grant(self, functions: Functions) -> None:
        """Allow functions that run the engine, or wake it, to send wake-ups."""
        statement = PolicyStatement(actions=["sqs:SendMessage"], resources=[self._queue.queue_arn])
        for name, definition in FUNCTIONS.items():
            if definition.places_calls or definition.wakes_calls:
                functions.allow(name, statement)

    def feed(self, functions: Functions, table: ITableV2) -> None:
        """Hand wake-ups to `dispatch_calls`, and what `finish_calls` follows up: calls that have ended, and news."""
        feed_from_queue(self, "Dispatch", CALLS_QUEUE, functions, self._queue)
        feed_from_stream(self, "Finish", CHANGES_STREAM, functions, table)
