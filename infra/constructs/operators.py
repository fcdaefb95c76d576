"""Operators: their HTTP API and who they are (`DESIGN.md` §9)."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk.aws_apigatewayv2 import (
    CorsHttpMethod,
    CorsPreflightOptions,
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
from infra.definitions import OPEN_ROUTES, PREFLIGHT_ROUTE
from infra.nag import acknowledge

# Shares the account's throttle with the charge points: operators never starve them.
_THROTTLE: Final = ThrottleSettings(rate_limit=200, burst_limit=400)
_PREFLIGHT_VALIDITY: Final = Duration.hours(1)
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
        self._api = HttpApi(
            self,
            "Api",
            create_default_stage=False,
            description="For operators of charge points",
            cors_preflight=_cors(config.console_urls),
        )
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
            reason = "Says nothing about the deployment, or asks for the token in the path of a file itself."
            self._add_open_route(key.split("/")[1], key, reason)
        if self._config.console_urls:
            # The authorizer of `$default` would refuse what a browser asks before it sends a token.
            self._add_open_route(
                "Preflight", PREFLIGHT_ROUTE, "Browsers ask without a token; it is answered without data."
            )

    def _add_open_route(self, construct_id: str, key: str, reason: str) -> None:
        method, path = key.split()
        route = self._add_route(construct_id, HttpRouteKey.with_(path, HttpMethod[method]), HttpNoneAuthorizer())
        acknowledge(route, reason, "APIG4")

    def _add_route(self, construct_id: str, key: HttpRouteKey, authorizer: IHttpRouteAuthorizer) -> HttpRoute:
        return HttpRoute(
            self,
            construct_id,
            http_api=self._api,
            route_key=key,
            integration=self._integration,
            authorizer=authorizer,
        )


def _cors(console_urls: Sequence[str]) -> CorsPreflightOptions | None:
    """Let applications in the browser use the API, from where people sign in to them."""
    if not console_urls:
        return None
    addresses = map(urlsplit, console_urls)
    return CorsPreflightOptions(
        allow_origins=sorted({f"{address.scheme}://{address.netloc}" for address in addresses}),
        allow_methods=[CorsHttpMethod.ANY],
        allow_headers=["accept", "authorization", "content-type", "idempotency-key"],
        expose_headers=["allow", "content-disposition", "link", "location", "retry-after"],
        max_age=_PREFLIGHT_VALIDITY,
    )


def _authorizer(scope: Construct, config: Config) -> HttpJwtAuthorizer:
    if config.jwt_issuer:
        return HttpJwtAuthorizer("Authorizer", config.jwt_issuer, jwt_audience=list(config.jwt_audience))
    users = Users(scope, "Users", config)
    return HttpJwtAuthorizer("Authorizer", users.issuer, jwt_audience=users.audience)
