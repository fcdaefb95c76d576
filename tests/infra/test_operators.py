import re

from csms.api.routing import OPEN, all_endpoints
from csms.api.scopes import RESOURCE_SERVER as PREFIX
from csms.api.scopes import Scope
from infra.definitions import GUARDED_ROUTE, OPEN_ROUTES, RESOURCE_SERVER, SCOPES
from tests.infra.synthesized import Properties, Synthesized, flat


def _routes(stack: Synthesized) -> dict[str, Properties]:
    (api_id,) = [
        logical_id
        for logical_id, api in stack.resources("AWS::ApiGatewayV2::Api").items()
        if api["Properties"]["ProtocolType"] == "HTTP"
    ]
    routes = stack.properties("AWS::ApiGatewayV2::Route")
    return {route["RouteKey"]: route for route in routes if route["ApiId"] == {"Ref": api_id}}


def test_only_the_open_routes_need_no_token(deployed: Synthesized) -> None:
    routes = _routes(deployed)
    assert set(routes) == {GUARDED_ROUTE, *OPEN_ROUTES}
    assert {key for key, route in routes.items() if route["AuthorizationType"] == "NONE"} == set(routes) - {
        GUARDED_ROUTE
    }
    assert routes[GUARDED_ROUTE]["AuthorizationType"] == "JWT"


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


def test_permissions_are_groups_for_people_and_scopes_for_machines(deployed: Synthesized) -> None:
    assert {group["GroupName"] for group in deployed.properties("AWS::Cognito::UserPoolGroup")} == set(SCOPES)
    server = deployed.only("AWS::Cognito::UserPoolResourceServer")["Properties"]
    assert server["Identifier"] == RESOURCE_SERVER
    assert {scope["ScopeName"] for scope in server["Scopes"]} == set(SCOPES)


def test_only_machines_use_oauth_and_only_with_their_own_credentials(deployed: Synthesized) -> None:
    clients = deployed.properties("AWS::Cognito::UserPoolClient")
    assert [c["AllowedOAuthFlows"] for c in clients if c.get("AllowedOAuthFlows")] == [["client_credentials"]]


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
