from typing import Any

import pytest

from csms.store.changes import ENDED_CALLS
from local.event_sources.patterns import matches


@pytest.mark.parametrize(
    ("pattern", "event", "is_match"),
    [
        ({}, {"a": 1}, True),
        ({"a": [1, 2]}, {"a": 2}, True),
        ({"a": [1, 2]}, {"a": 3}, False),
        ({"a": [1]}, {}, False),
        ({"a": {"b": ["x"]}}, {"a": {"b": "x", "c": "y"}}, True),
        ({"a": {"b": ["x"]}}, {"a": "x"}, False),
        ({"a": [{"prefix": "CALL#"}]}, {"a": "CALL#1"}, True),
        ({"a": [{"prefix": "CALL#"}]}, {"a": "CALLED"}, False),
        ({"a": [{"prefix": "CALL#"}]}, {"a": 1}, False),
        ({"a": [{"exists": False}]}, {}, True),
        ({"a": [{"exists": False}]}, {"a": None}, False),
        ({"a": {"b": [{"exists": False}]}}, {}, True),
        ({"a": {"b": [{"exists": True}]}}, {"a": {"b": False}}, True),
        ({"a": [{"exists": True}]}, {"a": {"b": 1}}, False),
    ],
)
def test_an_event_passes_if_every_field_has_one_of_the_values(
    pattern: dict[str, Any], event: dict[str, Any], is_match: bool
) -> None:
    assert matches(pattern, event) is is_match


def test_a_filter_that_is_not_understood_is_refused_rather_than_ignored() -> None:
    with pytest.raises(NotImplementedError, match="anything-but"):
        matches({"a": [{"anything-but": "x"}]}, {"a": "y"})


def change(name: str = "MODIFY", sort_key: str = "CALL#1", **image: Any) -> dict[str, Any]:
    return {"eventName": name, "dynamodb": {"Keys": {"SK": {"S": sort_key}}, "NewImage": image}}


def test_ended_calls_are_told_from_all_other_changes() -> None:
    ended: dict[str, Any] = {"state": {"S": "accepted"}}
    assert matches(ENDED_CALLS, change(**ended))
    assert not matches(ENDED_CALLS, change(**ended, has_effects_done={"BOOL": True}))
    assert not matches(ENDED_CALLS, change(state={"S": "sent"}))
    assert not matches(ENDED_CALLS, change(sort_key="TX#1", **ended))
    assert not matches(ENDED_CALLS, {"eventName": "REMOVE", "dynamodb": {"Keys": {"SK": {"S": "CALL#1"}}}})
