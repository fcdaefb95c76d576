import pytest

from csms.api.routing import Endpoint, all_endpoints
from csms.api.scopes import Scope
from csms.runtime import Runtime
from csms.v16.operations import operations
from tests.lambda_operator import LambdaOperator, claims_of

ORDER: list[str | None] = [None, *Scope]
PASSED = {200, 400, 404, 422}
"""The requests of this table are empty ones."""
DECLARED: dict[tuple[str, str], str | None] = {
    ("GET", "/charge-points"): "read",
    ("POST", "/charge-points"): "admin",
    ("GET", "/charge-points/<identity>"): "read",
    ("PATCH", "/charge-points/<identity>"): "admin",
    ("DELETE", "/charge-points/<identity>"): "admin",
    ("PUT", "/charge-points/<identity>/registration"): "admin",
    ("PUT", "/charge-points/<identity>/quiet"): "admin",
    ("POST", "/charge-points/<identity>/credentials"): "admin",
    **{("POST", f"/charge-points/<identity>/commands/{action}"): "operate" for action in operations()},
    ("POST", "/charge-points/<identity>/commands/<command>"): "operate",
    ("GET", "/charge-points/<identity>/commands"): "read",
    ("DELETE", "/charge-points/<identity>/commands"): "operate",
    ("GET", "/charge-points/<identity>/commands/<command>"): "read",
    ("DELETE", "/charge-points/<identity>/commands/<command>"): "operate",
    ("POST", "/commands"): "operate",
    ("GET", "/bulk/<bulk>"): "read",
    ("GET", "/charge-points/<identity>/connectors"): "read",
    ("GET", "/charge-points/<identity>/status-history"): "read",
    ("GET", "/charge-points/<identity>/sessions"): "read",
    ("GET", "/charge-points/<identity>/messages"): "read",
    ("GET", "/charge-points/<identity>/security-events"): "read",
    ("GET", "/charge-points/<identity>/notices"): "read",
    ("GET", "/charge-points/<identity>/capabilities"): "read",
    ("PATCH", "/charge-points/<identity>/capabilities"): "admin",
    ("GET", "/charge-points/<identity>/configuration"): "read",
    ("GET", "/charge-points/<identity>/desired-configuration"): "read",
    ("PUT", "/charge-points/<identity>/desired-configuration"): "operate",
    ("GET", "/models/<vendor>/<model>"): "read",
    ("PUT", "/models/<vendor>/<model>"): "admin",
    ("GET", "/charge-points/<identity>/reservations"): "read",
    ("GET", "/charge-points/<identity>/local-list"): "read",
    ("POST", "/charge-points/<identity>/local-list/sync"): "operate",
    ("POST", "/local-lists/sync"): "operate",
    ("GET", "/charge-points/<identity>/charging-profiles"): "read",
    ("GET", "/charge-points/<identity>/composite-schedule"): "read",
    ("POST", "/charge-points/<identity>/composite-schedule"): "operate",
    ("GET", "/reservations"): "read",
    ("GET", "/connection-attempts"): "read",
    ("GET", "/transactions"): "read",
    ("GET", "/transactions/<identity>/<transaction>"): "read",
    ("GET", "/transactions/<identity>/<transaction>/meter-values"): "read",
    ("POST", "/transactions/<identity>/<transaction>/close"): "operate",
    ("GET", "/orphans"): "read",
    ("GET", "/orphans/<orphan>"): "read",
    ("POST", "/orphans/<orphan>/assign"): "operate",
    ("GET", "/id-tags"): "read",
    ("POST", "/id-tags"): "operate",
    ("GET", "/id-tags/<tag>"): "read",
    ("PATCH", "/id-tags/<tag>"): "operate",
    ("DELETE", "/id-tags/<tag>"): "operate",
    ("GET", "/firmware"): "read",
    ("POST", "/firmware"): "operate",
    ("GET", "/firmware/<image>"): "read",
    ("DELETE", "/firmware/<image>"): "operate",
    ("GET", "/charge-points/<identity>/firmware-updates"): "read",
    ("DELETE", "/charge-points/<identity>/firmware-updates/<call>"): "operate",
    ("GET", "/charge-points/<identity>/diagnostics"): "read",
    ("GET", "/charge-points/<identity>/diagnostics/<call>/files"): "read",
    ("DELETE", "/charge-points/<identity>/diagnostics/<call>"): "operate",
    ("GET", "/sites"): "read",
    ("POST", "/sites"): "admin",
    ("GET", "/sites/<site>"): "read",
    ("PATCH", "/sites/<site>"): "admin",
    ("DELETE", "/sites/<site>"): "admin",
    ("GET", "/sites/<site>/charge-points"): "read",
    ("PUT", "/sites/<site>/charge-points/<identity>"): "admin",
    ("DELETE", "/sites/<site>/charge-points/<identity>"): "admin",
    ("GET", "/charging-plans"): "read",
    ("POST", "/charging-plans"): "admin",
    ("POST", "/charging-plans/preview"): "read",
    ("GET", "/charging-plans/<plan>"): "read",
    ("GET", "/charging-plans/<plan>/chart"): "read",
    ("DELETE", "/charging-plans/<plan>"): "admin",
    ("POST", "/charging-plans/<plan>/pause"): "operate",
    ("POST", "/charging-plans/<plan>/resume"): "operate",
    ("POST", "/charging-plans/<plan>/stop"): "operate",
    ("GET", "/f/<link>"): None,
    ("HEAD", "/f/<link>"): None,
    ("PUT", "/u/<link>"): None,
    ("POST", "/u/<link>"): None,
    ("GET", "/health"): None,
    ("GET", "/openapi.json"): None,
    ("GET", "/docs"): None,
}


