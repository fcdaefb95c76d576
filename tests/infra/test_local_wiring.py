"""What `local/` and the template both say is the same; the table is compared in test_state.py."""

import json

from csms.settings import Settings
from infra.definitions import DEFAULT_ROUTE
from local.access_token import granted_scopes
from local.environment import handler_environment
from local.gateway.routes import select_route
from tests.infra.synthesized import Synthesized


def test_the_local_gateway_routes_by_the_deployed_routes(deployed: Synthesized) -> None:
    keys = {route["RouteKey"] for route in deployed.properties("AWS::ApiGatewayV2::Route")}
    actions = {key for key in keys if not key.startswith("$") and " " not in key}
    assert {select_route(json.dumps([2, "1", action, {}]), actions) for action in actions} == actions
    for other in ([2, "1", "Unheard", {}], [3, "1", {}], [4, "1", "GenericError", "", {}], "Authorize"):
        assert select_route(json.dumps(other), actions) == DEFAULT_ROUTE


def test_the_local_token_carries_the_deployed_permissions(deployed: Synthesized) -> None:
    groups = {group["GroupName"] for group in deployed.properties("AWS::Cognito::UserPoolGroup")}
    assert set(granted_scopes("token", "token") or ()) == groups


def test_handlers_find_the_same_resources_in_their_environment(deployed: Synthesized) -> None:
    local = handler_environment("http://127.0.0.1:4566", "http://127.0.0.1:9000/local", "http://127.0.0.1:8080")
    resources = {
        "TABLE_NAME",
        "CALLBACK_URL",
        "PUBLIC_URL",
        "CALLS_QUEUE_URL",
        "CHARGING_PLAN_ARN",
        "BOUNDARIES_QUEUE_URL",
        "EVENTS_QUEUE_URL",
        "EVENT_BUS",
        "FILES_BUCKET",
        "SECRETS_KEY_ID",
        "STAGE",
    }
    for function in deployed.functions().values():
        assert resources <= set(function["Environment"]["Variables"]) & set(local)
    settings = Settings.model_validate({name.lower(): value for name, value in local.items()})
    assert settings.callback_url.endswith(f"/{settings.stage}")
