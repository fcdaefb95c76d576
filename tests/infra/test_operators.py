import re

from csms.api.routing import OPEN, all_endpoints
from csms.api.scopes import RESOURCE_SERVER as PREFIX
from csms.api.scopes import Scope
from infra.definitions import GUARDED_ROUTE, OPEN_ROUTES, PREFLIGHT_ROUTE, RESOURCE_SERVER, SCOPES, SIGN_IN_URL
from tests.infra.synthesized import Properties, Synthesized, flat


def _routes(stack: Synthesized) -> dict[str, Properties]:
    (api_id,) = [
        logical_id
        for logical_id, api in stack.resources("AWS::ApiGatewayV2::Api").items()
        if api["Properties"]["ProtocolType"] == "HTTP"
    ]
    routes = stack.properties("AWS::ApiGatewayV2::Route")
    return {route["RouteKey"]: route for route in routes if route["ApiId"] == {"Ref": api_id}}


def _may_invoke(stack: Synthesized, function_name: str) -> list[Properties]:
    permissions = stack.properties("AWS::Lambda::Permission")
    return [each for each in permissions if stack.function_behind(each["FunctionName"]) == function_name]


def test_every_route_has_the_authorizer_but_the_open_ones(deployed: Synthesized, varied: Synthesized) -> None:
    for stack, open_routes in ((deployed, {*OPEN_ROUTES}), (varied, {*OPEN_ROUTES, PREFLIGHT_ROUTE})):
        (authorizer,) = stack.resources("AWS::ApiGatewayV2::Authorizer")
        guards = {key: (route["AuthorizationType"], route.get("AuthorizerId")) for key, route in _routes(stack).items()}
        assert guards.pop(GUARDED_ROUTE) == ("JWT", {"Ref": authorizer})
        assert guards == dict.fromkeys(open_routes, ("NONE", None))


def test_the_authorizer_takes_tokens_from_the_header_that_the_function_reads(deployed: Synthesized) -> None:
    authorizer = deployed.only("AWS::ApiGatewayV2::Authorizer")["Properties"]
    assert authorizer["AuthorizerType"] == "JWT"
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]


def test_no_path_that_needs_a_scope_matches_an_open_route() -> None:
    patterns = [_pattern(key.split()[1]) for key in OPEN_ROUTES]
    guarded = [endpoint.path for endpoint in all_endpoints() if endpoint.scope is not OPEN]
    assert not [path for path in guarded for pattern in patterns if pattern.fullmatch(re.sub("<.+?>", "a/b", path))]


def test_only_this_api_reaches_the_function(deployed: Synthesized) -> None:
    (api_id,) = [
        logical_id
        for logical_id, api in deployed.resources("AWS::ApiGatewayV2::Api").items()
        if api["Properties"]["ProtocolType"] == "HTTP"
    ]
    permissions = _may_invoke(deployed, "operator_api")
    assert {each["Principal"] for each in permissions} == {"apigateway.amazonaws.com"}
    assert all(f":<{api_id}>/" in flat(each["SourceArn"]) for each in permissions)
    assert not deployed.resources("AWS::Lambda::Url")


def test_browsers_may_use_the_api_only_from_where_people_sign_in(deployed: Synthesized, varied: Synthesized) -> None:
    apis = [api for stack in (deployed, varied) for api in stack.properties("AWS::ApiGatewayV2::Api")]
    (cors,) = [api["CorsConfiguration"] for api in apis if "CorsConfiguration" in api]
    assert cors["AllowOrigins"] == ["http://localhost:3000", "https://console.example"]
    assert "authorization" in cors["AllowHeaders"]
    assert not cors.get("AllowCredentials")


def _pattern(path: str) -> re.Pattern[str]:
    """What an open route takes; a variable with a plus takes the rest of the path."""
    return re.compile(re.sub(r"\\{\w+\\\+\\}", ".+", re.escape(path)))


def test_the_permission_of_the_guarded_route_matches_its_two_part_arn(deployed: Synthesized) -> None:
    arns = {flat(permission["SourceArn"]) for permission in deployed.properties("AWS::Lambda::Permission")}
    assert any(arn.endswith(">/*/*") for arn in arns)


def test_the_function_gets_payload_format_2(deployed: Synthesized) -> None:
    formats = [i.get("PayloadFormatVersion") for i in deployed.properties("AWS::ApiGatewayV2::Integration")]
    assert formats.count("2.0") == 1


def test_tokens_of_the_pool_are_accepted(deployed: Synthesized) -> None:
    authorizer = deployed.only("AWS::ApiGatewayV2::Authorizer")["Properties"]["JwtConfiguration"]
    (pool,) = deployed.resources("AWS::Cognito::UserPool")
    clients = {f"<{client}>" for client in deployed.resources("AWS::Cognito::UserPoolClient")}
    assert flat(authorizer["Issuer"]) == f"https://<{pool}.ProviderName>"
    assert set(map(flat, authorizer["Audience"])) == clients


