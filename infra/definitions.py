"""What is deployed, as plain data: read by the CDK constructs and by the local stack, so that neither repeats it.

No import from aws_cdk: the local stack runs without it.
"""

from dataclasses import dataclass
from typing import Final

from csms.store.keys import INDEXES, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE

__all__ = [
    "AWS_SERVICES",
    "CONNECT_ROUTE",
    "DEFAULT_ROUTE",
    "DISCONNECT_ROUTE",
    "FUNCTIONS",
    "GUARDED_ROUTE",
    "INDEXES",
    "OPEN_ROUTES",
    "PARTITION_KEY",
    "RESOURCE_SERVER",
    "ROUTE_SELECTION",
    "SCOPES",
    "SORT_KEY",
    "STREAM_VIEW",
    "TTL_ATTRIBUTE",
    "FunctionDefinition",
]

AWS_SERVICES: Final = ("apigatewaymanagementapi", "dynamodb")
"""The services that `csms` makes clients of: botocore's models of all others stay out of the layer."""

STREAM_VIEW: Final = "NEW_AND_OLD_IMAGES"
"""What the table's stream carries of each change."""

ROUTE_SELECTION: Final = "$request.body.[2]"
"""The action of an OCPP-J CALL; nothing else in the protocol has a route's name there."""
CONNECT_ROUTE: Final = "$connect"
DISCONNECT_ROUTE: Final = "$disconnect"
DEFAULT_ROUTE: Final = "$default"
"""The one-way route. Every action of `csms.v16.registry.actions()` has a two-way route of its own."""

OPEN_ROUTES: Final = ("/health", "/openapi.json", "/docs")
"""Paths of the operator API that a GET reaches without a token."""
GUARDED_ROUTE: Final = "$default"
"""Every other route of the operator API: the authorizer sees a request first, `operator_api` resolves its path."""
SCOPES: Final = ("read", "operate", "admin")
"""What an operator may do, as groups of the user pool and as scopes of its resource server."""
RESOURCE_SERVER: Final = "csms"
"""Prefix of the scopes in a machine's token: `csms/read`."""


@dataclass(frozen=True)
class FunctionDefinition:
    """One Lambda function; its code is `functions/<name>/`."""

    name: str
    timeout_s: int
    memory_mb: int
    table_actions: tuple[str, ...]
    """What it calls on the table and its indexes."""
    connection_methods: tuple[str, ...] = ()
    """What it calls at the @connections endpoint: POST sends a message, DELETE closes."""
    places_calls: bool = False
    """Whether it sends wake-ups to the `calls` queue."""

    @property
    def handler(self) -> str:
        """Import path of the entry point."""
        return f"{self.name}.handler.lambda_handler"


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
            table_actions=("BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem"),
            connection_methods=("POST",),
            places_calls=True,
        ),
        FunctionDefinition(
            "dispatch_calls",
            timeout_s=20,  # below the time a station has to answer a call
            memory_mb=512,
            table_actions=("GetItem", "PutItem", "Query", "UpdateItem"),
            connection_methods=("POST",),
            places_calls=True,
        ),
        FunctionDefinition(
            "operator_api",
            timeout_s=28,
            memory_mb=1024,
            table_actions=("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
            connection_methods=("DELETE", "POST"),
            places_calls=True,
        ),
    )
}
