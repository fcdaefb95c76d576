from collections.abc import Mapping
from typing import Any

import pytest

from csms.store.changes import ENDED_CALLS, NEWS, SITE_CHANGES
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


@pytest.mark.parametrize("pattern", [ENDED_CALLS, SITE_CHANGES, *NEWS])
def test_every_pattern_looks_into_the_change_alone_and_passes_no_deletion(pattern: Mapping[str, Any]) -> None:
    assert set(pattern) == {"dynamodb"}  # all that Lambda documents for streams of tables
    assert "NewImage" in pattern["dynamodb"]


def news(sort_key: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> bool:
    images = {
        name: image | {"v": {"N": "1"}}
        for name, image in {"OldImage": old, "NewImage": new}.items()
        if image is not None
    }
    record = {"dynamodb": {"Keys": {"SK": {"S": sort_key}}, **images}}
    return any(matches(pattern, record) for pattern in NEWS)


CONNECTED = {"connection_id": {"S": "c"}}


@pytest.mark.parametrize(
    ("sort_key", "old", "new", "is_news"),
    [
        ("LINK", {}, CONNECTED, True),
        ("LINK", CONNECTED, {}, True),
        ("LINK", CONNECTED, CONNECTED, False),  # touched once a minute by each station
        ("LINK", {}, {}, False),
        ("LINK", None, {}, False),
        ("LINK", CONNECTED, None, False),
        ("CALL#1", {"state": {"S": "sent"}}, {"state": {"S": "timed_out"}}, True),
        ("CALL#1", {"state": {"S": "queued"}}, {"state": {"S": "sent"}}, False),
        ("CALL#1", {"state": {"S": "accepted"}}, {"state": {"S": "accepted"}}, False),
        ("EVENT#status#2026", None, {}, True),
        ("EVENT#session#2026", None, {}, False),
        ("EVENT#status#2026", {}, None, False),  # deleted by TTL
        ("TX#1", None, {}, True),
        ("TX#1", {}, {}, True),
        ("2026-03-05T12:00:00.000Z#abc", None, {}, False),  # meter values
        ("CONNECTOR#1", {}, {}, False),
        ("CP", {}, {}, False),
    ],
)
def test_news_are_told_from_all_other_changes(
    sort_key: str, old: dict[str, Any] | None, new: dict[str, Any] | None, is_news: bool
) -> None:
    assert news(sort_key, old, new) is is_news
