"""The firewall: a web ACL for the distributions, in a stack of its own because CloudFront wants it in us-east-1."""

from typing import Final

from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk.aws_wafv2 import CfnWebACL
from constructs import Construct

REGION: Final = "us-east-1"
_WINDOW_S: Final = 300
_CHARGE_POINTS: Final = "/ocpp"


class FirewallStack(Stack):
    """Limits what one address may ask for: charge points that connect and everything else have an allowance each.

    The messages of a connection are no requests. `WebAclArn` among the outputs is for the context key `webAclArn`.
    """

    def __init__(self, scope: Construct, construct_id: str, rate: int) -> None:
        """Let `rate` requests per address through in five minutes."""
        super().__init__(
            scope, construct_id, description="OCPP 1.6-J Central System: firewall", env=Environment(region=REGION)
        )
        to_charge_points = _begins_with(_CHARGE_POINTS)
        everything_else = CfnWebACL.StatementProperty(
            not_statement=CfnWebACL.NotStatementProperty(statement=to_charge_points)
        )
        acl = CfnWebACL(
            self,
            "WebAcl",
            scope="CLOUDFRONT",
            default_action=CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_measured("WebAcl"),
            rules=[_limit("Connections", 0, rate, to_charge_points), _limit("Requests", 1, rate, everything_else)],
        )
        CfnOutput(self, "WebAclArn", value=acl.attr_arn)


def _limit(name: str, priority: int, rate: int, requests: CfnWebACL.StatementProperty) -> CfnWebACL.RuleProperty:
    return CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        action=CfnWebACL.RuleActionProperty(block={}),
        visibility_config=_measured(name),
        statement=CfnWebACL.StatementProperty(
            rate_based_statement=CfnWebACL.RateBasedStatementProperty(
                aggregate_key_type="IP", limit=rate, evaluation_window_sec=_WINDOW_S, scope_down_statement=requests
            )
        ),
    )


def _begins_with(path: str) -> CfnWebACL.StatementProperty:
    return CfnWebACL.StatementProperty(
        byte_match_statement=CfnWebACL.ByteMatchStatementProperty(
            field_to_match=CfnWebACL.FieldToMatchProperty(uri_path={}),
            positional_constraint="STARTS_WITH",
            search_string=path,
            text_transformations=[CfnWebACL.TextTransformationProperty(priority=0, type="NONE")],
        )
    )


def _measured(name: str) -> CfnWebACL.VisibilityConfigProperty:
    return CfnWebACL.VisibilityConfigProperty(
        metric_name=name,
        cloud_watch_metrics_enabled=True,
        # Samples would hold the header by which charge points authenticate.
        sampled_requests_enabled=False,
    )
