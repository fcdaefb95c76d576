"""The table of a test, in whatever AWS the client talks to."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from local.provision import table_definition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def create_table(client: "DynamoDBClient", name: str) -> None:
    """Create the table as it is deployed, but for its stream, which moto pays for with every write."""
    definition = {part: value for part, value in table_definition().items() if part != "StreamSpecification"}
    client.create_table(TableName=name, **definition)


def limit_keys(client: "DynamoDBClient") -> None:
    """Have the client fail where DynamoDB refuses a key for its length, which moto does not everywhere."""
    client.meta.events.register("provide-client-params.dynamodb", _refuse_long_keys)


def _refuse_long_keys(params: dict[str, Any], model: Any, **_: Any) -> None:
    keys = [params.get("Key"), params.get("Item")]
    for requests in params.get("RequestItems", {}).values():
        if isinstance(requests, dict):
            keys += requests["Keys"]
        else:
            keys += [next(iter(request.values())).get(part) for request in requests for part in ("Key", "Item")]
    for key in filter(None, keys):
        for name, longest in (("PK", 2048), ("SK", 1024)):
            if not 0 < len(key[name]["S"].encode()) <= longest:
                message = f"the size of {name} is not allowed"
                raise ClientError({"Error": {"Code": "ValidationException", "Message": message}}, model.name)
