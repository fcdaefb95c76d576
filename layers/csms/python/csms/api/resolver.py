"""Powertools' resolver, taught what this API needs: identities with slashes, scopes, problem details.

API Gateway decodes `rawPath` (`%2F` arrives as `/`) and cuts it at a decoded `?`; a parameter therefore takes slashes
too, and the more specific path wins.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import ResponseBuilder, Route
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestUnsupportedContentType,
    RequestValidationError,
    ResponseValidationError,
)
from aws_lambda_powertools.event_handler.openapi.types import OpenAPIResponse
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from csms.api.bodies import parse_object, readable
from csms.api.problems import (
    Finding,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    UnsupportedMediaType,
    findings_of,
)
from csms.api.request import with_time_left
from csms.api.routing import Endpoint, all_endpoints, path_pattern
from csms.api.scopes import require
from csms.api.tokens import verified_claims
from csms.runtime import runtime
from csms.store.errors import InvalidCursor, KeyTooLong

_JSON_TYPES: Final = {"", "application/json"}
_IN_PARTS: Final = "multipart/"


class Resolver(APIGatewayHttpResolver):
    """Finds the endpoint of a request and calls it.

    Works on one request at a time and keeps it in itself, as Powertools does: threads need one resolver each.
    """

    def __init__(self) -> None:
        super().__init__(
            debug=False,
            enable_validation=True,
            response_validation_error_http_code=500,
            json_body_deserializer=parse_object,
        )
        self.endpoints: dict[tuple[str, str], Endpoint] = {}
        self._request: APIGatewayProxyEventV2 | None = None
        for endpoint in all_endpoints():
            self._add(endpoint)
        self.exception_handler(Problem)(Problem.response)
        self.exception_handler(RequestValidationError)(_invalid)
        self.exception_handler(RequestUnsupportedContentType)(_unsupported)
        self.exception_handler(InvalidCursor)(_invalid_cursor)
        self.exception_handler(KeyTooLong)(_too_long)
        self.exception_handler(ResponseValidationError)(_reraise)

    @property  # type: ignore[override]
    def current_event(self) -> APIGatewayProxyEventV2:
        """The request. Powertools itself keeps it in a variable of the class, which threads would share."""
        if self._request is None:
            raise LookupError("no request")
        return self._request

    @current_event.setter
    def current_event(self, event: APIGatewayProxyEventV2) -> None:
        self._request = event

    def resolve(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Answer one request."""
        try:
            request = readable(dict(event), has_bytes=self._takes_bytes(event))
            return super().resolve(with_time_left(request, context), context)
        except Problem as problem:  # before there was a route
            return problem.answer()

    def _takes_bytes(self, event: Mapping[str, Any]) -> bool:
        method, path = event["requestContext"]["http"]["method"], event["rawPath"]
        return any(
            self.endpoints[route.method, route.path].takes_bytes
            for route in self._dynamic_routes
            if route.method == method and route.rule.match(path)
        )

    def _add(self, endpoint: Endpoint) -> None:
        self.endpoints[endpoint.method, endpoint.path] = endpoint
        self.route(
            endpoint.path,
            endpoint.method,
            compress=endpoint.compress,
            summary=endpoint.summary,
            description=endpoint.description or None,
            tags=[endpoint.tag],
            responses=_responses(endpoint),
            operation_id=endpoint.function.__name__,
            include_in_schema=endpoint.is_documented,
            status_code=int(endpoint.status),
        )(endpoint.function)

    def _to_proxy_event(self, event: dict[str, Any]) -> APIGatewayProxyEventV2:
        self.current_event = APIGatewayProxyEventV2(event, self._json_body_deserializer)
        return self.current_event

    @staticmethod
    def _compile_regex(rule: str, base_regex: str = r"\A{}\Z") -> re.Pattern[str]:
        return re.compile(base_regex.format(path_pattern(rule).pattern), re.DOTALL)

    def _call_route(self, route: Route, route_arguments: dict[str, str]) -> ResponseBuilder[Any]:
        """Ask for the scope before anything of the request is looked at."""
        try:
            self._admit(route)
        except Problem as problem:
            return self._response_builder_class(problem.response(), self._serializer, route)
        return super()._call_route(route, route_arguments)

    def _admit(self, route: Route) -> None:
        endpoint = self.endpoints[route.method, route.path]
        event = self.current_event
        if endpoint.scope is not None:
            require(endpoint.scope, verified_claims(event.raw_event), runtime().settings.permissions_claim)
        reads_json = endpoint.reads is not None or bool(route.dependant.body_params)
        content_type = event.headers["content-type"]
        has_type = bool(event.body) or content_type.startswith(_IN_PARTS)  # an empty one has no parts either
        if has_type and reads_json and content_type not in _JSON_TYPES:
            raise UnsupportedMediaType("application/json is expected")

    def _handle_not_found(self, method: str, path: str) -> ResponseBuilder[Any]:
        allowed = {route.method for route in self._static_routes + self._dynamic_routes if route.rule.match(path)}
        problem = MethodNotAllowed(sorted(allowed)) if allowed else NotFound(f"there is nothing to {method} here")
        return self._response_builder_class(problem.response(), self._serializer)


def _responses(endpoint: Endpoint) -> dict[int, OpenAPIResponse] | None:
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status, content in endpoint.answers.items()
    } or None


def _invalid(error: RequestValidationError) -> Response[str]:
    return InvalidRequest(*findings_of(error.errors())).response()


def _unsupported(error: RequestUnsupportedContentType) -> Response[str]:  # noqa: ARG001
    return UnsupportedMediaType("application/json is expected").response()


def _invalid_cursor(error: InvalidCursor) -> Response[str]:
    return InvalidRequest(Finding("cursor", str(error))).response()


def _too_long(error: KeyTooLong) -> Response[str]:
    return InvalidRequest(Finding("body", f"what it names is {error}")).response()


def _reraise(error: ResponseValidationError) -> Response[str]:
    """An answer that does not fit its own description is our mistake."""
    raise error
