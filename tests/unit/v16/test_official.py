"""What answers are as the schema has them: the official schemas know."""

import math
from typing import Any

import pytest

from csms.v16.official import is_official
from csms.v16.operations import operations
from tests.negative.variants import ABSENT, full_payload, variants
from tests.schemas import schema, validator


@pytest.mark.parametrize("action", operations())
def test_an_answer_with_every_field_of_the_schema_is_official(action: str) -> None:
    assert is_official(operations()[action].response, full_payload(schema(f"{action}Response"), {}))


@pytest.mark.parametrize("action", operations())
def test_nothing_is_official_that_the_schema_does_not_allow(action: str) -> None:
    official = schema(f"{action}Response")
    for variant in variants(official, full_payload(official, {})):
        answer = None if variant.payload is ABSENT else variant.payload
        if not validator(f"{action}Response").is_valid(answer):
            assert not is_official(operations()[action].response, answer), variant


@pytest.mark.parametrize(
    ("limit", "is_so"),
    [
        (16, True),
        (16.1, True),
        (0.3, True),
        (1e9, True),
        (16.05, False),
        (True, False),
        ("16", False),
        (math.nan, False),
    ],
)
def test_a_limit_has_one_decimal(limit: Any, is_so: bool) -> None:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
    answer = {"status": "Accepted", "chargingSchedule": schedule}
    assert is_official(operations()["GetCompositeSchedule"].response, answer) is is_so


@pytest.mark.parametrize("data", ["\ud800", None, ["x"], {"x": None}])
def test_what_no_text_can_hold_is_not_official(data: Any) -> None:
    assert not is_official(operations()["DataTransfer"].response, {"status": "Accepted", "data": data})


def test_a_depth_that_nobody_reads_is_not_official() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    assert not is_official(operations()["DataTransfer"].response, {"status": "Accepted", "data": deep})
