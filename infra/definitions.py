"""What is deployed, as plain data: read by the CDK constructs and by the local stack, so that neither repeats it.

No import from aws_cdk: the local stack runs without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from csms.store.changes import ENDED_CALLS, NEWS, SITE_CHANGES
from csms.store.keys import INDEXES

AWS_SERVICES: Final = (
    "apigatewaymanagementapi",
    "dynamodb",
    "events",
    "kms",
    "s3",
    "secretsmanager",
    "sqs",
    "stepfunctions",
)
"""The services that `csms` makes clients of: botocore's models of all others stay out of the layer."""

INTERPRETER: Final = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}
"""What every function's environment has besides settings: pydantic need not look through all that is installed."""

STREAM_VIEW: Final = "NEW_AND_OLD_IMAGES"
"""What the table's stream carries of each change."""

ROUTE_SELECTION: Final = "$request.body.[2]"
"""The action of an OCPP-J CALL; nothing else in the protocol has a route's name there."""
CONNECT_ROUTE: Final = "$connect"
DISCONNECT_ROUTE: Final = "$disconnect"
DEFAULT_ROUTE: Final = "$default"
"""The one-way route. Every action of `csms.v16.registry.actions()` has a two-way route of its own."""

OPEN_ROUTES: Final = ("GET /health", "GET /openapi.json", "GET /docs", "ANY /f/{link+}", "ANY /u/{link+}")
"""Routes of the HTTP API that need no access token; the last two have a token of their own in the path."""
PREFLIGHT_ROUTE: Final = "OPTIONS /{proxy+}"
"""Open as well where applications in the browser may use the API: what they ask before they send a token."""
GUARDED_ROUTE: Final = "$default"
"""Every other route of the operator API: the authorizer sees a request first, `operator_api` resolves its path."""
SCOPES: Final = ("read", "operate", "admin")
"""What an operator may do, as groups of the user pool and as scopes of its resource server."""
RESOURCE_SERVER: Final = "csms"
"""Prefix of the scopes in a machine's token: `csms/read`."""
SIGN_IN_URL: Final = "http://localhost:8976/"
"""Where `make sign-in` waits for the browser to come back."""
SECRET_ACTIONS: Final = ("Decrypt", "Encrypt")
"""What functions that place calls do with the key for secrets that wait to be sent."""


