import gzip
import json
import re
from base64 import b64decode
from typing import Any
from urllib.parse import urljoin

import pytest

import operator_api.handler
from csms.api.routing import all_endpoints
from csms.runtime import Runtime
from tests.lambda_operator import LambdaOperator
from tests.lambda_station import event

VERBS = {"get", "head", "post", "put", "patch", "delete"}
DOCUMENTED = [endpoint for endpoint in all_endpoints() if endpoint.is_documented]


@pytest.fixture
def document(csms: Runtime) -> dict[str, Any]:
    found: dict[str, Any] = LambdaOperator(None).get("/openapi.json").json
    return found


def test_every_endpoint_is_described_with_its_scope_and_problems(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    described = {
        (verb.upper(), re.sub(r"{(\w+)}", r"<\1>", path)): operation
        for path, operations in document["paths"].items()
        for verb, operation in operations.items()
        if verb in VERBS
    }
    assert described.keys() == {(each.method, each.path) for each in DOCUMENTED}
    for endpoint in DOCUMENTED:
        operation = described[endpoint.method, endpoint.path]
        assert operation["summary"]
        assert operation["security"] == ([{"accessToken": [endpoint.scope]}] if endpoint.scope else [])
        assert "application/problem+json" in operation["responses"]["default"]["content"]
        assert str(int(endpoint.status)) in operation["responses"]


@pytest.mark.parametrize("at", ["https://api.example", "https://ocpp.example/api"])
def test_paths_are_beside_the_document_wherever_it_is(document: dict[str, Any], at: str) -> None:
    (server,) = document["servers"]
    assert urljoin(f"{at}/openapi.json", server["url"]) == f"{at}/"


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert references
    assert references <= document["components"]["schemas"].keys()
    assert not {"HTTPValidationError", "ResponseValidationError"} & document["components"]["schemas"].keys()


def test_bounds_are_json_schema(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    voltage = schemas["SiteChanges"]["properties"]["voltageV"]
    assert (voltage["minimum"], voltage["maximum"]) == (100, 400)
    assert not re.findall(r'"[gl][et]": ', json.dumps(document))
    identity = schemas["NewChargePoint"]["properties"]["id"]["pattern"]
    assert [text for text in ("CP 1", "", "CP 1 ", "A#B") if re.search(identity, text)] == ["CP 1"]


def test_what_the_gateway_refuses_itself_is_described(document: dict[str, Any]) -> None:
    answers = document["paths"]["/charge-points"]["get"]["responses"]["401"]["content"]
    assert answers.keys() == {"application/json", "application/problem+json"}
    assert "401" not in document["paths"]["/health"]["get"]["responses"]
    assert document["paths"]["/docs"]["get"]["responses"]["200"]["content"].keys() == {"text/html"}


def test_names_are_in_camel_case(document: dict[str, Any]) -> None:
    names = {name for schema in document["components"]["schemas"].values() for name in schema.get("properties", ())} | {
        parameter["name"]
        for operations in document["paths"].values()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
    }
    assert {"chargePointVendor", "meterStart", "chargePointId", "from"} <= names
    assert not [name for name in names if "_" in name]


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for operations in document["paths"].values() for operation in operations.values()]
    assert len(ids) == len(set(ids))


def test_the_page_for_people_loads_nothing_from_elsewhere(csms: Runtime) -> None:
    answer = LambdaOperator(None).get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "SwaggerUIBundle(" in answer.text
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=", answer.text.partition("</head>")[0])
    assert not re.findall(r"<script[^>]+src=", answer.text)
    assert "/charge-points/{identity}" in answer.text


def test_a_client_that_takes_gzip_gets_it(csms: Runtime) -> None:
    request = event("http")
    request |= {"rawPath": "/docs"}
    request["headers"]["accept-encoding"] = "gzip, br"
    answer = operator_api.handler.lambda_handler(request, None)
    assert answer["headers"]["Content-Encoding"] == "gzip"
    assert len(answer["body"]) < 1_000_000
    assert b"swagger-ui" in gzip.decompress(b64decode(answer["body"]))


def test_health_asks_nothing_of_anybody(csms: Runtime) -> None:
    answer = LambdaOperator(None).get("/health")
    assert (answer.status, answer.json) == (200, {"status": "ok"})
