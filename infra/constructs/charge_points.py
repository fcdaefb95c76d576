"""Charge points: the WebSocket API they connect to (`DESIGN.md` §3, §4)."""

from typing import Final, cast

from aws_cdk import CfnOutput, Stack
from aws_cdk.aws_apigatewayv2 import (
    CfnApi,
    CfnIntegration,
    CfnRoute,
    CfnRouteResponse,
    ThrottleSettings,
    WebSocketApi,
    WebSocketStage,
)
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_lambda import IFunction
from constructs import Construct

from csms.v16.registry import actions
from infra.config import Config
from infra.constructs.functions import Functions
from infra.constructs.logs import GatewayLogRole, log_access, log_group
from infra.definitions import CONNECT_ROUTE, DEFAULT_ROUTE, DISCONNECT_ROUTE, FUNCTIONS, ROUTE_SELECTION
from infra.nag import acknowledge

# The account has 10,000 requests/s for all APIs together; the rest is left to the operators' API and to @connections.
_THROTTLE: Final = ThrottleSettings(rate_limit=6000, burst_limit=3000)
_ACCESS_LOG: Final = (
    *("requestId", "requestTime", "eventType", "routeKey", "connectionId", "identity.sourceIp", "status"),
    *("error.message", "integration.error", "integration.latency"),
)


class ChargePoints(Construct):
    """The API, its stage and its routes."""

    def __init__(self, scope: Construct, construct_id: str, config: Config) -> None:
        super().__init__(scope, construct_id)
        self._emulator = config.emulator
        self._api = WebSocketApi(
            self, "Api", route_selection_expression=ROUTE_SELECTION, description="OCPP-J, for charge points"
        )
        self._stage = WebSocketStage(
            self,
            "Stage",
            web_socket_api=self._api,
            stage_name=config.stage,
            auto_deploy=True,
            throttle=_THROTTLE,
        )
        log_access(self._stage, log_group(self, "AccessLog", config), _ACCESS_LOG)
        if config.create_gateway_log_role:
            self._stage.node.add_dependency(GatewayLogRole(self, "LogRole"))
        CfnOutput(Stack.of(self), "OcppUrl", value=f"{self._stage.url}?cp=", description="Append the identity")

    @property
    def host(self) -> str:
        """The API's own domain."""
        return f"{self._api.api_id}.execute-api.{Stack.of(self).region}.{Stack.of(self).url_suffix}"

    @property
    def callback_url(self) -> str:
        """The @connections endpoint."""
        return self._emulator or self._stage.callback_url

    def grant(self, functions: Functions) -> None:
        """Allow functions to use the @connections endpoint of this stage."""
        for name, definition in FUNCTIONS.items():
            for method in definition.connection_methods:
                path = f"{method}/@connections/*"
                resource = self._api.arn_for_execute_api_v2(path, self._stage.stage_name)
                functions.allow(name, PolicyStatement(actions=["execute-api:ManageConnections"], resources=[resource]))
                self._acknowledge_any_connection(functions[name], path)

    def _acknowledge_any_connection(self, function: IFunction, path: str) -> None:
        api = Stack.of(self).get_logical_id(cast("CfnApi", self._api.node.default_child))
        arn = f"arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<{api}>/{self._stage.stage_name}/{path}"
        acknowledge(
            cast("Role", function.role), "Connection ids come into being at run time.", f"IAM5[Resource::{arn}]"
        )

    def route(self, functions: Functions) -> None:
        """Bind the routes: the connection's own, `$default` one-way, and every action two-way."""
        self._add_route(CONNECT_ROUTE, self._integrate("Connect", functions["connect"]))
        self._add_route(DISCONNECT_ROUTE, self._integrate("Disconnect", functions["disconnect"]))
        message = self._integrate("Message", functions["message"])
        self._add_route(DEFAULT_ROUTE, message)
        for action in actions():
            route = self._add_route(action, message)
            CfnRouteResponse(
                self, f"{action}Response", api_id=self._api.api_id, route_id=route.ref, route_response_key="$default"
            )

    def _integrate(self, construct_id: str, function: IFunction) -> str:
        # One permission and one integration a function. The L2 integration permits only the first route bound to it,
        # and one permission a route would outgrow the function's policy.
        function.add_permission(
            "ChargePoints",
            principal=ServicePrincipal("apigateway.amazonaws.com"),
            source_arn=self._api.arn_for_execute_api_v2("*", self._stage.stage_name),
        )
        integration = CfnIntegration(
            self,
            f"{construct_id}Integration",
            api_id=self._api.api_id,
            integration_type="AWS_PROXY",
            integration_uri=(
                f"arn:{Stack.of(self).partition}:apigateway:{Stack.of(self).region}"
                f":lambda:path/2015-03-31/functions/{function.function_arn}/invocations"
            ),
        )
        return integration.ref

    def _add_route(self, key: str, integration_id: str) -> CfnRoute:
        is_action = not key.startswith("$")
        route = CfnRoute(
            self,
            f"{key.removeprefix('$')}Route",
            api_id=self._api.api_id,
            route_key=key,
            authorization_type="NONE",
            target=f"integrations/{integration_id}",
            route_response_selection_expression="$default" if is_action else None,
        )
        reason = (
            "`connect` authenticates the charge point itself: the answers differ by security profile and reason."
            if key == CONNECT_ROUTE
            else "Only $connect can have an authorizer."
        )
        acknowledge(route, reason, "APIG4")
        return route
