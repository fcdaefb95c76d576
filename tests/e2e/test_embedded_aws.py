"""The MiniStack child process and what is provisioned in it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from csms.store.keys import INDEXES, TTL_ATTRIBUTE
from local.aws import EmbeddedAws
from local.environment import FILES_BUCKET, TABLE_NAME, handler_environment, replaced_environment
from local.errors import StackError
from local.listener import Listener
from local.provision import provision

KEY = {"PK": {"S": "CP#1"}, "SK": {"S": "CP"}}


@contextmanager
def embedded_aws(directory: Path) -> Iterator[EmbeddedAws]:
    aws = EmbeddedAws.start(Listener("AWS_PORT", 0), directory)
    try:
        with replaced_environment(handler_environment(aws.url, "", "")):
            yield aws
    finally:
        aws.stop()


def clients() -> tuple[Any, Any]:
    session = boto3.Session()
    return session.client("dynamodb"), session.client("s3")


async def test_what_is_provisioned_and_stored_survives_and_is_left_alone(tmp_path: Path) -> None:
    with embedded_aws(tmp_path) as aws:
        await aws.wait_until_ready()
        provision()
        dynamodb, s3 = clients()
        dynamodb.put_item(TableName=TABLE_NAME, Item=KEY)
        s3.put_object(Bucket=FILES_BUCKET, Key="firmware", Body=b"image")
    with embedded_aws(tmp_path) as aws:
        await aws.wait_until_ready()
        provision()
        dynamodb, s3 = clients()
        table = dynamodb.describe_table(TableName=TABLE_NAME)["Table"]
        ttl = dynamodb.describe_time_to_live(TableName=TABLE_NAME)["TimeToLiveDescription"]
        assert dynamodb.get_item(TableName=TABLE_NAME, Key=KEY)["Item"] == KEY
        assert s3.get_object(Bucket=FILES_BUCKET, Key="firmware")["Body"].read() == b"image"
    assert {index["IndexName"] for index in table["GlobalSecondaryIndexes"]} == set(INDEXES)
    assert table["StreamSpecification"]["StreamEnabled"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", TTL_ATTRIBUTE)


async def test_a_table_with_other_indexes_is_not_used(tmp_path: Path) -> None:
    with embedded_aws(tmp_path) as aws:
        await aws.wait_until_ready()
        clients()[0].create_table(
            TableName=TABLE_NAME,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
        )
        with pytest.raises(StackError, match="other table indexes"):
            provision()


async def test_an_end_that_nobody_asked_for_is_noticed(tmp_path: Path) -> None:
    with embedded_aws(tmp_path) as aws:
        await aws.wait_until_ready()
        os.kill(aws.process_id, signal.SIGKILL)
        with pytest.raises(StackError, match=r"MiniStack ended unexpectedly .*ministack\.log"):
            await aws.wait_until_dead()
