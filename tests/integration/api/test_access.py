import pytest

from csms.api.routing import Endpoint, all_endpoints
from csms.runtime import Runtime
from tests.api_scopes import PAGE, PASSES, TOKENS, cell, page
from tests.lambda_operator import LambdaOperator, claims_of


def ask(endpoint: Endpoint, operator: LambdaOperator) -> int:
    """The status of an empty request."""
    path = endpoint.path.replace("<identity>", "NOBODY").replace("<transaction>", "1").replace("<", "").replace(">", "")
    return operator.send(endpoint.method, path, query="from=2026-03-05T00:00:00Z&to=2026-03-05T01:00:00Z").status


def test_the_table_of_routes_and_scopes_is_the_one_that_was_decided() -> None:
    assert PAGE.read_text() == page(), "look at what has changed, then: python -m tests.api_scopes"


@pytest.mark.parametrize("token", TOKENS)
def test_every_route_takes_the_tokens_of_the_table_and_no_others(csms: Runtime, token: str) -> None:
    claims = TOKENS[token]
    operator = LambdaOperator(claims if claims is None else {**claims_of(), **claims})

    answered = {(each.method, each.path): ask(each, operator) for each in all_endpoints()}

    refused = {key: str(status) for key, status in answered.items() if status in {401, 403}}
    expected = {(each.method, each.path): cell(each, token) for each in all_endpoints()}
    assert refused == {key: outcome for key, outcome in expected.items() if outcome != PASSES}
    assert max(answered.values()) < 500


def test_without_a_token_what_is_open_is_found(csms: Runtime) -> None:
    nobody = LambdaOperator(None)
    assert {path: nobody.get(path).status for path in ("/health", "/openapi.json", "/docs")} == {
        "/health": 200,
        "/openapi.json": 200,
        "/docs": 200,
    }


@pytest.mark.parametrize("path", ["/f/../charge-points", "/f//charge-points", "//charge-points", "/f/x/../../id-tags"])
def test_an_open_route_leads_nowhere_else(csms: Runtime, path: str) -> None:
    assert LambdaOperator(None).get(path).status in {401, 404}


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
