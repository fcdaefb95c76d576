import json

import pytest

from csms.edge import Edge
from csms.settings import Settings, UnknownChargePoints
from infra.config import Config, InvalidContextError
from tests.infra.synthesized import FLAGS


def test_the_context_of_cdk_json_is_valid_and_safe() -> None:
    config = Config.from_context(FLAGS)
    assert config.unknown_charge_points is UnknownChargePoints.REJECT
    assert config.is_retained


def test_text_from_the_command_line_is_read_as_what_it_means() -> None:
    config = Config.from_context(
        {"heartbeatIntervalS": "60", "logRetentionDays": "7", "jwtIssuer": "https://i.example", "jwtAudience": "a, b"}
    )
    assert (config.heartbeat_interval_s, config.log_retention_days) == (60, 7)
    assert (config.jwt_issuer, config.jwt_audience) == ("https://i.example", ("a", "b"))


def test_machines_are_listed_with_what_they_may_do() -> None:
    assert Config.from_context({}).machines == {"read": "read", "operate": "operate", "admin": "admin"}
    for machines in ("billing=read, my-portal=operate", {"billing": "read", "my-portal": "operate"}):
        assert Config.from_context({"machines": machines}).machines == {"billing": "read", "my-portal": "operate"}
    assert Config.from_context({"machines": ""}).machines == {}


def test_a_stage_may_be_called_as_cognito_forbids_where_there_is_no_user_pool() -> None:
    context = {"stage": "on-aws", "jwtIssuer": "https://i.example", "jwtAudience": "a"}
    assert Config.from_context(context).stage == "on-aws"


def test_context_of_the_cdk_itself_is_not_ours() -> None:
    assert Config.from_context({"aws:cdk:bundling-stacks": [], "@aws-cdk/core:x": True}) == Config()


@pytest.mark.parametrize(
    ("context", "complaint"),
    [
        ({"unknownChargePoint": "accept"}, "unknownChargePoint: Extra inputs"),
        ({"unknownChargePoints": "maybe"}, "unknownChargePoints: Input should be 'reject', 'pending' or 'accept'"),
        ({"heartbeatIntervalS": 900}, "heartbeatIntervalS: Input should be less than or equal to 300"),
        ({"logRetentionDays": 8}, "logRetentionDays: Input should be 1, 3, 7"),
        ({"stage": "My Stage"}, "stage: String should match pattern"),
        ({"removalPolicy": "snapshot"}, "removalPolicy: Input should be 'retain' or 'destroy'"),
        ({"functionMemoryMb": "mesage=1024"}, "functionMemoryMb.mesage.[key]: Value error, the functions are connect,"),
        ({"functionMemoryMb": "message=64"}, "functionMemoryMb.message: Input should be greater than or equal to 128"),
        ({"consumerConcurrency": "message=9"}, "the functions are dispatch_calls, publish_events, wake_plans"),
        ({"snapStart": "connect,all"}, "snapStart.1: Value error, the functions are connect,"),
        ({"tableName": "mine"}, "tableName: Input should be ''"),
        ({"jwtIssuer": "https://i.example"}, "jwtIssuer and jwtAudience are given together"),
        ({"monthlyBudgetUsd": 100}, "monthlyBudgetUsd needs alarmEmail"),
        ({"alarmEmail": "nobody"}, "alarmEmail: String should match pattern"),
        ({"backupDays": -1}, "backupDays: Input should be greater than or equal to 0"),
        ({"offlineAlarmPercent": 0}, "offlineAlarmPercent: Input should be greater than or equal to 1"),
        ({"tableStreamArn": "arn:aws:s3:::bucket"}, "tableStreamArn: String should match pattern"),
        ({"jwtIssuer": "http://i.example", "jwtAudience": "a"}, "jwtIssuer: String should match pattern"),
        ({"machines": "billing=write"}, "machines.billing: Input should be 'read', 'operate' or 'admin'"),
        ({"machines": "billing"}, "machines.billing: Input should be 'read', 'operate' or 'admin'"),
        ({"machines": {"Billing!": "read"}}, "machines.Billing!.[key]: String should match pattern"),
        ({"machines": "a-1=read,a1=read"}, "machines: Value error, a-1 and a1 would have one output, Machine"),
        ({"consoleUrls": "http://console.example/"}, "consoleUrls.0: String should match pattern"),
        ({"stage": "on-aws"}, "the user pool's domain, which must not contain 'aws'"),
    ],
)
def test_an_impossible_context_is_refused_by_the_name_of_its_key(context: dict[str, object], complaint: str) -> None:
    with pytest.raises(InvalidContextError, match="The context") as caught:
        Config.from_context(context)
    assert complaint in str(caught.value)


def test_every_setting_of_the_application_can_be_chosen() -> None:
    config = Config.from_context({"unknownChargePoints": "pending", "historyDays": 7})
    environment = config.environment(
        table_name="t",
        callback_url="https://c",
        calls_queue_url="https://q",
        charging_plan_arn="arn",
        boundaries_queue_url="https://b",
        events_queue_url="https://e",
        event_bus="bus",
        secrets_key_id="k",
        files_bucket="f",
        public_url="https://p",
        edge_secret_ids={Edge.WSS: "secret"},
    )
    settings = Settings.model_validate({name.lower(): value for name, value in environment.items()})
    assert settings == Settings(
        table_name="t",
        callback_url="https://c",
        calls_queue_url="https://q",
        charging_plan_arn="arn",
        boundaries_queue_url="https://b",
        events_queue_url="https://e",
        event_bus="bus",
        secrets_key_id="k",
        files_bucket="f",
        public_url="https://p",
        wss_edge_secret_id="secret",
        unknown_charge_points=UnknownChargePoints.PENDING,
        history_days=7,
    )


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(InvalidContextError) as caught:
        Config.from_context(json.loads('{"stage": "", "historyDays": 0}'))
    assert len(str(caught.value).splitlines()) == 3
