import json
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from aws_cdk.aws_s3 import Bucket

from app import build
from tests.infra.synthesized import Synthesized, flat, listed, unbundled_app

ROUTES = {"AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::RouteResponse"}
"""One or two more with every action: test_charge_points.py."""
REPLACED_BY_NEW_NAME = {"BucketName", "FunctionName", "LogGroupName", "QueueName", "RoleName"}
REPLACED_BY_NEW_NAME |= {"AlarmName", "RuleName", "TableName", "UserPoolName"}
REPLACED_BY_NEW_NAME |= {"BackupVaultName", "DashboardName", "TopicName"}
"""Not StateMachineName: it has one, so that what it runs can know it without a circle."""

REFER_BY_NAME = {
    *("AWS::Lambda::Alias", "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::EventSourceMapping"),
    *("AWS::Lambda::Permission", "AWS::Lambda::Version"),
}


def test_the_inventory_is_as_recorded(deployed: Synthesized) -> None:
    recorded = json.loads(Path(__file__).with_name("inventory.json").read_text())
    assert {name: count for name, count in deployed.inventory.items() if name not in ROUTES} == recorded


def test_cdk_nag_refuses_what_nobody_gave_a_reason_for(tmp_path: Path) -> None:
    app = unbundled_app(tmp_path)
    Bucket(build(app), "Careless")
    with pytest.raises(RuntimeError, match="AwsSolutions-S10"):
        app.synth()


def test_no_resource_waits_for_itself(deployed: Synthesized, varied: Synthesized) -> None:
    for stack in (deployed, varied):
        resources = stack.template["Resources"]
        needs = {name: _referred_to(resource) & resources.keys() for name, resource in resources.items()}
        assert len(list(TopologicalSorter(needs).static_order())) == len(resources)  # raises where there is a circle


def _referred_to(value: object) -> set[str]:
    """The logical ids that a part of the template refers to; `DependsOn` names them as they are."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            return {name}
        case dict():
            depends = set(listed(value.get("DependsOn", [])))
            return depends.union(*map(_referred_to, value.values()))
        case list():
            return set[str]().union(*map(_referred_to, value))
    return set()


def test_nothing_has_a_physical_name(deployed: Synthesized) -> None:
    named = {
        logical_id
        for logical_id, resource in deployed.template["Resources"].items()
        if REPLACED_BY_NEW_NAME & set(resource.get("Properties", {})) and resource["Type"] not in REFER_BY_NAME
    }
    assert named == set()


NAMED_WITHIN = {
    *("AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Authorizer", "AWS::ApiGatewayV2::Stage", "AWS::CloudWatch::Alarm"),
    *("AWS::Cognito::UserPoolGroup", "AWS::Cognito::UserPoolResourceServer", "AWS::IAM::Policy"),
}
"""Types whose names are labels, of metrics, or within something that belongs to the stack alone."""


def test_stages_live_side_by_side_in_one_account(deployed: Synthesized, varied: Synthesized) -> None:
    for stack, stage in ((deployed, "prod"), (varied, "dev")):
        names = {
            f"{resource['Type']} {name}"
            for resource in stack.template["Resources"].values()
            if resource["Type"] not in NAMED_WITHIN | REFER_BY_NAME
            for name in _names(resource.get("Properties", {}))
        }
        assert len(names) > 1
        assert [name for name in names if stage not in name] == []
        assert not any("Export" in output for output in stack.template["Outputs"].values())


def _names(properties: dict[str, Any]) -> set[str]:
    """Names that are given, also inside of what CloudFront calls a configuration; references to others are none."""
    configurations = [inner for key, inner in properties.items() if key.endswith("Config") and isinstance(inner, dict)]
    given = [value for key, value in properties.items() if key.endswith(("Name", "Domain")) or key == "Name"]
    return {flat(value) for value in given if not _is_reference(value)}.union(*map(_names, configurations))


def _is_reference(value: object) -> bool:
    return isinstance(value, dict) and not value.keys() & {"Fn::Join", "Fn::Sub"}


def test_only_connections_and_files_are_granted_by_wildcard(deployed: Synthesized) -> None:
    """Each has its reason where it is acknowledged; cdk-nag refuses others."""
    statements = [
        statement
        for policy in deployed.properties("AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Resource"] != "*"
    ]
    assert not [action for s in statements for action in listed(s["Action"]) if "*" in action]
    wildcards = {flat(resource) for s in statements for resource in listed(s["Resource"]) if "*" in flat(resource)}
    assert {resource.split("/", 1)[-1] for resource in wildcards} == {
        *("prod/POST/@connections/*", "prod/DELETE/@connections/*"),
        *("diagnostics/*", "firmware/*"),
    }


def test_only_services_that_know_no_resources_are_granted_as_a_whole(deployed: Synthesized) -> None:
    services = {
        action.split(":")[0]
        for policy in deployed.properties("AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Resource"] == "*"
        for action in listed(statement["Action"])
    }
    assert services == {"logs"}  # the log delivery of the state machine


def test_managed_policies_are_left_to_api_gateway(deployed: Synthesized) -> None:
    managed = [flat(arn) for role in deployed.properties("AWS::IAM::Role") for arn in role.get("ManagedPolicyArns", [])]
    assert [arn.split("/")[-1] for arn in managed] == ["AmazonAPIGatewayPushToCloudWatchLogs"]


def test_every_log_group_forgets(deployed: Synthesized, varied: Synthesized) -> None:
    assert {group["RetentionInDays"] for group in deployed.properties("AWS::Logs::LogGroup")} == {30}
    assert {group["RetentionInDays"] for group in varied.properties("AWS::Logs::LogGroup")} == {7}


def test_state_outlives_the_stack_unless_chosen_otherwise(deployed: Synthesized, varied: Synthesized) -> None:
    for type_name in ("AWS::DynamoDB::GlobalTable", "AWS::S3::Bucket"):
        assert deployed.only(type_name)["DeletionPolicy"] == "Retain"
        assert varied.only(type_name)["DeletionPolicy"] == "Delete"
    assert deployed.only("AWS::Cognito::UserPool")["DeletionPolicy"] == "Retain"


def test_the_outputs_say_where_to_connect(deployed: Synthesized) -> None:
    outputs = {name: flat(output["Value"]) for name, output in deployed.template["Outputs"].items()}
    assert outputs["OcppUrl"].startswith("wss://")
    assert outputs["OcppUrl"].endswith("/prod?cp=")
    assert outputs["ApiUrl"].startswith("https://")
    assert set(outputs) == {
        *("OcppUrl", "ApiUrl", "WssEdgeUrl", "WssEdgeSecretId", "EdgeApiUrl", "EventBusName", "AlarmTopicArn"),
        *("UserPoolId", "SignInUrl", "TokenUrl", "PeopleClientId"),
        *("MachineReadClientId", "MachineOperateClientId", "MachineAdminClientId"),
    }
