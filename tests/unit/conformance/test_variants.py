"""The wrong variants of a payload are wrong, and every field has its share of them."""

import pytest

from csms.v16.operations import operations
from csms.v16.registry import actions
from tests.negative.variants import ABSENT, Kind, Variant, full_payload, variants
from tests.schemas import schema, validator

NAMES = [*actions(), *(f"{action}Response" for action in operations())]


def breaks_the_schema(variant: Variant) -> bool:
    """Whether a validator must notice it: no schema looks at times or sizes of numbers, and empty text is text."""
    is_text_of_a_time = "format" in variant.part and isinstance(variant.value, str)
    return {
        Kind.MISSING: variant.is_required,
        Kind.MISTYPED: not is_text_of_a_time,
        Kind.OVER_LONG: variant.part.get("type") == "string",
        Kind.EMPTY: False,
    }.get(variant.kind, True)


@pytest.mark.parametrize("name", NAMES)
def test_a_variant_is_wrong_where_it_says_so_and_the_payload_it_is_made_of_is_right(name: str) -> None:
    payload = full_payload(schema(name), {})
    validator(name).validate(payload)
    for variant in variants(schema(name), payload):
        if variant.payload is not ABSENT and breaks_the_schema(variant):
            assert not validator(name).is_valid(variant.payload), variant


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_missed_once_and_given_every_other_type(name: str) -> None:
    found = list(variants(schema(name), full_payload(schema(name), {})))
    missed = [variant.path for variant in found if variant.kind is Kind.MISSING]
    assert len(missed) == len(set(missed))
    assert {(field,) for field in schema(name).get("properties", {})} <= set(missed)
    for path in missed:
        mistyped = [variant.value for variant in found if variant.kind is Kind.MISTYPED and variant.path == path]
        assert len({type(value) for value in mistyped}) >= 4, path
