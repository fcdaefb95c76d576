"""Table, queue, key and bucket in the embedded AWS, from the CDK constructs' constants. Running it again is fine."""

import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from infra.definitions import CALLS_QUEUE, INDEXES, PARTITION_KEY, SORT_KEY, STREAM_VIEW, TTL_ATTRIBUTE
from local.environment import CALLS_QUEUE_NAME, FILES_BUCKET, REGION, SECRETS_KEY, TABLE_NAME
from local.errors import StackError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


def provision() -> None:
    """Create what is missing, in the AWS that the environment names.

    Raises:
        StackError: an older version left a table that does not fit.
    """
    _provision_table(boto3.client("dynamodb"))
    _provision_queue(boto3.client("sqs"))
    _provision_key(boto3.client("kms"))
    _provision_bucket(boto3.client("s3"))


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


def _provision_queue(client: "SQSClient") -> None:
    failures = client.create_queue(QueueName=f"{CALLS_QUEUE_NAME}-failures")["QueueUrl"]
    failures_arn = client.get_queue_attributes(QueueUrl=failures, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = {"deadLetterTargetArn": failures_arn, "maxReceiveCount": CALLS_QUEUE.maximum_receives}
    client.set_queue_attributes(
        QueueUrl=client.create_queue(QueueName=CALLS_QUEUE_NAME)["QueueUrl"],
        Attributes={"VisibilityTimeout": str(CALLS_QUEUE.visibility_timeout_s), "RedrivePolicy": json.dumps(redrive)},
    )


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
