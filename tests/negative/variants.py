"""Wrong variants of a payload, generated from the official schemas: each breaks one field in one way."""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Final

Schema = dict[str, Any]
Path = tuple[str | int, ...]

EXTRA_FIELD: Final = "vendorsOwn"
TIMESTAMP: Final = "2026-03-05T12:00:00Z"
_OUT_OF_RANGE: Final = 10**30
_OF_EVERY_TYPE: Final = ("seven", 7.5, True, ["seven"], {"seven": 7})
"""Each type of JSON but null, which is a kind of its own."""
_NUMBER_AS_TEXT: Final = "7"


class _Absent(Enum):
    ABSENT = "nothing there"


ABSENT: Final = _Absent.ABSENT
"""Stands for a payload that is missing altogether."""


class Kind(StrEnum):
    """How a field is broken."""

    MISSING = "missing"
    NULL = "null"
    MISTYPED = "mistyped"
    OVER_LONG = "over-long"
    EMPTY = "empty"
    WRONG_ENUM = "wrong enum"
    EXTRA = "extra"


@dataclass(frozen=True)
class Variant:
    """One wrong payload. `path` leads to the broken field, from the payload itself, which is `()`."""

    kind: Kind
    path: Path
    payload: Any
    part: Schema
    """What the schema says of the field."""
    is_required: bool
    value: Any
    """What stands in the field."""

    def __str__(self) -> str:
        return f"{self.kind}: {'.'.join(map(str, self.path)) or 'payload'} = {self.value!r:.40}"

    def at(self, timestamp: str, *, transaction_id: int) -> Any:
        """The payload, sent at that time and about that transaction, where these are not what is wrong with it."""
        if self.payload is ABSENT:
            return ABSENT
        payload = json.loads(json.dumps(self.payload).replace(TIMESTAMP, timestamp))
        if isinstance(payload, dict) and "transactionId" in payload and self.field != "transactionId":
            payload["transactionId"] = transaction_id
        return payload

    @property
    def field(self) -> str | None:
        """The name of the field, without where it stands; None for the payload itself and for members of lists."""
        return self.path[-1] if self.path and isinstance(self.path[-1], str) else None


def full_payload(official: Schema, known: Mapping[str, Any]) -> dict[str, Any]:
    """A valid payload with every field that the schema has; `known` are values for fields of these names."""
    payload: dict[str, Any] = _sample(official, known, "")
    return payload


def variants(official: Schema, payload: dict[str, Any]) -> Iterator[Variant]:
    """Every variant of a full payload."""
    for path, part, is_required in _fields(official, payload, (), is_required=True):
        for kind, value in _wrong_values(part):
            if not (value is ABSENT and _is_member(path)):
                yield Variant(kind, path, _changed(payload, path, value), part, is_required, value)
        if part["type"] == "object":
            extra = (*path, EXTRA_FIELD)
            yield Variant(Kind.EXTRA, extra, _changed(payload, extra, "x"), {}, is_required=False, value="x")


def _fields(part: Schema, value: Any, path: Path, *, is_required: bool) -> Iterator[tuple[Path, Schema, bool]]:
    """The field and all within it: where it stands, its schema, whether it must be there."""
    yield path, part, is_required
    if part["type"] == "object":
        required = part.get("required", ())
        for name, inner in part.get("properties", {}).items():
            yield from _fields(inner, value[name], (*path, name), is_required=name in required)
    elif part["type"] == "array":
        yield from _fields(part["items"], value[0], (*path, 0), is_required=True)


def _is_member(path: Path) -> bool:
    """Of a list: without it, the list is empty."""
    return bool(path) and isinstance(path[-1], int)


def _wrong_values(part: Schema) -> Iterator[tuple[Kind, Any]]:
    """What to put into a field of this schema."""
    yield Kind.MISSING, ABSENT
    yield Kind.NULL, None
    for value in _OF_EVERY_TYPE:
        if not _is_of_type(value, part):
            yield Kind.MISTYPED, value
    if part["type"] in {"integer", "number"} or "format" in part:
        yield Kind.MISTYPED, _NUMBER_AS_TEXT
    if "maxLength" in part:
        yield Kind.OVER_LONG, "x" * (part["maxLength"] + 1)
    if part["type"] == "integer":
        yield Kind.OVER_LONG, _OUT_OF_RANGE
    if "enum" in part:
        yield Kind.WRONG_ENUM, "Nonsense"
        yield Kind.WRONG_ENUM, part["enum"][0].swapcase()
    if (empty := _EMPTY.get(part["type"])) is not None:
        yield Kind.EMPTY, copy.copy(empty)


_EMPTY: Final[dict[str, Any]] = {"string": "", "array": [], "object": {}}
_TYPES: Final = {
    "string": str,
    "integer": int,
    "number": int | float,
    "boolean": bool,
    "array": list,
    "object": dict,
}


def _is_of_type(value: Any, part: Schema) -> bool:
    if part.get("format") == "date-time":
        return False
    is_boolean = isinstance(value, bool)
    return is_boolean == (part["type"] == "boolean") and isinstance(value, _TYPES[part["type"]])


def _changed(payload: Any, path: Path, value: Any) -> Any:
    """The payload with another value at that place."""
    if not path:
        return value
    changed = copy.deepcopy(payload)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    if value is ABSENT:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


def _sample(part: Schema, known: Mapping[str, Any], name: str) -> Any:
    if name in known:
        return known[name]
    match part:
        case {"enum": [first, *_]}:
            return first
        case {"format": "date-time"}:
            return TIMESTAMP
        case {"type": "array", "items": items}:
            return [_sample(items, known, "")]
        case {"type": "object"}:
            return {inner: _sample(sub, known, inner) for inner, sub in part.get("properties", {}).items()}
        case _:
            return _SAMPLES[part["type"]]


_SAMPLES: Final[dict[str, Any]] = {"string": "1", "integer": 1, "number": 1.0, "boolean": False}
