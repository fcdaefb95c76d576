"""Which AWS calls the functions of this process make, seen at the client: what is signed for others to send, too.

A call is written `service:Operation RESOURCE`: the environment variable that names the resource, which is all that a
function knows of it, and what of it is meant. `dynamodb:Query TABLE_NAME/GSI1`, `s3:GetObject FILES_BUCKET/firmware/*`.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import local
from types import FrameType
from typing import Any, Final, NamedTuple

from botocore.client import BaseClient
from botocore.model import OperationModel

from csms.settings import Settings

_FUNCTIONS: Final = Path(__file__).parents[1] / "functions"
_ARGUMENTS: Final = {
    "dynamodb": "TableName",
    "kms": "KeyId",
    "s3": "Bucket",
    "secretsmanager": "SecretId",
    "sqs": "QueueUrl",
    "stepfunctions": "stateMachineArn",
}
"""Which argument of a service's calls names their resource; some name it another way (`_resources`)."""

_inherited: Final = local()


class SeenCall(NamedTuple):
    """A function made this call."""

    function: str
    call: str


def watch(see: Callable[[SeenCall], object]) -> None:
    """From now on, tell of every call that a function makes."""
    client, pool = vars(BaseClient), vars(ThreadPoolExecutor)
    prepare: Any = client["_emit_api_params"]  # on the way of what is sent and of what is only signed
    submit: Any = pool["submit"]

    def seen(client: BaseClient, api_params: dict[str, Any], operation_model: OperationModel, context: Any) -> Any:
        if function := _running_function(sys._getframe()):
            for call in _calls(client, operation_model.name, api_params):
                see(SeenCall(function, call))
        return prepare(client, api_params, operation_model, context)

    def submitted(pool: ThreadPoolExecutor, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        function = _running_function(sys._getframe())

        def inherit(*args: Any, **kwargs: Any) -> Any:
            _inherited.function = function
            return work(*args, **kwargs)

        return submit(pool, inherit, *args, **kwargs)

    setattr(BaseClient, "_emit_api_params", seen)  # noqa: B010
    setattr(ThreadPoolExecutor, "submit", submitted)  # noqa: B010


def _calls(client: BaseClient, operation: str, arguments: Mapping[str, Any]) -> Iterator[str]:
    if "TransactItems" in arguments:  # IAM judges each part as if it were alone
        for item in arguments["TransactItems"]:
            for kind, part in item.items():
                yield from _calls(client, f"{kind}Item", part)
        return
    service = client.meta.service_model.service_name
    for name in _resources(client, service, arguments):
        yield f"{service}:{operation} {_variable(name)}{_part(arguments)}".rstrip()


def _resources(client: BaseClient, service: str, arguments: Mapping[str, Any]) -> set[str]:
    """What the call is about; nothing for one that names a task's token."""
    if service == "apigatewaymanagementapi":
        return {client.meta.endpoint_url}
    if service == "events":
        return {entry["EventBusName"] for entry in arguments["Entries"]}
    if "RequestItems" in arguments:
        return set(arguments["RequestItems"])
    return {arguments.get(_ARGUMENTS.get(service, ""), "")}


def _part(arguments: Mapping[str, Any]) -> str:
    """What of the resource: an index of a table, a folder of a bucket."""
    if "IndexName" in arguments:
        return f"/{arguments['IndexName']}"
    is_object = "Bucket" in arguments and "Key" in arguments
    return f"/{arguments['Key'].partition('/')[0]}/*" if is_object else ""


def _variable(name: str) -> str:
    """The environment variable with this value, of those that the product reads; the value where there is none."""
    variables = (field.upper() for field in Settings.model_fields)
    return next((variable for variable in variables if name and os.environ.get(variable) == name), name)


def _running_function(frame: FrameType | None) -> str | None:
    """The function whose handler is on the stack, here or where this thread got its work; None if a test calls."""
    while frame:
        if found := _function_of(frame.f_code.co_filename):
            return found
        frame = frame.f_back
    return getattr(_inherited, "function", None)


@cache
def _function_of(filename: str) -> str | None:
    path = Path(filename)
    return path.parent.name if path.name == "handler.py" and path.parent.parent == _FUNCTIONS else None