def test_another_issuer_takes_the_place_of_the_pool(varied: Synthesized) -> None:
    authorizer = varied.only("AWS::ApiGatewayV2::Authorizer")["Properties"]["JwtConfiguration"]
    assert authorizer == {"Issuer": "https://issuer.example/realms/csms", "Audience": ["console", "scripts"]}
    assert not [type_name for type_name in varied.inventory if type_name.startswith("AWS::Cognito::")]


def test_the_function_knows_where_another_issuer_puts_permissions(deployed: Synthesized, varied: Synthesized) -> None:
    told = [stack.functions()["operator_api"]["Environment"]["Variables"] for stack in (deployed, varied)]
    assert [each["PERMISSIONS_CLAIM"] for each in told] == ["cognito:groups", "realm_access.roles"]


def test_permissions_are_groups_for_people_and_scopes_for_machines(deployed: Synthesized) -> None:
    assert {group["GroupName"] for group in deployed.properties("AWS::Cognito::UserPoolGroup")} == set(SCOPES)
    server = deployed.only("AWS::Cognito::UserPoolResourceServer")["Properties"]
    assert server["Identifier"] == RESOURCE_SERVER
    assert {scope["ScopeName"] for scope in server["Scopes"]} == set(SCOPES)


def _clients(stack: Synthesized, flow: str) -> dict[str, Properties]:
    clients = stack.resources("AWS::Cognito::UserPoolClient")
    return {key: c["Properties"] for key, c in clients.items() if c["Properties"]["AllowedOAuthFlows"] == [flow]}


def test_people_sign_in_by_code_and_get_no_scope_that_their_groups_do_not_give(deployed: Synthesized) -> None:
    (people,) = _clients(deployed, "code").values()
    assert people["AllowedOAuthScopes"] == ["openid"]
    assert not people.get("GenerateSecret")
    assert people["CallbackURLs"] == [SIGN_IN_URL]
    assert set(people["ExplicitAuthFlows"]) == {"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
    assert people["PreventUserExistenceErrors"] == "ENABLED"
    assert (people["AccessTokenValidity"], people["RefreshTokenValidity"]) == (60, 12 * 60)


def test_each_machine_has_its_own_secret_for_one_scope(deployed: Synthesized) -> None:
    (server,) = deployed.resources("AWS::Cognito::UserPoolResourceServer")
    machines = _clients(deployed, "client_credentials").values()
    assert all(machine["GenerateSecret"] for machine in machines)
    assert sorted(flat(scope) for machine in machines for scope in machine["AllowedOAuthScopes"]) == [
        f"<{server}>/{name}" for name in sorted(SCOPES)
    ]
    assert len(machines) == len(SCOPES)
    assert len(deployed.resources("AWS::Cognito::UserPoolClient")) == 1 + len(machines)


def test_nobody_signs_up_alone_or_signs_in_without_second_factor(deployed: Synthesized) -> None:
    pool = deployed.only("AWS::Cognito::UserPool")["Properties"]
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert pool["MfaConfiguration"] == "ON"
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]


def test_the_function_reads_the_permissions_that_the_pool_gives() -> None:
    assert tuple(Scope) == SCOPES
    assert PREFIX == RESOURCE_SERVER


def test_the_function_asks_no_scope_where_the_authorizer_is_not_asked() -> None:
    paths = {re.sub(r"<\w+>", "{link+}", endpoint.path) for endpoint in all_endpoints() if endpoint.scope is OPEN}
    assert paths == {key.split()[1] for key in OPEN_ROUTES}


def test_the_access_log_holds_no_path_because_those_of_files_are_secret(deployed: Synthesized) -> None:
    (log,) = [
        stage["AccessLogSettings"]["Format"]
        for stage in deployed.properties("AWS::ApiGatewayV2::Stage")
        if stage["StageName"] == "$default"
    ]
    assert "ath" not in flat(log)


def test_stations_reach_files_through_the_distribution_for_tls(deployed: Synthesized) -> None:
    urls = {flat(f["Environment"]["Variables"]["PUBLIC_URL"]) for f in deployed.functions().values()}
    (distribution,) = deployed.resources("AWS::CloudFront::Distribution")
    assert urls == {f"https://<{distribution}.DomainName>"}


def test_a_domain_of_ones_own_takes_its_place(varied: Synthesized) -> None:
    urls = {flat(f["Environment"]["Variables"]["PUBLIC_URL"]) for f in varied.functions().values()}
    assert urls == {"http://files.example"}
