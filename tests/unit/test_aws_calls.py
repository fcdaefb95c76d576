"""How calls of functions are told: which function, which call, which resource."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from tests.aws_calls import _calls, _running_function

HANDLER = Path(__file__).parents[2] / "functions" / "sweep" / "handler.py"
ARN = "arn:aws:states:eu-central-1:123456789012:stateMachine:charging-plan"


def client(service: str) -> BaseClient:
    made: Any = boto3.client
    built: BaseClient = made(
        service,
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        endpoint_url="https://gateway.example/prod" if service == "apigatewaymanagementapi" else None,
    )
    return built


@pytest.fixture(autouse=True)
def _named(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {
        "CALLBACK_URL": "https://gateway.example/prod",
        "CHARGING_PLAN_ARN": ARN,
        "EVENT_BUS": "bus",
        "FILES_BUCKET": "files",
        "TABLE_NAME": "state",
    }
    for variable, value in names.items():
        monkeypatch.setenv(variable, value)


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "calls"),
    [
        ("dynamodb", "GetItem", {"TableName": "state"}, ["dynamodb:GetItem TABLE_NAME"]),
        (
            "dynamodb",
            "Query",
            {"TableName": "state", "IndexName": "GSI4"},
            ["dynamodb:Query TABLE_NAME/GSI4"],
        ),
        (
            "dynamodb",
            "BatchGetItem",
            {"RequestItems": {"state": {}}},
            ["dynamodb:BatchGetItem TABLE_NAME"],
        ),
        (
            "dynamodb",
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "state"}}, {"ConditionCheck": {"TableName": "state"}}]},
            ["dynamodb:PutItem TABLE_NAME", "dynamodb:ConditionCheckItem TABLE_NAME"],
        ),
        ("dynamodb", "GetItem", {"TableName": "another"}, ["dynamodb:GetItem another"]),
        ("s3", "HeadObject", {"Bucket": "files", "Key": "firmware/1/a.bin"}, ["s3:HeadObject FILES_BUCKET/firmware/*"]),
        ("apigatewaymanagementapi", "PostToConnection", {}, ["apigatewaymanagementapi:PostToConnection CALLBACK_URL"]),
        ("events", "PutEvents", {"Entries": [{"EventBusName": "bus"}] * 2}, ["events:PutEvents EVENT_BUS"]),
        (
            "stepfunctions",
            "StartExecution",
            {"stateMachineArn": ARN},
            ["stepfunctions:StartExecution CHARGING_PLAN_ARN"],
        ),
        ("stepfunctions", "SendTaskSuccess", {"taskToken": "t"}, ["stepfunctions:SendTaskSuccess"]),
        ("sts", "GetCallerIdentity", {}, ["sts:GetCallerIdentity"]),
    ],
)
def test_a_call_is_told_with_the_resource_that_it_is_about(
    service: str, operation: str, arguments: dict[str, Any], calls: list[str]
) -> None:
    assert list(_calls(client(service), operation, arguments)) == calls


def test_what_a_function_has_done_by_other_threads_is_its_own_doing() -> None:
    def who() -> str | None:
        return _running_function(sys._getframe())

    def by_others() -> str | None:
        with ThreadPoolExecutor() as pool:
            return pool.submit(who).result()

    names: dict[str, Any] = {"by_others": by_others}
    exec(compile("found = by_others()", str(HANDLER), "exec"), names)  # noqa: S102
    assert (names["found"], by_others(), who()) == ("sweep", None, None)
