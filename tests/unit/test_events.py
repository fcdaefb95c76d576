"""The published description of events, held to the models."""

import json
import re
from pathlib import Path

import pytest

from csms.events import Event, event_types
from tests.event_schemas import FOLDER, schema_of

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
COMMON = schema_of(Event)["properties"]


def test_every_event_has_its_schema_and_no_schema_is_left_over() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(event_types())


@pytest.mark.parametrize("name", event_types())
def test_the_schema_file_is_the_model(name: str) -> None:
    assert json.loads((FOLDER / f"{name}.json").read_text()) == schema_of(event_types()[name])


@pytest.mark.parametrize("name", event_types())
def test_the_page_names_an_events_own_fields_and_says_which_may_be_missing(name: str) -> None:
    schema = schema_of(event_types()[name])
    (row,) = re.findall(rf"(?m)^\| \[{name}\]\(events/{name}\.json\) \| (.*?) \|", PAGE)
    required = set(schema["required"])
    own = [
        f"`{field}`" if field in required else f"`{field}`?" for field in schema["properties"] if field not in COMMON
    ]
    assert row == ", ".join(own)


def test_the_page_names_what_all_events_have() -> None:
    for field in COMMON:
        assert f"| `{field}` |" in PAGE
