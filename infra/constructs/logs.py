"""Logs: groups that forget, and the access logs of the APIs."""

import json
from collections.abc import Sequence
from typing import Final, cast

from aws_cdk import RemovalPolicy
from aws_cdk.aws_apigateway import CfnAccount
from aws_cdk.aws_apigatewayv2 import CfnStage, IStage
from aws_cdk.aws_iam import ManagedPolicy, Role, ServicePrincipal
from aws_cdk.aws_logs import LogGroup, RetentionDays
from constructs import Construct

from infra.config import Config, LogRetentionDays
from infra.nag import acknowledge

_RETENTION: Final[dict[LogRetentionDays, RetentionDays]] = {
    1: RetentionDays.ONE_DAY,
    3: RetentionDays.THREE_DAYS,
    7: RetentionDays.ONE_WEEK,
    14: RetentionDays.TWO_WEEKS,
    30: RetentionDays.ONE_MONTH,
    90: RetentionDays.THREE_MONTHS,
    180: RetentionDays.SIX_MONTHS,
    365: RetentionDays.ONE_YEAR,
}
_PUSH_POLICY: Final = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"


def log_group(scope: Construct, construct_id: str, config: Config) -> LogGroup:
    """A log group that ends with the stack and forgets after the configured time."""
    return LogGroup(
        scope, construct_id, retention=_RETENTION[config.log_retention_days], removal_policy=RemovalPolicy.DESTROY
    )


def log_access(stage: IStage, group: LogGroup, variables: Sequence[str]) -> None:
    """Write one JSON line per request of an API stage: its `$context` variables by name."""
    resource = cast("CfnStage", stage.node.default_child)
    line = {variable.replace(".", "_"): f"$context.{variable}" for variable in variables}
    resource.access_log_settings = CfnStage.AccessLogSettingsProperty(
        destination_arn=group.log_group_arn, format=json.dumps(line)
    )


class GatewayLogRole(Construct):
    """The role of this account and region with which API Gateway writes the access log of a WebSocket API.

    Without one the stage cannot be created. It is a setting of the account: it stays when the stack goes.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        role = Role(
            self,
            "Role",
            assumed_by=ServicePrincipal("apigateway.amazonaws.com"),
            managed_policies=[ManagedPolicy.from_aws_managed_policy_name(_PUSH_POLICY)],
        )
        account = CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)
        role.apply_removal_policy(RemovalPolicy.RETAIN)
        account.apply_removal_policy(RemovalPolicy.RETAIN)
        policy = f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{_PUSH_POLICY}]"
        acknowledge(role, "API Gateway checks for the permissions of this managed policy.", policy)
