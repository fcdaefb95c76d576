"""What is not shown of what charge points and we say: passwords, access points, credentials in URLs.

A value is secret by the name it goes by, in any spelling: a member of an object, a parameter of a URL, a `key` beside
its `value` as in ChangeConfiguration and GetConfiguration. It stays secret where somebody repeats it (`blot`).
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, Final

REDACTED: Final = "***"
_SHORTEST: Final = 4
"""Characters of a text that is worth looking for where it may be repeated."""
_DEEPEST: Final = 40
"""Payloads nest five levels; what a station nests deeper is not worth showing, and breaks whoever writes it out."""

_IDENTIFIERS: Final = frozenset({"idTag", "parentIdTag"})
"""Names of things; one that looks like a URL is a name all the same."""
_NAMES: Final = (
    r"(?:authori[sz]ation|private|access|api|pre.?shared)[ _.-]?key"
    r"|pass(?:word|wd|phrase|code)|pwd|psk|secret|token|credential"
)
_SECRET_NAME: Final = re.compile(rf"{_NAMES}|apn", re.IGNORECASE)
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]{0,20}://[^\s\"'<>\\]+", re.IGNORECASE)
_USER: Final = re.compile(
    # `user:password@` up to the last `@` there is, since a password may hold anything; a port is no password.
    r"(?<=://)[^\s/?#@:]*:(?!\d{0,5}(?:[/?#\s]|\Z))(?:(?!://).)*@|(?<=://)(?:(?!://)\S)*@",
    re.DOTALL,
)
_USER_WITHOUT_SLASHES: Final = re.compile(r"(\b(?:s?ftps?|https?|scp|tftp):)(?!//)\S{0,200}@", re.IGNORECASE)
_SECRET_PARAMETER: Final = re.compile(
    rf"([?&;#][^?&;=#]{{0,40}}(?:{_NAMES}|sig|sas|auth|pass|key|code|jwt)[^?&;=#]{{0,40}}=)[^&;#]*", re.IGNORECASE
)
_ASSIGNMENT: Final = re.compile(rf"(\b[\w.-]{{0,40}}(?:{_NAMES})[\w.-]{{0,40}}=)[^\s&;,#]+", re.IGNORECASE)
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
    if shown == value:
        return text
    unescaped = json.dumps(shown, separators=(",", ":"), ensure_ascii=False)
    return unescaped.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def redact_url(url: str) -> str:
    """The URL without user, password and tokens."""
    return _without_permission(_USER.sub(f"{REDACTED}@", url))


def secrets_in(value: Any, shown: Any) -> frozenset[str]:
    """The texts that are hidden in what is shown of a value; not those so short that they are everywhere."""
    found = {text for each in _hidden(value, shown) for text in (each, each.partition(":")[2])}
    return frozenset(text for text in found if len(text) >= _SHORTEST and text != REDACTED)


def blot(value: Any, secrets: Collection[str]) -> Any:
    """Any JSON value, or text, without these texts, as they are or in hexadecimal digits."""
    if not secrets:
        return value
    forms = {form for text in secrets for form in (text, text.encode().hex())}
    pattern = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))), re.IGNORECASE)
    return _blotted(value, pattern)


def hide_texts(value: Any, words: Collection[str]) -> Any:
    """Any JSON value without its texts, names of members too, but for these words."""
    match value:
        case str():
            return value if value in words else REDACTED
        case dict():
            return {hide_texts(name, words): hide_texts(inner, words) for name, inner in value.items()}
        case list():
            return [hide_texts(inner, words) for inner in value]
        case _:
            return value


def _redact(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _redact_text(value)
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return REDACTED
    if isinstance(value, list):
        return [_redact(inner, depth - 1) for inner in value]
    hides_value = any(_is_called(name, "key") and is_secret(str(inner)) for name, inner in value.items())
    return {name: _redact_member(name, inner, depth - 1, hides_value=hides_value) for name, inner in value.items()}


def _redact_member(name: str, value: Any, depth: int, *, hides_value: bool) -> Any:
    if value is not None and (is_secret(name) or (hides_value and _is_called(name, "value"))):
        return REDACTED
    return value if name in _IDENTIFIERS and isinstance(value, str) else _redact(value, depth)


def _is_called(name: str, canonical: str) -> bool:
    return name.strip().casefold() == canonical


def _redact_text(text: str) -> str:
    """Never longer than the text, which may be as long as its field takes. DataTransfer carries JSON in text."""
    shown = redact_frame(text) if _may_be_json(text) else _redact_words(text)
    return shown if len(shown) <= len(text) else REDACTED


def _may_be_json(text: str) -> bool:
    return text.lstrip()[:1] in {"{", "["}


def _redact_words(text: str) -> str:
    """Users first: whatever a password looks like, it ends at the last `@`."""
    shown = _USER_WITHOUT_SLASHES.sub(rf"\1{REDACTED}@", _USER.sub(f"{REDACTED}@", text))
    shown = _URL.sub(lambda found: _without_permission(found.group()), shown)
    return _ASSIGNMENT.sub(rf"\1{REDACTED}", shown)


def _without_permission(url: str) -> str:
    return _FILE_TOKEN.sub(REDACTED, _SECRET_PARAMETER.sub(rf"\1{REDACTED}", url))


def _redact_unreadable(text: str) -> str:
    """What can only be searched ends at the first secret name."""
    found = _SECRET_NAME.search(text)
    shown = text[: found.end()] + REDACTED if found else text
    return _redact_words(shown)


def _hidden(value: Any, shown: Any) -> Iterator[str]:
    match value, shown:
        case dict(), dict():
            for name in value:
                yield from _hidden(value[name], shown.get(name))
        case list(), list():
            for inner, shown_inner in zip(value, shown, strict=False):
                yield from _hidden(inner, shown_inner)
        case str(), str() if value != shown:
            yield from _hidden_in_text(value, shown)
        case ((dict() | list()), str()):
            yield from (text for text in _texts(value) if text)
        case ((int() | float()), str()):
            yield str(value)


def _hidden_in_text(text: str, shown: str) -> Iterator[str]:
    """What stands in the text where the shown one has the mark; all of it where that cannot be told."""
    if shown == REDACTED or not _may_be_json(text):
        pattern = "(.+?)".join(map(re.escape, shown.split(REDACTED)))
        found = re.fullmatch(pattern, text, re.DOTALL)
        yield from found.groups() if found else (text,)
        return
    try:
        value, shown_value = json.loads(text), json.loads(shown)
    except (ValueError, RecursionError):
        yield text
        return
    yield from _hidden(value, shown_value)


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from (text for inner in value.values() for text in _texts(inner))
        case list():
            yield from (text for inner in value for text in _texts(inner))


def _blotted(value: Any, pattern: re.Pattern[str]) -> Any:
    match value:
        case str():
            return pattern.sub(REDACTED, value)
        case dict():
            return {pattern.sub(REDACTED, name): _blotted(inner, pattern) for name, inner in value.items()}
        case list():
            return [_blotted(inner, pattern) for inner in value]
        case int() | float() if pattern.fullmatch(str(value)):
            return REDACTED
        case _:
            return value
