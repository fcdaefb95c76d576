"""Event-source filter patterns, as far as this project writes them: equal to one of, `prefix`, `exists`."""

from collections.abc import Mapping, Sequence
from typing import Any

_NOTHING: Any = object()


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Whether the event has for every field of the pattern one of the values listed there."""
    return all(_matches_field(expected, _field(event, name)) for name, expected in pattern.items())


def _field(event: Any, name: str) -> Any:
    return event.get(name, _NOTHING) if isinstance(event, Mapping) else _NOTHING


def _matches_field(expected: Mapping[str, Any] | Sequence[Any], value: Any) -> bool:
    if isinstance(expected, Mapping):
        return matches(expected, value)
    return any(_is_met(condition, value) for condition in expected)


def _is_met(condition: Any, value: Any) -> bool:
    match condition:
        case {"prefix": str(prefix)}:
            return isinstance(value, str) and value.startswith(prefix)
        case {"exists": bool(shall_exist)}:
            return (value is not _NOTHING and not isinstance(value, Mapping)) is shall_exist
        case Mapping():
            raise NotImplementedError(f"a filter by {condition}")
    return bool(value == condition)
