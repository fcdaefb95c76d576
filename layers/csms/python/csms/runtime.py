"""The wired objects of one process, built lazily and once: importing reads no environment and makes no client."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

from csms.gateway import Gateway
from csms.log import configure_logging
from csms.sessions import LiveSessions
from csms.settings import Settings
from csms.store import Store
from csms.v16.answer import Answerer

if TYPE_CHECKING:
    from csms.boundary_queue import BoundaryQueue
    from csms.bulk import BulkCommands
    from csms.call_queue import CallQueue
    from csms.calls import CallEngine
    from csms.charging_plans import ChargingPlans
    from csms.connections import Connections
    from csms.edge import Edges
    from csms.event_bus import EventBus
    from csms.event_queue import EventQueue
    from csms.files import Files
    from csms.secrets import Secrets
    from csms.v16.orders import Commands
    from csms.workflows import StepFunctions

_USER_AGENT: Final = "csms"
"""Of clients that are used for every message: botocore writes its own anew, twice, for each request."""
_PATIENT: Final = Config(
    user_agent=_USER_AGENT,
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=50,
)
"""For services where a repeated request does no harm."""


@dataclass(frozen=True)
class Runtime:
    """What the functions share. Each part is built when it is first used.

    What answering a charge point does not need is imported then, too: its cold start has no time for the rest.
    """

    settings: Settings

    @cached_property
    def store(self) -> Store:
        """State in DynamoDB; standard retries, bounded so that a handler can still answer."""
        client = boto3.client(
            "dynamodb",
            config=Config(
                user_agent=_USER_AGENT,
                connect_timeout=1,
                read_timeout=2,
                retries={"mode": "standard", "total_max_attempts": 3},
                max_pool_connections=50,
                parameter_validation=False,  # a sixth of a call's CPU time, for what the table makes itself
            ),
        )
        return Store(client, self.settings)

    @cached_property
    def gateway(self) -> Gateway:
        """The way back to charge points; one attempt, because a repeated post is a second message."""
        client = boto3.client(
            "apigatewaymanagementapi",
            endpoint_url=self.settings.callback_url,
            config=Config(user_agent=_USER_AGENT, connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}),
        )
        return Gateway(client)

    @cached_property
    def answerer(self) -> Answerer:
        """Answers what charge points send."""
        return Answerer(self.settings, self.store, self.sessions, lambda: self.calls)

    @cached_property
    def calls(self) -> "CallEngine":
        """Calls charge points."""
        from csms.calls import CallEngine
        from csms.v16.operations import V16Operations

        operations = V16Operations(self.settings, self.store, self.secrets)
        return CallEngine(
            self.settings,
            self.store,
            lambda: self.gateway,
            lambda: self.call_queue,
            operations,
            lambda: self.workflows,
        )

    @cached_property
    def commands(self) -> "Commands":
        """Makes calls of what operators want."""
        from csms.v16.orders import Commands

        return Commands(self.settings, self.store, lambda: self.files, self.calls)

    @cached_property
    def bulk(self) -> "BulkCommands":
        """The same for many charge points."""
        from csms.bulk import BulkCommands

        return BulkCommands(self.store, lambda: self.call_queue, self.commands, self.calls)

    @cached_property
    def secrets(self) -> "Secrets":
        """Keeps what is secret in a call until it is sent; the client is made for the first one."""
        from csms.secrets import Secrets

        config = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
        return Secrets(cache(lambda: boto3.client("kms", config=config)), self.settings.secrets_key_id)

    @cached_property
    def workflows(self) -> "StepFunctions":
        """Starts steps of charging plans, completes the tasks in them; repeating either does no harm."""
        from csms.workflows import StepFunctions

        client = boto3.client("stepfunctions", config=_PATIENT)
        return StepFunctions(client, self.settings.charging_plan_arn)

    @cached_property
    def charging_plans(self) -> "ChargingPlans":
        """Runs charging plans."""
        from csms.charging_plans import ChargingPlans

        return ChargingPlans(self.store, self.calls, lambda: self.workflows, lambda: self.boundary_queue)

    @cached_property
    def boundary_queue(self) -> "BoundaryQueue":
        """Wakes charging plans later."""
        from csms.boundary_queue import BoundaryQueue

        return BoundaryQueue(boto3.client("sqs", config=_PATIENT), self.settings.boundaries_queue_url)

    @cached_property
    def call_queue(self) -> "CallQueue":
        """Wakes the engine later; a message sent twice wakes it twice, which does no harm."""
        from csms.call_queue import CallQueue

        return CallQueue(boto3.client("sqs", config=_PATIENT), self.settings.calls_queue_url)

    @cached_property
    def event_queue(self) -> "EventQueue":
        """Takes what others are to be told."""
        from csms.event_queue import EventQueue

        return EventQueue(boto3.client("sqs", config=_PATIENT), self.settings.events_queue_url)

    @cached_property
    def event_bus(self) -> "EventBus":
        """Tells them. One attempt: the queue brings back what the bus did not take."""
        from csms.event_bus import EventBus

        config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})
        return EventBus(boto3.client("events", config=config), self.settings.event_bus)

    @cached_property
    def files(self) -> "Files":
        """Firmware and diagnostics in S3. URLs name the region's own host: the global one redirects."""
        from csms.files import Files

        client = boto3.client(
            "s3",
            config=Config(
                connect_timeout=1,
                read_timeout=10,
                retries={"mode": "standard", "total_max_attempts": 3},
                signature_version="s3v4",
                s3={"addressing_style": "virtual"},
                request_checksum_calculation="when_required",  # a signed URL must not ask for one of botocore's own
            ),
        )
        return Files(client, self.settings.files_bucket)

    @cached_property
    def sessions(self) -> LiveSessions:
        """Sessions this process has seen."""
        return LiveSessions(self.store, lambda: self.gateway)

    @cached_property
    def connections(self) -> "Connections":
        """Connecting and disconnecting."""
        from csms.connections import Connections

        return Connections(self.settings, self.store, lambda: self.gateway, lambda: self.call_queue, self.edges)

    @cached_property
    def edges(self) -> "Edges":
        """The distributions in front of the API; the client is made when one presents itself."""
        from csms.edge import Edge, Edges
        from csms.edge_secrets import EdgeSecrets

        secret_ids = {
            Edge.WSS: self.settings.wss_edge_secret_id,
            Edge.WS: self.settings.ws_edge_secret_id,
            Edge.MTLS: self.settings.mtls_edge_secret_id,
        }
        secrets = EdgeSecrets(cache(lambda: boto3.client("secretsmanager", config=_PATIENT)))
        return Edges(secret_ids, secrets.read)


@cache
def runtime() -> Runtime:
    """The runtime of this process, from its environment."""
    configure_logging()
    return Runtime(Settings.from_environment())
