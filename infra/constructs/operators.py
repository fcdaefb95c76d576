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
    # Not the path: that of a station's file is a secret.
    *("requestId", "requestTime", "routeKey", "httpMethod", "identity.sourceIp", "status"),
    *("authorizer.claims.sub", "authorizer.error", "integration.error", "integration.latency", "responseLength"),
)


class Operators(Construct):
    """The API, its authorizer and its routes."""

    def __init__(self, scope: Construct, construct_id: str, config: Config) -> None:
        super().__init__(scope, construct_id)
        self._config = config
        self._api = HttpApi(self, "Api", create_default_stage=False, description="For operators of charge points")
        self._stage = HttpStage(self, "Stage", http_api=self._api, auto_deploy=True, throttle=_THROTTLE)
        log_access(self._stage, log_group(self, "AccessLog", config), _ACCESS_LOG)
        CfnOutput(Stack.of(self), "ApiUrl", value=self._stage.url)

    @property
    def host(self) -> str:
        """The API's own domain."""
        return f"{self._api.api_id}.execute-api.{Stack.of(self).region}.{Stack.of(self).url_suffix}"

    @property
    def url(self) -> str:
        """Where the API answers, without a slash at the end."""
        return self._config.public_url or self._api.api_endpoint

    def route(self, functions: Functions) -> None:
        """Bind the routes: some open, all others guarded."""
        # Not scope_permission_to_route=False: its `/*/*/*` does not match the route `$default`.
        self._integration = HttpLambdaIntegration("OperatorApi", functions["operator_api"])
        self._add_route("Guarded", HttpRouteKey.DEFAULT, _authorizer(self, self._config))
        for key in OPEN_ROUTES:
            method, path = key.split()
            route = self._add_route(
                path.split("/")[1], HttpRouteKey.with_(path, HttpMethod[method]), HttpNoneAuthorizer()
            )
            acknowledge(
                route, "Says nothing about the deployment, or asks for the token in the path of a file itself.", "APIG4"
            )

    def _add_route(self, construct_id: str, key: HttpRouteKey, authorizer: IHttpRouteAuthorizer) -> HttpRoute:
        return HttpRoute(
            self,
            construct_id,
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
