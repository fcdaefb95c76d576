"""What operations send is what the official schemas allow: the same fields, types, lengths and words, and no more."""

from copy import deepcopy
from typing import Any

import pytest
from pydantic import ValidationError

from csms.ocpp import frames
from csms.v16.operations import Operation, operations
from tests.schemas import schema, validator

_SAMPLES = {"string": "x", "integer": 1, "number": 1.0, "boolean": True}
_DATE_TIME = "2026-03-05T12:00:00Z"
Path = tuple[str | int, ...]


@pytest.fixture(params=sorted(operations()))
def operation(request: pytest.FixtureRequest) -> Operation[Any, Any]:
    return operations()[request.param]


def accepts(operation: Operation[Any, Any], payload: Any) -> bool:
    try:
        operation.request.model_validate_json(frames.dumps(payload))
    except ValidationError:
        return False
    return True


def sample(part: dict[str, Any], *, whole: bool) -> Any:
    """An instance of a schema: with every field, or only those it requires."""
    match part:
        case {"enum": [first, *_]}:
            return first
        case {"format": "date-time"}:
            return _DATE_TIME
        case {"format": "uri"}:
            return "https://example.com/x"
        case {"type": "array", "items": items}:
            return [sample(items, whole=whole)]
        case {"type": "object"}:
            fields = part.get("properties", {})
            wanted = fields if whole else part.get("required", [])
            return {name: sample(fields[name], whole=whole) for name in wanted}
        case _:
            return _SAMPLES[part["type"]]


def parts(part: dict[str, Any], path: Path = ()) -> list[tuple[Path, dict[str, Any]]]:
    """Every part of a schema with its place in an instance."""
    inner: list[tuple[Path, dict[str, Any]]] = [(path, part)]
    for name, below in part.get("properties", {}).items():
        inner += parts(below, (*path, name))
    return inner + (parts(part["items"], (*path, 0)) if "items" in part else [])


def at(instance: Any, path: Path) -> Any:
    """What an instance has in one place."""
    for step in path:
        instance = instance[step]
    return instance


def changed(instance: Any, path: Path, value: Any) -> Any:
    """A copy of an instance with another value in one place; `...` removes it."""
    if not path:
        return value
    copy = deepcopy(instance)
    if value is ...:
        del at(copy, path[:-1])[path[-1]]
    else:
        at(copy, path[:-1])[path[-1]] = value
    return copy


def wrong_values(part: dict[str, Any], right: Any) -> list[Any]:
    """Values that the schema does not allow in the place of a right one."""
    match part["type"]:
        case "object":
            return [None, "x", {**right, "unheardOf": 1}]
        case "array":
            return [None, "x", {}]
        case "integer":
            return [None, "1", True, 1.5]
        case "string":
            too_long = ["x" * (part["maxLength"] + 1)] if "maxLength" in part else []
            return [None, 1, *too_long, *(["nonsense"] if "enum" in part else [])]
        case _:
            return [None, "1", True]


def test_every_operation_of_the_standard_is_there() -> None:
    assert set(operations()) == {
        "CancelReservation",
        "ChangeAvailability",
        "ChangeConfiguration",
        "ClearCache",
        "ClearChargingProfile",
        "DataTransfer",
        "GetCompositeSchedule",
        "GetConfiguration",
        "GetDiagnostics",
        "GetLocalListVersion",
        "RemoteStartTransaction",
        "RemoteStopTransaction",
        "ReserveNow",
        "Reset",
        "SendLocalList",
        "SetChargingProfile",
        "TriggerMessage",
        "UnlockConnector",
        "UpdateFirmware",
    }


@pytest.mark.parametrize("whole", [True, False])
def test_what_the_schema_allows_may_be_sent(operation: Operation[Any, Any], whole: bool) -> None:
    instance = sample(schema(operation.name), whole=whole)
    validator(operation.name).validate(instance)
    assert accepts(operation, instance)


def test_every_word_and_length_of_the_schema_may_be_sent(operation: Operation[Any, Any]) -> None:
    official = schema(operation.name)
    whole = sample(official, whole=True)
    for path, part in parts(official):
        values = part.get("enum", ["x" * part["maxLength"]] if "maxLength" in part and "format" not in part else [])
        for value in values:
            assert accepts(operation, changed(whole, path, value)), (path, value)


def test_what_the_schema_does_not_allow_is_not_sent(operation: Operation[Any, Any]) -> None:
    official = schema(operation.name)
    whole = sample(official, whole=True)
    for path, part in parts(official):
        for value in wrong_values(part, at(whole, path)):
            instance = changed(whole, path, value)
            assert not validator(operation.name).is_valid(instance)
            assert not accepts(operation, instance), (path, value)


def test_a_time_without_a_zone_or_of_another_form_is_not_sent(operation: Operation[Any, Any]) -> None:
    official = schema(operation.name)
    whole = sample(official, whole=True)
    for path in (path for path, part in parts(official) if part.get("format") == "date-time"):
        for value in ("2026-03-05T12:00:00", "2026-03-05", "tomorrow", "1772712000"):
            assert not accepts(operation, changed(whole, path, value)), (path, value)


def test_what_the_schema_requires_is_sent(operation: Operation[Any, Any]) -> None:
    official = schema(operation.name)
    whole = sample(official, whole=True)
    for path, part in parts(official):
        for name in part.get("required", []):
            assert not accepts(operation, changed(whole, (*path, name), ...)), (*path, name)
        for name in set(part.get("properties", {})) - set(part.get("required", [])):
            assert accepts(operation, changed(whole, (*path, name), ...)), (*path, name)


def test_answers_of_the_schema_are_read(operation: Operation[Any, Any]) -> None:
    official = schema(f"{operation.name}Response")
    for whole in (True, False):
        operation.response.model_validate(sample(official, whole=whole))
    for word in official.get("properties", {}).get("status", {}).get("enum", []):
        read = operation.response.model_validate(sample(official, whole=False) | {"status": word})
        assert read.status == word