def ask(endpoint: Endpoint, operator: LambdaOperator) -> int:
    path = endpoint.path.replace("<identity>", "NOBODY").replace("<transaction>", "1").replace("<", "").replace(">", "")
    return operator.send(endpoint.method, path, query="from=2026-03-05T00:00:00Z&to=2026-03-05T01:00:00Z").status


def test_every_endpoint_asks_for_the_scope_that_was_decided() -> None:
    assert {(each.method, each.path): each.scope for each in all_endpoints()} == DECLARED


@pytest.mark.parametrize("held", ORDER)
def test_a_caller_passes_with_the_scope_or_more(csms: Runtime, held: Scope | None) -> None:
    operator = LambdaOperator(claims_of(held) if held else claims_of("auditors"))

    passed = {(each.method, each.path) for each in all_endpoints() if ask(each, operator) in PASSED}
    refused = {(each.method, each.path) for each in all_endpoints() if ask(each, operator) == 403}

    assert passed == {key for key, scope in DECLARED.items() if ORDER.index(held) >= ORDER.index(scope)}
    assert refused == DECLARED.keys() - passed


def test_without_claims_only_the_open_routes_answer(csms: Runtime) -> None:
    nobody = LambdaOperator(None)
    statuses = {(each.method, each.path): ask(each, nobody) for each in all_endpoints()}
    open_routes = {key: 404 if "<" in key[1] else 200 for key, scope in DECLARED.items() if scope is None}
    assert statuses == dict.fromkeys(DECLARED, 401) | open_routes


def test_an_id_token_is_no_access_token(csms: Runtime) -> None:
    answer = LambdaOperator(claims_of("admin", token_use="id")).get("/charge-points")
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_machine_comes_with_the_scopes_of_our_resource_server(csms: Runtime) -> None:
    claims = {"sub": "m2m", "client_id": "m2m", "token_use": "access", "scope": "csms/read"}
    assert LambdaOperator(claims).get("/charge-points").status == 200
    assert LambdaOperator(claims).post("/charge-points", {"id": "CP1"}).status == 403


def test_the_scope_is_asked_for_before_the_request_is_looked_at(csms: Runtime) -> None:
    reader = LambdaOperator(claims_of("read"))
    assert reader.send("POST", "/charge-points", body="{").status == 403
