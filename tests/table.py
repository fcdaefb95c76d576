"""The table of a test, in whatever AWS the client talks to."""

from typing import TYPE_CHECKING

from local.provision import table_definition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def create_table(client: "DynamoDBClient", name: str) -> None:
    """Create the table as it is deployed, but for its stream, which moto pays for with every write."""
    definition = {part: value for part, value in table_definition().items() if part != "StreamSpecification"}
    client.create_table(TableName=name, **definition)
