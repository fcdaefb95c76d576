"""Log lines have one set of keys, which docs/runbook.md explains."""

import re
from pathlib import Path

import pytest
from aws_lambda_powertools.logging.formatter import RESERVED_LOG_ATTRS

from tests.log_keys import logged_keys

PAGE = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text()
OF_EVERY_LINE = {"level", "location", "message", "timestamp", "service", "function_name", "function_request_id"}
WHERE_THERE_IS_ONE = {"exception", "exception_name", "xray_trace_id"}


def explained() -> set[str]:
    """The keys in the table under `## Logs`."""
    section = PAGE.partition("\n## Logs\n")[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| (`[^|]*) \|", section)
    return {key for row in rows for key in re.findall(r"`(\w+)`", row)}


def test_every_key_is_explained_and_none_that_is_not_logged() -> None:
    assert explained() == set(logged_keys()) | OF_EVERY_LINE | WHERE_THERE_IS_ONE


def test_keys_are_spelled_alike_and_hide_none_of_pythons_own() -> None:
    for key, place in logged_keys().items():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", key), place
        assert key not in {*RESERVED_LOG_ATTRS, *OF_EVERY_LINE, *WHERE_THERE_IS_ONE}, place


@pytest.mark.parametrize("key", ["id_tag", "payload", "frame", "body", "password", "headers"])
def test_what_a_station_says_is_no_key(key: str) -> None:
    assert key not in logged_keys()
