import json
import re
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import operator_api.handler
from csms.api.routing import all_endpoints
from csms.runtime import Runtime
from tests.lambda_operator import LambdaOperator, claims_of
from tests.lambda_station import event

WITH_BODY = [
    *("/charge-points", "/charge-points/CP001/credentials", "/transactions/CP001/1/close", "/orphans/x/assign"),
    *("/sites", "/charging-plans", "/charging-plans/preview", "/charging-plans/x/stop"),
]
OTHER_TYPES = [
    *("text/plain", "application/xml", "application/jsonp", "text/csv", "image/png", "application/octet-stream"),
    *("application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x"),
]
JSON_TYPES = ["application/json", "Application/JSON; charset=UTF-8", "application/json;x=y", "", ";"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
TEXT = st.text() | st.sampled_from(
    ["\ud800", "\x00", "%", "%%41", "%ZZ", "..", "/", "//", "a/../b", "\U0001f600", "1" * 5000]
)
FIELDS = st.sampled_from(
    ["id", "idTag", "status", "password", "reason", "transactionId", "meterStop", "dismiss", "expiryDate", "groups"]
)


@pytest.mark.parametrize("path", WITH_BODY)
def test_a_body_that_is_no_json_is_malformed(csms: Runtime, admin: LambdaOperator, path: str) -> None:
    for body in ("{", "{'a': 1}", '{"a": NaN}', '{"a": 1e999}', '{"a": "\\ud800"}', "{" * 100_000, '{"a":' * 100_000):
        assert admin.send("POST", path, body=body).status == 400, body[:20]


@pytest.mark.parametrize("path", WITH_BODY)
def test_a_body_that_is_no_object_is_refused(csms: Runtime, admin: LambdaOperator, path: str) -> None:
    for body in ("[]", "[{}]", "1", '"x"', "null", "true"):
        assert admin.send("POST", path, body=body).fields.keys() == {"body"}, body


@pytest.mark.parametrize("path", WITH_BODY)
def test_a_body_of_another_type_is_refused(csms: Runtime, admin: LambdaOperator, path: str) -> None:
    for content_type in OTHER_TYPES:
        answer = admin.send("POST", path, body="{}", headers={"content-type": content_type})
        assert answer.status == 415, content_type


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_no_body_in_parts_is_refused(csms: Runtime, admin: LambdaOperator, content_type: str) -> None:
    for body in ("", None):
        answer = admin.send("POST", "/charge-points", body=body, headers={"content-type": content_type})
        assert answer.status == 415


@pytest.mark.parametrize("name", ["content-type", "Content-Type"])
def test_json_is_read_however_it_is_announced(csms: Runtime, name: str) -> None:
    for number, content_type in enumerate(JSON_TYPES):
        request = event("http")
        request["requestContext"]["http"]["method"] = "POST"
        body = json.dumps({"id": f"CP{number}", "securityProfile": 0})
        request |= {"body": body, "headers": {name: content_type}}
        assert operator_api.handler.lambda_handler(request, None)["statusCode"] == 201, content_type


def test_an_object_in_base64_is_read(csms: Runtime, admin: LambdaOperator) -> None:
    assert admin.send("POST", "/charge-points", body="eyJpZCI6IkNQMSJ9", is_base64=True).status == 201


@pytest.mark.parametrize("body", ["*", "a", "//8="])
def test_a_body_that_is_no_text_is_malformed(csms: Runtime, admin: LambdaOperator, body: str) -> None:
    assert admin.send("POST", "/charge-points", body=body, is_base64=True).status == 400


@pytest.mark.parametrize("seconds", [1893456000, "1893456000"])
def test_seconds_are_no_moment(csms: Runtime, admin: LambdaOperator, seconds: int | str) -> None:
    answer = admin.post("/id-tags", {"idTag": "T", "status": "Accepted", "expiryDate": seconds})
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "expiryDate")
    admin.post("/charge-points", {"id": "CP"})
    assert admin.get("/charge-points/CP/messages", day=str(seconds)).status == 422
    assert admin.get("/charge-points/CP/messages", day="2030-01-01").status == 200


def test_other_paths_lead_nowhere(csms: Runtime, admin: LambdaOperator) -> None:
    for path in ("/", "", "/nothing", "/charge-points/", "/charge-points//x", "/health/x", "/id-tags/"):
        assert admin.get(path).status == 404, path


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/charge-points", "GET, POST"),
        ("POST", "/charge-points/CP001", "DELETE, GET, PATCH"),
        ("OPTIONS", "/health", "GET"),
        ("HEAD", "/orphans", "GET"),
        ("BREW", "/id-tags", "GET, POST"),
        ("get", "/docs", None),
    ],
)
def test_a_method_that_a_path_does_not_take_is_answered_with_those_it_does(
    csms: Runtime, admin: LambdaOperator, method: str, path: str, allowed: str | None
) -> None:
    answer = admin.send(method, path)
    assert answer.headers.get("allow") == allowed
    assert answer.status == (405 if allowed else 200)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_request_ends_in_a_server_error(csms: Runtime, data: st.DataObject) -> None:
    endpoint = data.draw(st.sampled_from(all_endpoints()))
    path = endpoint.path
    for name in re.findall(r"<\w+>", path):
        path = path.replace(name, data.draw(TEXT | st.just("1")))
    body = data.draw(st.none() | st.dictionaries(FIELDS | st.text(), ANYTHING, max_size=4) | ANYTHING)
    window = {"from": "2026-03-05T00:00:00Z", "to": "2026-03-05T01:00:00Z"}
    query = window | data.draw(
        st.dictionaries(st.sampled_from(["limit", "cursor", "idTag", "state", "day", "to", "wait", "force"]), TEXT)
    )
    request = event("http")
    request |= {"rawPath": path, "rawQueryString": "", "queryStringParameters": query}
    request["requestContext"]["http"] |= {"method": endpoint.method, "path": path}
    request["requestContext"]["authorizer"]["jwt"]["claims"] = claims_of("admin")
    request["headers"]["accept"] = data.draw(st.sampled_from(["*/*", "text/csv"]))
    if body is not None:
        request["body"] = json.dumps(body)
        request["headers"]["content-type"] = data.draw(st.sampled_from(["application/json", "text/csv"]))

    answer = operator_api.handler.lambda_handler(request, None)

    assert answer["statusCode"] < 500, answer["body"]


def test_requests_at_the_same_time_do_not_see_each_other(csms: Runtime) -> None:
    answers: dict[str, Any] = {}
    start = threading.Barrier(4)

    def work(name: str) -> None:
        operator = LambdaOperator(claims_of("admin"))
        start.wait(timeout=10)
        answers[name] = [operator.get(f"/id-tags/{name}{number}").json["detail"] for number in range(20)]

    threads = [threading.Thread(target=work, args=(name,)) for name in "ABCD"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {name: [f"there is no id tag {name}{number}" for number in range(20)] for name in "ABCD"}
