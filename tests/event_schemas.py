"""The published schemas of events, and the files that hold them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from csms.events import Event, event_types

FOLDER = Path(__file__).parents[1] / "docs" / "events"


def schema_of(event: type[Event]) -> dict[str, Any]:
    """What a detail of this type satisfies."""
    schema = event.model_json_schema(mode="serialization")
    properties = {name: _without_null(field) for name, field in schema["properties"].items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": event.detail_type,
        "description": schema["description"],
        "type": "object",
        "properties": properties,
        "required": [name for name, field in schema["properties"].items() if not _is_optional(field)],
    }


def _is_optional(field: dict[str, Any]) -> bool:
    return {"type": "null"} in field.get("anyOf", [])


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """A field that is None is left out, never null."""
    kept = {name: value for name, value in field.items() if name not in {"anyOf", "default", "title"}}
    kinds = [kind for kind in field.get("anyOf", []) if kind != {"type": "null"}]
    return {**kept, **(kinds[0] if kinds else {})}


@cache
def _validator(detail_type: str) -> Draft202012Validator:
    return Draft202012Validator(
        json.loads((FOLDER / f"{detail_type}.json").read_text()), format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def assert_valid_event(detail_type: str, detail: dict[str, Any]) -> None:
    """Fail unless the detail satisfies the schema file of its type, and has no field that the schema does not name."""
    validator = _validator(detail_type)
    validator.validate(detail)
    assert isinstance(validator.schema, dict)
    assert set(detail) <= set(validator.schema["properties"]), detail


def write_schemas() -> None:
    """Write the files anew: `python -c 'from tests.event_schemas import write_schemas; write_schemas()'`."""
    for name, event in event_types().items():
        (FOLDER / f"{name}.json").write_text(json.dumps(schema_of(event), indent=2) + "\n")
