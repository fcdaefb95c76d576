"""What is left out when the stack goes into the emulator of the tests (MiniStack): everything it lacks, and no more.

Chosen by the context key `emulator`. Beside this list two things differ: the dependencies layer holds wheels for the
machine that deploys, because the emulator runs functions with its own interpreter (`infra.constructs.layers`), and
frames are posted to where the key says, because the WebSocket connections are those of `local.gateway`.
"""

from typing import TYPE_CHECKING, Final, cast

from aws_cdk import CfnResource, Stack
from aws_cdk.aws_cloudwatch import CfnAlarm

if TYPE_CHECKING:
    from constructs import IConstruct

LACKING: Final = (
    # It returns no sub-protocol and no status from `connect`: `local.gateway` is the WebSocket API, two-way routes too.
    "AWS::ApiGatewayV2::RouteResponse",
)
"""Types of resources it refuses a template for."""


def leave_out(stack: Stack) -> None:
    """Take what the emulator lacks out of a stack that is otherwise complete."""
    for construct in stack.node.find_all():
        if isinstance(construct, CfnResource) and _is_lacking(construct):
            scope = cast("IConstruct", construct.node.scope)
            scope.node.try_remove_child(construct.node.id)


def _is_lacking(resource: CfnResource) -> bool:
    """Beside whole types: alarms that reckon with several metrics."""
    has_arithmetic = isinstance(resource, CfnAlarm) and resource.metrics is not None
    return has_arithmetic or resource.cfn_resource_type in LACKING
