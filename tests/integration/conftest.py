"""The functions over moto's DynamoDB, in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

import boto3
import pytest
from moto import mock_aws
from moto.core.config import DefaultConfig
from moto.kms.utils import generate_private_key

from csms.authorization import AuthorizationStatus, IdTag
from csms.runtime import Runtime, runtime
from tests.called_station import CalledStation
from tests.lambda_station import NOON, LambdaStation
from tests.table import create_table, limit_keys

KEEPING_SERVICE_MODELS: Final[DefaultConfig] = {"core": {"reset_boto3_session": False}}
"""A session that is made anew reads botocore's models anew, which takes longer than most tests."""
_private_key: Final = cache(generate_private_key)


@pytest.fixture
def csms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """A fresh Central System that accepts unknown charge points."""
    with central_system(monkeypatch) as fresh:
        yield fresh


@contextmanager
def central_system(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """The same outside of a test."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "TABLE_NAME": "csms",
        "CALLBACK_URL": "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/prod",
        "UNKNOWN_CHARGE_POINTS": "accept",
        "COMMISSIONING": "false",
        "POWERTOOLS_METRICS_DISABLED": "true",
        "CHARGING_PLAN_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:charging-plan",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("moto.kms.models.generate_private_key", _private_key)  # the slow part of a key, never used
    with mock_aws(config=KEEPING_SERVICE_MODELS):
        create_table(boto3.client("dynamodb"), "csms")
        sqs = boto3.client("sqs")
        monkeypatch.setenv("CALLS_QUEUE_URL", sqs.create_queue(QueueName="calls")["QueueUrl"])
        monkeypatch.setenv("BOUNDARIES_QUEUE_URL", sqs.create_queue(QueueName="boundaries")["QueueUrl"])
        monkeypatch.setenv("EVENTS_QUEUE_URL", sqs.create_queue(QueueName="events")["QueueUrl"])
        monkeypatch.setenv("SECRETS_KEY_ID", boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
        runtime.cache_clear()
        limit_keys(runtime().store.links._table._client)
        yield runtime()
        runtime.cache_clear()


@pytest.fixture
def station(csms: Runtime) -> LambdaStation:
    """A charge point that is connected, with a few tags known."""
    csms.store.id_tags.put(IdTag("TAG1", parent_id_tag="FAMILY"))
    csms.store.id_tags.put(IdTag("TAG2", parent_id_tag="FAMILY"))
    csms.store.id_tags.put(IdTag("STRANGER"))
    csms.store.id_tags.put(IdTag("BLOCKED", status=AuthorizationStatus.BLOCKED))
    csms.store.id_tags.put(IdTag("EXPIRED", expiry_date=NOON))
    connected = LambdaStation()
    assert connected.connect()["statusCode"] == 200
    connected.wait(seconds=1)
    return connected


@pytest.fixture
def called(csms: Runtime, station: LambdaStation, monkeypatch: pytest.MonkeyPatch) -> CalledStation:
    """A charge point that is connected, has spoken, and can be called."""
    connected = CalledStation(csms=csms, now=station.now)
    connected.connect()
    connected.wait(seconds=1)
    connected.install(monkeypatch)
    connected.result("Heartbeat", {})
    connected.wait(seconds=2)
    return connected
