"""IAM in miniature, since neither moto nor MiniStack has one: a function may call what its role allows, nothing else.

`tests/infra` holds the template equal to the same definitions, so what is seen here is what the deployed role allows.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest
from botocore.client import BaseClient

from infra.definitions import FUNCTIONS, SECRET_ACTIONS

_FUNCTIONS: Final = Path(__file__).parents[1] / "functions"
_CONNECTION_METHODS: Final = {"PostToConnection": "POST", "GetConnection": "GET", "DeleteConnection": "DELETE"}


@pytest.fixture(autouse=True)
def permitted_calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test in which a function made a call that its role does not allow."""
    refused: set[str] = set()
    call = vars(BaseClient)["_make_api_call"]

    def checked(client: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        name = _running_function(sys._getframe())
        if name and not _is_allowed(name, service, operation, arguments):
            refused.add(f"{name} may not call {service}:{operation}")
        return call(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", checked)
    yield
    assert not refused


def _running_function(frame: FrameType | None) -> str | None:
    """The function whose handler is on the stack; None when the test itself calls."""
    while frame:
        path = Path(frame.f_code.co_filename)
        if path.name == "handler.py" and path.parent.parent == _FUNCTIONS:
            return path.parent.name
        frame = frame.f_back
    return None


def _is_allowed(name: str, service: str, operation: str, arguments: dict[str, Any]) -> bool:
    definition = FUNCTIONS[name]
    if service == "dynamodb":
        return operation in definition.table_actions
    if service in {"s3", "stepfunctions"}:
        return operation.replace("Head", "Get") in (*definition.file_actions, *definition.workflow_actions)
    if service == "kms":
        return definition.places_calls and operation in SECRET_ACTIONS
    if service == "sqs":
        if arguments["QueueUrl"] == os.environ.get("EVENTS_QUEUE_URL"):
            return definition.passes_on_events and operation == "SendMessageBatch"
        is_boundary = arguments["QueueUrl"] == os.environ.get("BOUNDARIES_QUEUE_URL")
        wakes_calls = definition.places_calls or definition.wakes_calls
        return (definition.sends_boundaries if is_boundary else wakes_calls) and operation == "SendMessage"
    if service == "events":
        return definition.publishes_events and operation == "PutEvents"
    if service == "secretsmanager":
        return definition.knows_edges and operation == "GetSecretValue"
    return service == "apigatewaymanagementapi" and _CONNECTION_METHODS[operation] in definition.connection_methods
