"""What is not shown of what charge points and we say: passwords, access points, credentials in URLs.

A value is secret by the name it goes by: a member of an object, or a `key` beside its `value` as in ChangeConfiguration
and GetConfiguration.
"""

import json
import re
from typing import Any, Final

REDACTED: Final = "***"
_DEEPEST: Final = 40
"""Payloads nest five levels; what a station nests deeper is not worth showing, and breaks whoever writes it out."""

_IDENTIFIERS: Final = frozenset({"idTag", "parentIdTag"})
"""Names of things; one that looks like a URL is a name all the same."""
_SECRET_NAME: Final = re.compile(r"authorizationkey|password|secret|apn", re.IGNORECASE)
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]{0,20}://[^\s\"'<>\\]+", re.IGNORECASE)
_USER: Final = re.compile(r"(?<=://)[^/?#]*@")
_SECRET_PARAMETER: Final = re.compile(
    r"([?&;][^?&;=#]{0,40}(?:token|signature|sig|credential|password|secret|key)[^?&;=#]{0,40}=)[^&;#]*", re.IGNORECASE
)
_FILE_TOKEN: Final = re.compile(r"(?<=/[fu]/)[\w-]{8,}(?=[/?#]|$)")
"""The short URLs that stations get carry their permission in the path."""


def is_secret(name: str) -> bool:
    """Whether the value of a configuration key, or of a member of this name, is not shown."""
    return _SECRET_NAME.search(name) is not None


def redact_value(key: str, value: str | None) -> str | None:
    """The value of a configuration key as it may be shown."""
    if value is None:
        return None
    return REDACTED if is_secret(key) else _redact_text(value)


def redact(value: Any) -> Any:
    """Any JSON value as it may be shown."""
    return _redact(value, _DEEPEST)


def redact_frame(text: str) -> str:
    """The text of a frame as it may be shown: itself, character by character, where it holds nothing secret."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _redact_unreadable(text)
    shown = redact(value)
    return text if shown == value else json.dumps(shown, separators=(",", ":"), ensure_ascii=False)


def redact_url(url: str) -> str:
    """The URL without user, password and tokens."""
    without_user = _USER.sub(f"{REDACTED}@", url)
    return _FILE_TOKEN.sub(REDACTED, _SECRET_PARAMETER.sub(rf"\1{REDACTED}", without_user))


def _redact(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _redact_text(value)
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return REDACTED
    if isinstance(value, list):
        return [_redact(inner, depth - 1) for inner in value]
    hides_value = is_secret(str(value.get("key", "")))
    return {name: _redact_member(name, inner, depth - 1, hides_value=hides_value) for name, inner in value.items()}


def _redact_member(name: str, value: Any, depth: int, *, hides_value: bool) -> Any:
    if value is not None and (is_secret(name) or (hides_value and name == "value")):
        return REDACTED
    return value if name in _IDENTIFIERS and isinstance(value, str) else _redact(value, depth)


def _redact_text(text: str) -> str:
    """Never longer than the text, which may be as long as its field takes. DataTransfer carries JSON in text."""
    if text.lstrip()[:1] in {"{", "["}:
        shown = redact_frame(text)
    else:
        shown = _URL.sub(lambda found: redact_url(found.group()), text)
    return shown if len(shown) <= len(text) else REDACTED


def _redact_unreadable(text: str) -> str:
    """What can only be searched ends at the first secret name."""
    found = _SECRET_NAME.search(text)
    shown = text[: found.end()] + REDACTED if found else text
    return _URL.sub(lambda found: redact_url(found.group()), shown)