@dataclass(frozen=True)
class FunctionDefinition:
    """One Lambda function; its code is `functions/<name>/`."""

    name: str
    timeout_s: int
    memory_mb: int
    table_actions: tuple[str, ...] = ()
    """What it calls on the table itself."""
    indexes: tuple[str, ...] = ()
    """What it queries of the table's indexes."""
    connection_methods: tuple[str, ...] = ()
    """What it calls at the @connections endpoint: POST sends a message, DELETE closes."""
    file_actions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What it calls on the objects of the files bucket, by their folder."""
    places_calls: bool = False
    """Whether it runs the call engine: sends wake-ups to the `calls` queue, and calls with what is secret in them."""
    wakes_calls: bool = False
    """Whether it sends wake-ups to the `calls` queue without running the engine itself."""
    workflow_actions: tuple[str, ...] = ()
    """What it does with the state machine of charging plans. Who can end a call completes the task waiting for it."""
    sends_boundaries: bool = False
    """Whether it sends to the queue that wakes charging plans."""
    passes_on_events: bool = False
    """Whether it sends to the queue of what others are told."""
    publishes_events: bool = False
    """Whether it puts events on the bus."""
    knows_edges: bool = False
    """Whether it reads the secrets by which the distributions in front of the API are known."""

    @property
    def handler(self) -> str:
        """Import path of the entry point."""
        return f"{self.name}.handler.lambda_handler"


_EFFECTS: Final = ("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
"""For functions that may end a call: what its end changes is any part of the state."""

_PLANS: Final = ("BatchWriteItem", *_EFFECTS)
"""For functions that write what a charging plan wants of all connectors of a site."""

_COMPLETES: Final = ("SendTaskSuccess",)
_COMPLETES_AND_STARTS: Final = ("SendTaskSuccess", "StartExecution")

# API Gateway gives an integration 29 s; a handler that ends itself before that can still answer in OCPP.
FUNCTIONS: Final = {
    function.name: function
    for function in (
        FunctionDefinition(
            "connect",
            timeout_s=20,
            memory_mb=1024,  # scrypt wants the CPU that comes with memory
            table_actions=("GetItem", "PutItem", "UpdateItem"),
            connection_methods=("DELETE",),
            wakes_calls=True,
            knows_edges=True,
        ),
        FunctionDefinition(
            "disconnect",
            timeout_s=20,
            memory_mb=512,
            table_actions=("GetItem", "PutItem", "UpdateItem"),
        ),
        FunctionDefinition(
            "message",
            timeout_s=25,
            memory_mb=512,
            table_actions=_EFFECTS,
            indexes=("GSI1", "GSI2"),
            connection_methods=("DELETE", "POST"),
            places_calls=True,
            workflow_actions=_COMPLETES,
        ),
        FunctionDefinition(
            "dispatch_calls",
            timeout_s=20,  # below the time a station has to answer a call
            memory_mb=512,
            table_actions=_EFFECTS,
            indexes=("GSI1", "GSI2"),
            connection_methods=("POST",),
            file_actions={"firmware": ("GetObject",)},  # a bulk command may be the first to see that it was uploaded
            places_calls=True,
            workflow_actions=_COMPLETES,
        ),
        FunctionDefinition(
            "finish_calls",
            timeout_s=60,
            memory_mb=512,
            table_actions=_EFFECTS,
            connection_methods=("POST",),
            places_calls=True,
            workflow_actions=_COMPLETES,
            passes_on_events=True,
        ),
        FunctionDefinition(
            "publish_events",
            timeout_s=15,
            memory_mb=512,
            publishes_events=True,
        ),
        FunctionDefinition(
            "sweep",
            timeout_s=55,  # the next one starts a minute after this one
            memory_mb=512,
            table_actions=_EFFECTS,
            indexes=("GSI1", "GSI4"),
            workflow_actions=_COMPLETES_AND_STARTS,
        ),
        FunctionDefinition(
            "operator_api",
            timeout_s=28,
            memory_mb=1024,
            table_actions=_PLANS,
            indexes=INDEXES,
            connection_methods=("DELETE", "POST"),
            file_actions={
                "diagnostics": ("GetObject", "PutObject"),
                "firmware": ("DeleteObject", "GetObject", "PutObject"),
            },
            places_calls=True,
            workflow_actions=_COMPLETES_AND_STARTS,
        ),
        FunctionDefinition(
            "plan_charging",
            timeout_s=60,
            memory_mb=1769,  # one whole CPU: planning is arithmetic
            table_actions=_PLANS,
            workflow_actions=_COMPLETES_AND_STARTS,
            sends_boundaries=True,
        ),
        FunctionDefinition(
            "send_profile",
            timeout_s=9,  # below the time that a wave waits for it
            memory_mb=512,
            table_actions=_EFFECTS,
            connection_methods=("POST",),
            places_calls=True,
            workflow_actions=_COMPLETES,
        ),
        FunctionDefinition(
            "wake_plans",
            timeout_s=30,
            memory_mb=512,
            table_actions=("GetItem", "UpdateItem"),
            workflow_actions=_COMPLETES,
            sends_boundaries=True,
        ),
    )
}


@dataclass(frozen=True)
class QueueSource:
    """A queue that feeds a function."""

    function: str
    batch_size: int
    maximum_concurrency: int
    maximum_receives: int
    """After so many failures a message is put aside."""

    @property
    def visibility_timeout_s(self) -> int:
        """A message that failed comes again after this; six times the function's time, as Lambda wants it."""
        return 6 * FUNCTIONS[self.function].timeout_s


@dataclass(frozen=True)
class StreamSource:
    """Changes of the table that feed a function."""

    function: str
    patterns: tuple[Mapping[str, Any], ...]
    """Event-source filters: which changes. Any one of them will do; there may be five by default."""
    batch_size: int
    window_s: int
    """How long changes are gathered before the function runs."""
    retries: int
    maximum_age_s: int


@dataclass(frozen=True)
class Schedule:
    """A clock that runs a function."""

    function: str
    every_s: int


CALLS_QUEUE: Final = QueueSource(
    "dispatch_calls",
    batch_size=2,  # two posts that hang, 2 + 5 s each, still end within the function's time
    maximum_concurrency=20,
    maximum_receives=5,
)
CHANGES_STREAM: Final = StreamSource(
    "finish_calls",
    patterns=(ENDED_CALLS, *NEWS),
    batch_size=100,
    window_s=5,  # by then the process that ended a call has done what follows, unless it died
    retries=20,
    maximum_age_s=6 * 3600,
)
BOUNDARIES_QUEUE: Final = QueueSource(
    "wake_plans",
    batch_size=10,
    maximum_concurrency=5,
    maximum_receives=5,
)
EVENTS_QUEUE: Final = QueueSource(
    "publish_events",
    batch_size=10,  # as many as EventBridge takes at once
    maximum_concurrency=10,
    maximum_receives=20,  # half an hour of a bus that takes nothing
)
QUEUES: Final = (CALLS_QUEUE, BOUNDARIES_QUEUE, EVENTS_QUEUE)
SITE_CHANGES_STREAM: Final = StreamSource(
    "wake_plans",
    patterns=(SITE_CHANGES,),
    batch_size=100,
    window_s=0,  # a car that begins to charge is not kept waiting; changes that come meanwhile are one batch
    retries=20,
    maximum_age_s=3600,  # by then the wait of the workflow has timed out
)
"""The second and last reader of the stream: DynamoDB throttles more than two of a shard."""
SWEEP_SCHEDULE: Final = Schedule("sweep", every_s=60)
