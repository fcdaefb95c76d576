"""The OpenAPI document: Powertools' own, with this API's problems and scopes in place of its defaults."""

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic.json_schema import models_json_schema

from csms.api.problems import MEDIA_TYPE
from csms.api.scopes import Scope

if TYPE_CHECKING:
    from csms.api.resolver import Resolver
    from csms.api.routing import Endpoint

TITLE: Final = "Serverless CSMS: operator API"
VERSION: Final = "1"
_DESCRIPTION: Final = """Charge points speaking OCPP 1.6-J and what they charge. Names are those of the specification.

Errors are problem details (RFC 9457). Lists come in pages: hand `cursor` back until it is null.
The scope `admin` includes `operate`, which includes `read`: `operate` commands charge points, also with `force`;
`admin` decides which there are, on their passwords and quiet mode. Percent-encode identities and id tags in paths;
one that holds a literal `?` or looks percent-encoded itself is encoded twice."""
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
_GATEWAY_MESSAGE: Final[dict[str, Any]] = {
    "title": "GatewayMessage",
    "type": "object",
    "required": ["message"],
    "properties": {"message": {"type": "string"}},
}
_NO_TOKEN: Final[dict[str, Any]] = {
    "description": "No access token of this API. Of most API Gateway says so itself, in its own words",
    "content": {
        MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}},
        "application/json": {"schema": {"$ref": "#/components/schemas/GatewayMessage"}},
    },
}
_KEYWORDS: Final = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
"""JSON Schema's names of what pydantic calls by its own wherever it did not look behind a validator."""
_BEFORE_A_QUERY: Final = r"^[^?]+$"
"""API Gateway hands over decoded paths: what follows a question mark is not part of them."""
_NOT_OURS: Final = ("HTTPValidationError", "ValidationError", "ResponseValidationError")
_SECURITY: Final = "accessToken"


def openapi_document(resolver: "Resolver") -> dict[str, Any]:
    """The description of every endpoint the resolver has."""
    document: dict[str, Any] = json.loads(
        resolver.get_openapi_json_schema(title=TITLE, version=VERSION, description=_DESCRIPTION)
    )
    document["servers"] = [{"url": "."}]  # beside this document, also where that is at `/api` of a distribution
    documented = [endpoint for endpoint in resolver.endpoints.values() if endpoint.is_documented]
    for endpoint in documented:
        path = re.sub(r"<(\w+)>", r"{\1}", endpoint.path)
        _complete(document["paths"][path][endpoint.method.lower()], endpoint)
    components = document["components"]
    _add_bodies(document, documented)
    for name in _NOT_OURS:
        components["schemas"].pop(name, None)
    components["schemas"] |= {"Problem": _PROBLEM, "GatewayMessage": _GATEWAY_MESSAGE}
    components["securitySchemes"] = {
        _SECURITY: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": f"An access token with one of the scopes or groups {', '.join(Scope)}.",
        }
    }
    return cast("dict[str, Any]", _in_json_schema(document))


def _in_json_schema(part: Any) -> Any:
    """A part of the document with bounds by their proper names, and tuples of one type as the arrays they are."""
    if isinstance(part, list):
        return [_in_json_schema(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    written = {_KEYWORDS.get(name, name): _in_json_schema(inner) for name, inner in part.items()}
    first, *others = written.get("prefixItems") or [None]
    if first and all(other == first for other in others):
        written["items"] = written.pop("prefixItems")[0]
    return written


def _add_bodies(document: dict[str, Any], endpoints: list["Endpoint"]) -> None:
    """Describe the bodies that functions read themselves; a name that is shared is told apart."""
    models = [endpoint.reads for endpoint in endpoints if endpoint.reads]
    references, definitions = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas = definitions.get("$defs", {})
    for endpoint in endpoints:
        if endpoint.reads:
            reference = references[endpoint.reads, "validation"]
            for name in endpoint.fills:
                _make_optional(reference, name.split("."), schemas)
            path = re.sub(r"<(\w+)>", r"{\1}", endpoint.path)
            operation = document["paths"][path][endpoint.method.lower()]
            operation["requestBody"] = {"content": {"application/json": {"schema": reference}}}
    document["components"]["schemas"].update(schemas)


def _make_optional(reference: dict[str, Any], path: list[str], schemas: dict[str, Any]) -> None:
    schema = schemas[reference["$ref"].rpartition("/")[2]] if "$ref" in reference else reference
    if len(path) > 1:
        inner = schema["properties"][path[0]]
        _make_optional(next(iter(inner.get("anyOf", [inner]))), path[1:], schemas)
    elif path[0] in schema.get("required", ()):
        schema["required"].remove(path[0])


def _complete(operation: dict[str, Any], endpoint: "Endpoint") -> None:
    responses = {
        status: response for status, response in operation["responses"].items() if status not in {"422", "500"}
    }
    if endpoint.status is HTTPStatus.NO_CONTENT:
        others = {status: response for status, response in responses.items() if int(status) in endpoint.answers}
        responses = others | {"204": {"description": "Done"}}
    operation["responses"] = {
        **responses,
        **({"401": _NO_TOKEN} if endpoint.scope else {}),
        "default": {
            "description": "A problem",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        },
    }
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and parameter["schema"].get("type") == "string":
            parameter["schema"]["pattern"] = _BEFORE_A_QUERY
    operation["security"] = [{_SECURITY: [endpoint.scope.value]}] if endpoint.scope else []
    if endpoint.takes:
        operation["requestBody"] = {"required": True, "content": endpoint.takes}
