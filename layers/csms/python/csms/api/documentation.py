"""The OpenAPI document: Powertools' own, with this API's problems and scopes in place of its defaults."""

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from csms.api.problems import MEDIA_TYPE
from csms.api.scopes import Scope

if TYPE_CHECKING:
    from csms.api.resolver import Resolver
    from csms.api.routing import Endpoint

TITLE: Final = "Serverless CSMS: operator API"
VERSION: Final = "1"
_DESCRIPTION: Final = """Charge points speaking OCPP 1.6-J and what they charge. Names are those of the specification.

Errors are problem details (RFC 9457). Lists come in pages: hand `cursor` back until it is null.
The scope `admin` includes `operate`, which includes `read`. Percent-encode identities and id tags in paths; one that
holds a literal `?` or looks percent-encoded itself is encoded twice."""
_PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "The fields that are wrong (422).",
            "items": {
                "type": "object",
                "required": ["field", "reason"],
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}
_NOT_OURS: Final = ("HTTPValidationError", "ValidationError", "ResponseValidationError")
_SECURITY: Final = "accessToken"


def openapi_document(resolver: "Resolver") -> dict[str, Any]:
    """The description of every endpoint the resolver has."""
    document: dict[str, Any] = json.loads(
        resolver.get_openapi_json_schema(title=TITLE, version=VERSION, description=_DESCRIPTION)
    )
    for endpoint in resolver.endpoints.values():
        path = re.sub(r"<(\w+)>", r"{\1}", endpoint.path)
        _complete(document["paths"][path][endpoint.method.lower()], endpoint)
    components = document["components"]
    for name in _NOT_OURS:
        components["schemas"].pop(name, None)
    components["schemas"]["Problem"] = _PROBLEM
    components["securitySchemes"] = {
        _SECURITY: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": f"An access token with one of the scopes or groups {', '.join(Scope)}.",
        }
    }
    return document


def _complete(operation: dict[str, Any], endpoint: "Endpoint") -> None:
    responses = {
        status: response for status, response in operation["responses"].items() if status not in {"422", "500"}
    }
    if endpoint.status is HTTPStatus.NO_CONTENT:
        responses = {"204": {"description": "Done"}}
    operation["responses"] = {
        **responses,
        "default": {
            "description": "A problem",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        },
    }
    operation["security"] = [{_SECURITY: [endpoint.scope.value]}] if endpoint.scope else []
    if endpoint.takes:
        operation["requestBody"] = {"required": True, "content": endpoint.takes}
