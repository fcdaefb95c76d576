"""The official OCPP 1.6 JSON schemas as an oracle; the `ocpp` package ships them."""

import importlib.resources
import json
from functools import cache
from typing import Any

from jsonschema import Draft4Validator, Draft7Validator

from csms.ocpp.errors import ErrorCode


@cache
def schema(name: str) -> dict[str, Any]:
    """The schema of a payload: `Heartbeat` for the request, `HeartbeatResponse` for the answer."""
    text = importlib.resources.files("ocpp.v16.schemas").joinpath(f"{name}.json").read_text("utf-8-sig")
    loaded: dict[str, Any] = json.loads(text)
    resolved: dict[str, Any] = _resolved(loaded, loaded.get("definitions", {}))
    return resolved


def _resolved(part: Any, definitions: dict[str, Any]) -> Any:
    """The schema without references, which only the security extension's use."""
    match part:
        case {"$ref": str(reference)}:
            return _resolved(definitions[reference.rpartition("/")[2]], definitions)
        case dict():
            return {name: _resolved(inner, definitions) for name, inner in part.items() if name != "definitions"}
        case list():
            return [_resolved(inner, definitions) for inner in part]
        case _:
            return part


@cache
def validator(name: str) -> Any:
    """A validator for a payload."""
    loaded = schema(name)
    return (Draft4Validator if "draft-04" in loaded.get("$schema", "") else Draft7Validator)(loaded)


def assert_valid_answer(action: str, answer: list[Any]) -> None:
    """Fail unless a frame we send in answer to this action is exactly what the standard allows."""
    if answer[0] == 4:
        assert len(answer) == 5
        assert answer[2] in set(ErrorCode)
        assert isinstance(answer[3], str)
        assert len(answer[3]) <= 255
        assert isinstance(answer[4], dict)
        return
    assert answer[0] == 3
    assert len(answer) == 3
    validator(f"{action}Response").validate(answer[2])
