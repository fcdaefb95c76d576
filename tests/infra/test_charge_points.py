import json

from csms.v16.registry import actions
from infra.definitions import CONNECT_ROUTE, DEFAULT_ROUTE, DISCONNECT_ROUTE, ROUTE_SELECTION
from tests.infra.synthesized import Properties, Synthesized, flat


def _api(stack: Synthesized) -> tuple[str, Properties]:
    (found,) = [
        (logical_id, api["Properties"])
        for logical_id, api in stack.resources("AWS::ApiGatewayV2::Api").items()
        if api["Properties"]["ProtocolType"] == "WEBSOCKET"
    ]
    return found


def _routes(stack: Synthesized) -> dict[str, tuple[str, Properties]]:
    """Logical id and properties by route key."""
    api_id, _ = _api(stack)
    return {
        route["Properties"]["RouteKey"]: (logical_id, route["Properties"])
        for logical_id, route in stack.resources("AWS::ApiGatewayV2::Route").items()
        if route["Properties"]["ApiId"] == {"Ref": api_id}
    }


def _function_behind(stack: Synthesized, route: Properties) -> str:
    integration = stack.template["Resources"][flat(route["Target"]).removeprefix("integrations/").strip("<>")]
    return stack.function_behind(integration["Properties"]["IntegrationUri"])


def test_every_action_has_a_two_way_route_and_nothing_else_has(deployed: Synthesized) -> None:
    routes = _routes(deployed)
    two_way = {key for key, (_, route) in routes.items() if route.get("RouteResponseSelectionExpression") == "$default"}
    responses = {response["RouteId"]["Ref"] for response in deployed.properties("AWS::ApiGatewayV2::RouteResponse")}
    assert two_way == set(actions())
    assert {key for key, (logical_id, _) in routes.items() if logical_id in responses} == set(actions())


def test_the_other_routes_are_one_way(deployed: Synthesized) -> None:
    assert set(_routes(deployed)) - set(actions()) == {CONNECT_ROUTE, DISCONNECT_ROUTE, DEFAULT_ROUTE}


def test_a_message_is_routed_by_its_action(deployed: Synthesized) -> None:
    _, api = _api(deployed)
    assert api["RouteSelectionExpression"] == ROUTE_SELECTION == "$request.body.[2]"


def test_routes_lead_to_their_functions(deployed: Synthesized) -> None:
    behind = {key: _function_behind(deployed, route) for key, (_, route) in _routes(deployed).items()}
    assert behind == {
        CONNECT_ROUTE: "connect",
        DISCONNECT_ROUTE: "disconnect",
        DEFAULT_ROUTE: "message",
        **dict.fromkeys(actions(), "message"),
    }


def test_the_api_may_call_its_functions_by_one_permission_each(deployed: Synthesized) -> None:
    api_id, _ = _api(deployed)
    permissions = [
        flat(permission["FunctionName"])
        for permission in deployed.properties("AWS::Lambda::Permission")
        if flat(permission["SourceArn"]).endswith(f":<{api_id}>/prod/*")
    ]
    assert len(permissions) == len(set(permissions)) == 3


def test_the_stage_deploys_itself_throttles_and_keeps_an_access_log(deployed: Synthesized) -> None:
    (stage,) = [s for s in deployed.properties("AWS::ApiGatewayV2::Stage") if s["StageName"] == "prod"]
    assert stage["AutoDeploy"] is True
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] < 10_000
    assert json.loads(stage["AccessLogSettings"]["Format"])["connectionId"] == "$context.connectionId"


def test_the_log_role_of_the_account_is_left_alone_on_request(deployed: Synthesized, varied: Synthesized) -> None:
    assert deployed.only("AWS::ApiGateway::Account")["DeletionPolicy"] == "Retain"
    assert not varied.resources("AWS::ApiGateway::Account")
