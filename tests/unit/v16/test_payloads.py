"""The official schemas as an oracle: what they accept our models accept, what our models write they accept."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csms.ocpp.errors import InvalidPayload
from csms.v16.registry import actions
from tests.schemas import schema, validator

TEXT = st.characters(exclude_categories=["Cs", "Cc"])
DATES = st.datetimes().map(lambda moment: moment.isoformat() + "Z")


def instances(official: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Anything an official schema accepts, its references resolved."""
    if "enum" in official:
        return st.sampled_from(official["enum"])
    match official["type"]:
        case "string" if official.get("format") == "date-time":
            return DATES
        case "string":
            return st.text(TEXT, max_size=official.get("maxLength", 60))
        case "integer":
            return st.integers(0, 2**31 - 1)
        case "array":
            return st.lists(instances(official["items"]), min_size=official.get("minItems", 0), max_size=3)
        case _:
            required = set(official.get("required", ()))
            fields = {name: instances(inner) for name, inner in official.get("properties", {}).items()}
            return st.fixed_dictionaries(
                {name: strategy for name, strategy in fields.items() if name in required},
                optional={name: strategy for name, strategy in fields.items() if name not in required},
            )


@pytest.mark.parametrize("action", actions())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_the_official_schema_accepts_is_read_and_written_back_valid(action: str, data: st.DataObject) -> None:
    payload = data.draw(instances(schema(action)))
    validator(action).validate(payload)

    written = actions()[action].request.read(payload).write()

    validator(action).validate(written)
    assert set(written) == set(payload)


@pytest.mark.parametrize("action", actions())
def test_each_required_field_is_missed_by_name(action: str) -> None:
    official = schema(action)
    for name in set(official.get("required", ())) - ({"transactionId"} if action == "StopTransaction" else set()):
        with pytest.raises(InvalidPayload, match=name) as violation:
            actions()[action].request.read({n: v for n, v in sample(official).items() if n != name})
        assert violation.value.code == "OccurenceConstraintViolation"


def test_a_violation_never_repeats_the_value() -> None:
    with pytest.raises(InvalidPayload) as violation:
        actions()["Authorize"].request.read({"idTag": {"secret": "04AABBCC"}})
    assert "04AABBCC" not in str(violation.value)
    assert violation.value.code == "TypeConstraintViolation"


def sample(official: dict[str, Any]) -> Any:
    match official:
        case {"enum": [first, *_]}:
            return first
        case {"type": "string", "format": "date-time"}:
            return "2026-03-05T12:00:00Z"
        case {"type": "string"}:
            return "x"
        case {"type": "integer"}:
            return 1
        case {"type": "array", "items": items}:
            return [sample(items)]
        case _:
            return {name: sample(official["properties"][name]) for name in official.get("required", ())}
