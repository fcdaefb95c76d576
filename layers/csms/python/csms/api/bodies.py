"""Reading requests strictly: what gets past here can be stored and written again."""

import base64
import binascii
import json
from typing import Any, NoReturn

from csms.api.problems import Finding, InvalidRequest, MalformedRequest

Event = dict[str, Any]


def parse_json(text: str) -> Any:
    """Any JSON value made of finite numbers and writable text, in which no member is there twice.

    Raises:
        MalformedRequest: it is none.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # lone surrogates, numbers beyond a float
    except (ValueError, RecursionError) as error:
        raise MalformedRequest("the body is not valid JSON") from error
    return value


def parse_object(text: str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        MalformedRequest: no JSON.
        InvalidRequest: another JSON value.
    """
    value = parse_json(text)
    if not isinstance(value, dict):
        raise InvalidRequest(Finding("body", "a JSON object is expected"))
    return value


def content_of(event: Event) -> bytes:
    """The body as the client sent it.

    Raises:
        MalformedRequest: API Gateway's base64 is none.
    """
    body: str = event.get("body") or ""
    try:
        return base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except (UnicodeError, binascii.Error) as error:
        raise MalformedRequest("the body cannot be read") from error


def readable(event: Event, *, has_bytes: bool = False) -> Event:
    """The event with header names in lower case, a bare content type, its body as text, and all of it Unicode.

    Where the route takes bytes, they are its `content` and there is no body; `contentType` keeps the parameters.

    Raises:
        MalformedRequest: it cannot be read as text.
    """
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    content = content_of(event)
    try:
        body = None if has_bytes or not event.get("body") else content.decode()
        _check_unicode(event.get("rawPath", ""), event.get("rawQueryString", ""))
        _check_unicode(*(event.get("queryStringParameters") or {}).values())
    except UnicodeError as error:
        raise MalformedRequest("the request is not valid UTF-8") from error
    content_type = headers.get("content-type", "")
    headers["content-type"] = content_type.partition(";")[0].strip().lower()
    changed = {"headers": headers, "body": body, "isBase64Encoded": False}
    return {**event, **changed, "content": content if has_bytes else b"", "contentType": content_type}


def _check_unicode(*texts: str) -> None:
    for text in texts:
        text.encode()


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two members of one name nobody can say which is meant [RFC 8259, 4]."""
    value = dict(members)
    if len(value) < len(members):
        raise ValueError("a member is there twice")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
