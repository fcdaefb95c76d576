"""Operators: their HTTP API and who they are (`DESIGN.md` §9)."""

from typing import Final

from aws_cdk import CfnOutput, Stack
from aws_cdk.aws_apigatewayv2 import (
    HttpApi,
    HttpMethod,
    HttpNoneAuthorizer,
    HttpRoute,
    HttpRouteKey,
    HttpStage,
    IHttpRouteAuthorizer,
    ThrottleSettings,
)
from aws_cdk.aws_apigatewayv2_authorizers import HttpJwtAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.config import Config
from infra.constructs.functions import Functions
from infra.constructs.logs import log_access, log_group
from infra.constructs.users import Users
from infra.definitions import OPEN_ROUTES
from infra.nag import acknowledge

# Shares the account's throttle with the charge points: operators never starve them.
_THROTTLE: Final = ThrottleSettings(rate_limit=200, burst_limit=400)
_ACCESS_LOG: Final = (
    *("requestId", "requestTime", "routeKey", "httpMethod", "path", "identity.sourceIp", "status"),
    *("authorizer.claims.sub", "authorizer.error", "integration.error", "integration.latency", "responseLength"),
)


class Operators(Construct):
    """The API, its authorizer and its routes."""

    def __init__(self, scope: Construct, construct_id: str, config: Config, functions: Functions) -> None:
        super().__init__(scope, construct_id)
        self._api = HttpApi(self, "Api", create_default_stage=False, description="For operators of charge points")
        stage = HttpStage(self, "Stage", http_api=self._api, auto_deploy=True, throttle=_THROTTLE)
        log_access(stage, log_group(self, "AccessLog", config), _ACCESS_LOG)
        # Not scope_permission_to_route=False: its `/*/*/*` does not match the route `$default`.
        self._integration = HttpLambdaIntegration("OperatorApi", functions["operator_api"])
        self._add_route("Guarded", HttpRouteKey.DEFAULT, _authorizer(self, config))
        for path in OPEN_ROUTES:
            route = self._add_route(path, HttpRouteKey.with_(path, HttpMethod.GET), HttpNoneAuthorizer())
            acknowledge(route, "Health and the description of the API say nothing about the deployment.", "APIG4")
        CfnOutput(Stack.of(self), "ApiUrl", value=stage.url)

    def _add_route(self, construct_id: str, key: HttpRouteKey, authorizer: IHttpRouteAuthorizer) -> HttpRoute:
        return HttpRoute(
            self,
            construct_id.strip("/"),
            http_api=self._api,
            route_key=key,
            integration=self._integration,
            authorizer=authorizer,
        )


def _authorizer(scope: Construct, config: Config) -> HttpJwtAuthorizer:
    if config.jwt_issuer:
        return HttpJwtAuthorizer("Authorizer", config.jwt_issuer, jwt_audience=list(config.jwt_audience))
    users = Users(scope, "Users", config)
    return HttpJwtAuthorizer("Authorizer", users.issuer, jwt_audience=users.audience)
