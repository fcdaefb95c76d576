"""Events: the bus on which others hear what has happened, and the queue in front of it (`docs/events.md`)."""

from aws_cdk import CfnOutput, Stack
from aws_cdk.aws_events import EventBus
from aws_cdk.aws_iam import PolicyStatement
from constructs import Construct

from infra.constructs.event_sources import feed_from_queue
from infra.constructs.functions import Functions
from infra.constructs.queues import work_queue
from infra.definitions import EVENTS_QUEUE, FUNCTIONS


class Events(Construct):
    """The bus, which has no rules of its own: whoever wants to hear adds them."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._queue = work_queue(self, EVENTS_QUEUE)
        self._bus = EventBus(self, "Bus", description="What happens at charge points: docs/events.md")
        CfnOutput(Stack.of(self), "EventBusName", value=self._bus.event_bus_name)

    @property
    def queue_url(self) -> str:
        """Where events wait for the bus."""
        return self._queue.queue_url

    @property
    def bus_name(self) -> str:
        """The bus."""
        return self._bus.event_bus_name

    def grant(self, functions: Functions) -> None:
        """Allow functions to pass events on, and to publish them."""
        passes_on = PolicyStatement(actions=["sqs:SendMessage"], resources=[self._queue.queue_arn])
        publishes = PolicyStatement(actions=["events:PutEvents"], resources=[self._bus.event_bus_arn])
        for name, definition in FUNCTIONS.items():
            if definition.passes_on_events:
                functions.allow(name, passes_on)
            if definition.publishes_events:
                functions.allow(name, publishes)

    def feed(self, functions: Functions) -> None:
        """Hand events to `publish_events`."""
        feed_from_queue(self, "Publish", EVENTS_QUEUE, functions, self._queue)
