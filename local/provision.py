"""What is in the embedded AWS, from the CDK constructs' constants. Running it again is fine."""

import io
import json
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import ClientError

from csms.store.keys import INDEXES, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE
from infra.definitions import (
    BOUNDARIES_QUEUE,
    CALLS_QUEUE,
    EVENTS_QUEUE,
    FUNCTIONS,
    STREAM_VIEW,
    QueueSource,
)
from infra.workflow import FUNCTIONS_BY_PLACEHOLDER, definition
from local.environment import (
    ACCOUNT,
    BOUNDARIES_QUEUE_NAME,
    CALLS_QUEUE_NAME,
    CHARGING_PLAN_ARN,
    CHARGING_PLAN_NAME,
    EVENT_BUS,
    EVENTS_QUEUE_NAME,
    FILES_BUCKET,
    REGION,
    SECRETS_KEY,
    TABLE_NAME,
)
from local.errors import StackError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/csms"
"""Nobody asks what it allows."""


def provision() -> None:
    """Create what is missing, in the AWS that the environment names.

    Raises:
        StackError: an older version left a table that does not fit.
    """
    _provision_table(boto3.client("dynamodb"))
    sqs = boto3.client("sqs")
    _provision_queue(sqs, CALLS_QUEUE_NAME, CALLS_QUEUE)
    _provision_queue(sqs, BOUNDARIES_QUEUE_NAME, BOUNDARIES_QUEUE)
    _provision_queue(sqs, EVENTS_QUEUE_NAME, EVENTS_QUEUE)
    _provision_bus(boto3.client("events"))
    _provision_key(boto3.client("kms"))
    _provision_bucket(boto3.client("s3"))
    _provision_functions(boto3.client("lambda"))
    _provision_state_machine(boto3.client("stepfunctions"))


def table_definition() -> dict[str, Any]:
    """The arguments of CreateTable."""
    keys = {PARTITION_KEY: SORT_KEY} | {f"{index}PK": f"{index}SK" for index in INDEXES}
    return {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for pair in keys.items() for name in pair
        ],
        "KeySchema": _key_schema(PARTITION_KEY, SORT_KEY),
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index,
                "KeySchema": _key_schema(f"{index}PK", f"{index}SK"),
                "Projection": {"ProjectionType": "ALL"},
            }
            for index in INDEXES
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": STREAM_VIEW},
    }


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _provision_table(client: "DynamoDBClient") -> None:
    try:
        table = client.describe_table(TableName=TABLE_NAME)["Table"]
    except client.exceptions.ResourceNotFoundException:
        client.create_table(TableName=TABLE_NAME, **table_definition())
        client.update_time_to_live(
            TableName=TABLE_NAME, TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
        )
        return
    if {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])} != set(INDEXES):
        raise StackError("the state is from a version with other table indexes: move the state directory away")


def _provision_queue(client: "SQSClient", name: str, source: QueueSource) -> None:
    failures = client.create_queue(QueueName=f"{name}-failures")["QueueUrl"]
    failures_arn = client.get_queue_attributes(QueueUrl=failures, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = {"deadLetterTargetArn": failures_arn, "maxReceiveCount": source.maximum_receives}
    client.set_queue_attributes(
        QueueUrl=client.create_queue(QueueName=name)["QueueUrl"],
        Attributes={"VisibilityTimeout": str(source.visibility_timeout_s), "RedrivePolicy": json.dumps(redrive)},
    )


def _provision_bus(client: Any) -> None:
    with suppress(client.exceptions.ResourceAlreadyExistsException):
        client.create_event_bus(Name=EVENT_BUS)


def _provision_key(client: "KMSClient") -> None:
    try:
        client.describe_key(KeyId=SECRETS_KEY)
    except client.exceptions.NotFoundException:
        client.create_alias(AliasName=SECRETS_KEY, TargetKeyId=client.create_key()["KeyMetadata"]["KeyId"])


def _provision_bucket(client: "S3Client") -> None:
    try:
        client.head_bucket(Bucket=FILES_BUCKET)
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        client.create_bucket(Bucket=FILES_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})


def _provision_functions(client: Any) -> None:
    """Those that the state machine runs: names without code, their events go to `local.invocations`."""
    for name in FUNCTIONS_BY_PLACEHOLDER.values():
        timeout_s = FUNCTIONS[name].timeout_s
        try:
            client.update_function_configuration(FunctionName=name, Timeout=timeout_s)
        except client.exceptions.ResourceNotFoundException:
            client.create_function(
                FunctionName=name,
                Runtime="python3.13",
                Handler=FUNCTIONS[name].handler,
                Role=_ROLE,
                Code={"ZipFile": _no_code()},
                Timeout=timeout_s,
            )


def _no_code() -> bytes:
    archive = io.BytesIO()
    zipfile.ZipFile(archive, "w").close()
    return archive.getvalue()


def _provision_state_machine(client: "SFNClient") -> None:
    text = definition(lambda name: f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
    try:
        client.update_state_machine(stateMachineArn=CHARGING_PLAN_ARN, definition=text)
    except client.exceptions.StateMachineDoesNotExist:
        client.create_state_machine(name=CHARGING_PLAN_NAME, definition=text, roleArn=_ROLE)
