"""An operator whose requests go straight into the function as API Gateway would put them."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlencode

import operator_api.handler
from local.http_api import INVOCATION_LIMIT_BYTES
from tests.lambda_station import NOON, event

Claims = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What API Gateway gets back."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def fields(self) -> dict[str, str]:
        """The findings of a 422: reason by field."""
        assert self.status == 422, self.text
        return {finding["field"]: finding["reason"] for finding in self.json["errors"]}


@dataclass(frozen=True)
class Context:
    """What the function asks of the Lambda service."""

    time_left: timedelta

    def get_remaining_time_in_millis(self) -> int:
        """A whole number, as Lambda has it."""
        return int(self.time_left.total_seconds() * 1000)


@dataclass
class LambdaOperator:
    """Somebody with a token. `now` is when API Gateway receives the next request."""

    claims: Claims | None
    now: datetime = NOON
    decodes_path: bool = True
    """As HTTP APIs do; Function URLs and other front ends do not."""
    time_left: timedelta = timedelta(seconds=28)
    """How long the function may take."""

    def get(self, path: str, **query: Any) -> Answer:
        return self.send("GET", path, query=urlencode(query))

    def post(self, path: str, body: Any = None) -> Answer:
        return self.send("POST", path, body=_json(body))

    def put(self, path: str, body: Any) -> Answer:
        return self.send("PUT", path, body=_json(body))

    def patch(self, path: str, body: Any) -> Answer:
        return self.send("PATCH", path, body=_json(body))

    def delete(self, path: str, **query: Any) -> Answer:
        return self.send("DELETE", path, query=urlencode(query))

    def send(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: str | None = None,
        headers: dict[str, str] | None = None,
        is_base64: bool = False,
        parameters: dict[str, str] | None = None,
    ) -> Answer:
        """Any request; `path` is percent-encoded as a client sends it."""
        request = event("http")
        raw_path = unquote(path).partition("?")[0] if self.decodes_path else path
        request |= {"rawPath": raw_path, "rawQueryString": query, "isBase64Encoded": is_base64}
        request["requestContext"]["http"] |= {"method": method, "path": raw_path}
        request["requestContext"]["timeEpoch"] = int(self.now.timestamp() * 1000)
        if self.claims is None:
            del request["requestContext"]["authorizer"]
        else:
            request["requestContext"]["authorizer"]["jwt"]["claims"] = self.claims
        parsed = _parameters(query) if parameters is None else parameters
        if parsed:
            request["queryStringParameters"] = parsed
        if body is not None:
            request["body"] = body
            request["headers"]["content-type"] = "application/json"
        request["headers"] |= headers or {}
        return _answer(operator_api.handler.lambda_handler(request, Context(self.time_left)))

    def items(self, path: str, **query: Any) -> list[Any]:
        """A whole list, page after page."""
        items: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, **query, **cursor)
            assert page.status == 200, page.text
            items += page.json["items"]
            if page.json["cursor"] is None:
                return items
            cursor = {"cursor": page.json["cursor"]}


def claims_of(*groups: str, **others: Any) -> Claims:
    """Claims of a person in these groups of the user pool."""
    claims: Claims = event("http")["requestContext"]["authorizer"]["jwt"]["claims"]
    return claims | {"cognito:groups": f"[{' '.join(groups)}]"} | others


def _json(body: Any) -> str | None:
    return None if body is None else json.dumps(body)


def _parameters(query: str) -> dict[str, str]:
    """Repeated names are joined by commas, as API Gateway does."""
    joined: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        decoded = unquote(value.replace("+", " "))
        joined[name] = f"{joined[name]},{decoded}" if name in joined else decoded
    return joined


def _answer(response: dict[str, Any]) -> Answer:
    assert isinstance(response["statusCode"], int)
    assert len(json.dumps(response, ensure_ascii=False).encode()) <= INVOCATION_LIMIT_BYTES
    body = response["body"] or ""
    text = base64.b64decode(body).decode("latin-1") if response["isBase64Encoded"] else body
    headers = {name.lower(): value for name, value in response["headers"].items()}
    if response["statusCode"] >= 400:
        problem = json.loads(text)
        assert headers["content-type"] == "application/problem+json"
        assert problem["status"] == response["statusCode"]
        assert problem.keys() >= {"type", "title", "status", "detail"}
        assert "Traceback" not in text
    return Answer(response["statusCode"], headers, text)
