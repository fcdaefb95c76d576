"""A stand-in for API Gateway's HTTP API with its JWT authorizer, in front of the `operator_api` function.

The development token (`local.access_token`) takes the place of an access token; its claims are what Cognito's would be.
"""

import base64
import json
import re
import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from infra.definitions import GUARDED_ROUTE
from local.access_token import granted_scopes
from local.function import FunctionError, InvocationTimeoutError, LambdaFunction
from local.ids import short_id

BODY_LIMIT_BYTES: Final = 10 * 1024 * 1024
INVOCATION_LIMIT_BYTES: Final = 6 * 1024 * 1024
"""What Lambda takes and gives back, where anything that is no text is in base64."""
INTEGRATION_TIMEOUT_S: Final = 30
_API_ID: Final = "local"
_TEXT_TYPES: Final = ("text/", "application/json", "application/xml", "application/javascript")

Claims = dict[str, str]


class HttpApi:
    """An HTTP API: one function behind every route, all of them guarded by the authorizer but the open ones."""

    def __init__(self, function: LambdaFunction, token: str, open_routes: Collection[str]) -> None:
        self._function = function
        self._token = token
        self._open_routes = {key: _route_pattern(key) for key in open_routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry point."""
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        route_key, claims = self._open_route(request), None
        if route_key is None:
            route_key, claims = GUARDED_ROUTE, _claims(request.headers.get("authorization", ""), self._token)
            if claims is None:
                return JSONResponse({"message": "Unauthorized"}, 401, headers={"www-authenticate": "Bearer"})
        body = await _read(request)
        event = _event(request, route_key, body, claims) if body is not None else None
        if event is None or len(event.get("body", "")) > INVOCATION_LIMIT_BYTES:
            return JSONResponse({"message": "Request Entity Too Large"}, 413)
        try:
            answer = await self._function.invoke(event, INTEGRATION_TIMEOUT_S)
            return _response(answer)
        except InvocationTimeoutError:
            return JSONResponse({"message": "Service Unavailable"}, 503)
        except (FunctionError, MalformedAnswerError):
            return JSONResponse({"message": "Internal Server Error"}, 500)

    def _open_route(self, request: Request) -> str | None:
        """The key of the open route that the request takes; None if it takes another one."""
        asked = f"{request.method} {request.url.path}"
        return next((key for key, pattern in self._open_routes.items() if pattern.fullmatch(asked)), None)


class MalformedAnswerError(Exception):
    """A handler's answer that API Gateway would not understand."""


def _route_pattern(key: str) -> re.Pattern[str]:
    """What a route takes: `ANY` is any method, `{name+}` the rest of the path."""
    method, path = key.split()
    rest = re.sub(r"\\{\w+\\\+\\}", ".+", re.escape(path))
    return re.compile(f"{'[A-Z]+' if method == 'ANY' else method} {rest}", re.DOTALL)


def _claims(authorization: str, token: str) -> Claims | None:
    scheme, _, presented = authorization.rpartition(" ")
    scopes = granted_scopes(presented, token) if scheme.lower() in {"bearer", ""} else None
    if scopes is None:
        return None
    now = int(time.time())
    return {
        "sub": "local-developer",
        "username": "local-developer",
        "client_id": "local",
        "token_use": "access",
        "scope": " ".join(scopes),
        "iat": str(now),
        "exp": str(now + 3600),
    }


async def _read(request: Request) -> bytes | None:
    """The body; None if it is longer than the API takes."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_LIMIT_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _event(request: Request, route_key: str, body: bytes, claims: Claims | None) -> dict[str, Any]:
    """The payload of format 2.0. The path arrives decoded, and cut at a decoded `?`, as from the real one."""
    path = unquote(request.scope["raw_path"].decode()).partition("?")[0]
    query = request.scope["query_string"].decode()
    headers = _joined((name.decode(), value.decode("latin-1")) for name, value in request.scope["headers"])
    cookies = headers.pop("cookie", None)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": _context(request, route_key, path, headers, claims),
        "isBase64Encoded": False,
    }
    if cookies is not None:
        event["cookies"] = cookies.replace(",", ";").split("; ")
    if query:
        event["queryStringParameters"] = _joined(parse_qsl(query, keep_blank_values=True))
    if body:
        event["body"], event["isBase64Encoded"] = _encoded(body, headers.get("content-type", ""))
    return event


def _context(
    request: Request, route_key: str, path: str, headers: Mapping[str, str], claims: Claims | None
) -> dict[str, Any]:
    now = time.time()
    domain = headers.get("host", "")
    context: dict[str, Any] = {
        "accountId": "000000000000",
        "apiId": _API_ID,
        "domainName": domain,
        "domainPrefix": domain.split(".")[0],
        "http": {
            "method": request.method,
            "path": path,
            "protocol": f"HTTP/{request.scope['http_version']}",
            "sourceIp": request.client.host if request.client else "",
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": short_id(),
        "routeKey": route_key,
        "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "timeEpoch": int(now * 1000),
    }
    if claims is not None:
        context["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    return context


def _joined(pairs: Any) -> dict[str, str]:
    """Repeated names as one value with commas."""
    values: dict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        values[name].append(value)
    return {name: ",".join(all_values) for name, all_values in values.items()}


def _encoded(body: bytes, content_type: str) -> tuple[str, bool]:
    """The body as the event carries it: text as it is, everything else in base64."""
    if content_type.lower().startswith(_TEXT_TYPES):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def _check_size(answer: dict[str, Any]) -> None:
    """What counts is the answer as a whole, as Lambda's runtime writes it."""
    try:
        written = json.dumps(answer, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise MalformedAnswerError from error
    if len(written) > INVOCATION_LIMIT_BYTES:
        raise MalformedAnswerError


def _response(answer: object) -> Response:
    if not isinstance(answer, dict) or not isinstance(answer.get("statusCode"), int):
        raise MalformedAnswerError
    _check_size(answer)
    body = answer.get("body") or ""
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    response = Response(content, answer["statusCode"], headers=answer.get("headers") or {})
    for cookie in answer.get("cookies") or ():
        response.headers.append("set-cookie", cookie)
    if "content-type" not in response.headers and content:
        response.headers["content-type"] = "text/plain;charset=UTF-8"
    return response
