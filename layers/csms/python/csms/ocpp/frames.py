"""OCPP-J frames [J 4]: `[2, id, action, payload]`, `[3, id, payload]`, `[4, id, code, description, details]`."""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from csms.ocpp.errors import MalformedCall, UnreadableFrame
from csms.ocpp.json_types import JsonObject, MessageId

CALL: Final = 2
CALL_RESULT: Final = 3
CALL_ERROR: Final = 4
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
DEEPEST: Final = 32
"""Levels of nesting; the deepest official payload has seven."""


@dataclass(frozen=True)
class Call:
    """A request, in either direction."""

    message_id: MessageId
    action: str
    payload: JsonObject


@dataclass(frozen=True)
class CallResult:
    """The answer to a call. A station's payload may be anything; ours is always an object."""

    message_id: MessageId
    payload: Any
    is_json: bool = True
    """Whether all of it could be read; what could not is None."""


@dataclass(frozen=True)
class CallError:
    """The refusal of a call. `code` is a plain string because stations send what they like."""

    message_id: MessageId
    code: str
    description: str = ""
    details: JsonObject = field(default_factory=dict)


Frame = Call | CallResult | CallError


def parse(text: str) -> Frame:
    """Read one frame. Of an answer that is no JSON so much is read as can be: its call waits for it.

    Raises:
        UnreadableFrame: not JSON, not a frame, an unknown message type [J 4.1.3], no usable message id.
        MalformedCall: a CALL with a readable message id and a wrong shape.
    """
    try:
        elements = _load(text)
    except UnreadableFrame:
        return _parse_what_is_no_json(text)
    if not isinstance(elements, list) or not elements:
        raise UnreadableFrame("not a JSON array with elements")
    message_type, message_id = elements[0], elements[1] if len(elements) > 1 else None
    if isinstance(message_type, str):
        message_type = _ANSWERS.get(message_type, message_type)
    if isinstance(message_type, bool) or message_type not in (CALL, CALL_RESULT, CALL_ERROR):
        raise UnreadableFrame("unknown message type")
    if isinstance(message_id, bool) or not isinstance(message_id, str | int | float):
        raise UnreadableFrame("no readable message id")
    if message_type == CALL:
        return _parse_call(message_id, elements[2:], is_deep=_is_too_deep(text, elements))
    if message_type == CALL_RESULT:
        return CallResult(message_id, elements[2] if len(elements) > 2 else None)
    return _parse_call_error(message_id, elements[2:])


def serialize(frame: Frame) -> str:
    """Write one frame: compact JSON, keys in the order given."""
    match frame:
        case Call(message_id, action, payload):
            elements = [CALL, message_id, action, payload]
        case CallResult(message_id, payload):
            elements = [CALL_RESULT, message_id, payload]
        case CallError(message_id, code, description, details):
            elements = [CALL_ERROR, message_id, code, description, details]
    return dumps(elements)


def dumps(value: Any) -> str:
    """Compact JSON."""
    return _ENCODER.encode(value)


def writable(value: Any) -> Any:
    """Any JSON value without lone surrogates: legal as a JSON escape, they cannot be written as UTF-8 afterwards."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [writable(element) for element in value]
        case dict():
            return {writable(key): writable(element) for key, element in value.items()}
        case _:
            return value


def _parse_what_is_no_json(text: str) -> CallResult | CallError:
    """An answer to a message id that can be read, whatever follows it.

    Raises:
        UnreadableFrame: it is none.
    """
    head = _HEAD_OF_ANSWER.match(text)
    if head is None:
        raise UnreadableFrame("not valid JSON")
    try:
        rest = writable(_LENIENT_DECODER.decode(text))[2:]
    except (ValueError, RecursionError):
        rest = []
    if head[1] == str(CALL_ERROR):
        return _parse_call_error(head[2], rest)
    return CallResult(head[2], rest[0] if rest else None, is_json=False)


def _parse_call(message_id: MessageId, rest: list[Any], *, is_deep: bool) -> Call:
    action = rest[0] if rest and isinstance(rest[0], str) else None
    if len(rest) != 2:
        raise MalformedCall(message_id, action, "a CALL has four elements")
    payload = rest[1]
    if action is None:
        raise MalformedCall(message_id, action, "the action is not a string")
    if is_deep:
        raise MalformedCall(message_id, action, f"nested deeper than {DEEPEST}")
    if payload is None:  # tolerated on receipt [J 4.2]
        payload = {}
    if not isinstance(payload, dict):
        raise MalformedCall(message_id, action, "the payload is not an object")
    return Call(message_id, action, payload)


def _parse_call_error(message_id: MessageId, rest: list[Any]) -> CallError:
    code, description, details = (*rest[:3], None, None, None)[:3]
    return CallError(
        message_id,
        code if isinstance(code, str) else "",
        description if isinstance(description, str) else "",
        details if isinstance(details, dict) else {},
    )


def _is_too_deep(text: str, value: Any) -> bool:
    """Whether anything is nested deeper than any OCPP payload; counting brackets spares most frames the walk."""
    return text.count("[") + text.count("{") > DEEPEST and _depth(value) > DEEPEST


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level:
        depth += 1
        level = [inner for outer in level for inner in _inner(outer)]
    return depth - 1


def _inner(value: Any) -> Iterable[Any]:
    match value:
        case list():
            return value
        case dict():
            return value.values()
        case _:
            return ()


def _load(text: str) -> Any:
    try:
        value = _DECODER.decode(text)
        return value if text.isascii() and "\\u" not in text else writable(value)
    except (ValueError, RecursionError) as error:
        raise UnreadableFrame("not valid JSON") from error


def _finite_or_none(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number too large")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_float=_finite, parse_constant=_no_constant)
_LENIENT_DECODER: Final = json.JSONDecoder(parse_float=_finite_or_none, parse_constant=lambda _: None)
_HEAD_OF_ANSWER: Final = re.compile(r'\s*\[\s*"?([34])"?\s*,\s*"([!#-\[\]-~]{1,50})"\s*[,\]]')
"""Of an answer to a call of ours, whose message id needs no escapes."""
_ANSWERS: Final = {str(CALL_RESULT): CALL_RESULT, str(CALL_ERROR): CALL_ERROR}
"""Answers of stations that write the message type as text."""
