"""Reading requests strictly: what gets past here can be stored and written again."""

import base64
import binascii
import json
from typing import Any, NoReturn

from csms.api.problems import Finding, InvalidRequest, MalformedRequest

Event = dict[str, Any]


def parse_json(text: str) -> Any:
    """Any JSON value made of finite numbers and writable text.

    Raises:
        MalformedRequest: it is none.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
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


def readable(event: Event) -> Event:
    """The event with header names in lower case, a bare content type, its body as text, and all of it Unicode.

    Raises:
        MalformedRequest: it cannot be read as text.
    """
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    body = event.get("body")
    try:
        if body and event.get("isBase64Encoded"):
            body = base64.b64decode(body, validate=True).decode()
        _check_unicode(body or "", event.get("rawPath", ""), event.get("rawQueryString", ""))
        _check_unicode(*(event.get("queryStringParameters") or {}).values())
    except (UnicodeError, binascii.Error) as error:
        raise MalformedRequest("the request is not valid UTF-8") from error
    headers["content-type"] = headers.get("content-type", "").partition(";")[0].strip().lower()
    return {**event, "headers": headers, "body": body, "isBase64Encoded": False}


def _check_unicode(*texts: str) -> None:
    for text in texts:
        text.encode()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
