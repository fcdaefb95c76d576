"""Which wrong variants are sent: all of them into the functions, some over the wire; counted by message and by kind."""

from collections import Counter
from typing import Final

from csms.v16.operations import operations
from csms.v16.registry import actions
from tests.negative.frames import CALL_ERROR
from tests.negative.variants import ABSENT, Schema, Variant, full_payload, variants
from tests.schemas import schema

Counts = dict[str, dict[str, int]]
"""Of variants: by message, by kind."""

ANSWERS_OVER_THE_WIRE: Final = ("GetConfiguration", "GetLocalListVersion", "GetCompositeSchedule", "ClearCache")
"""Operations whose wrong answers are sent over the wire, too."""


def sample(official: Schema) -> list[Variant]:
    """Of each kind one, of a field that must be there if there is such a field."""
    chosen: dict[str, Variant] = {}
    for variant in variants(official, full_payload(official, {})):
        if variant.payload is not ABSENT and _weight(variant) > _weight(chosen.get(variant.kind)):
            chosen[variant.kind] = variant
    return list(chosen.values())


def _weight(variant: Variant | None) -> int:
    return 0 if variant is None else 1 + bool(variant.path) + (bool(variant.path) and variant.is_required)


def counted(found: list[Variant]) -> dict[str, int]:
    """How many there are of each kind."""
    return dict(Counter(str(variant.kind) for variant in found))


def counts_in_functions() -> Counts:
    """What is sent straight into the functions."""
    schemas = {action: schema(action) for action in actions()}
    schemas |= {f"{action}.conf": schema(f"{action}Response") for action in operations()}
    schemas["CALLERROR"] = CALL_ERROR
    return {name: counted(list(variants(each, full_payload(each, {})))) for name, each in schemas.items()}


def counts_over_the_wire() -> Counts:
    """What a station sends over its WebSocket."""
    schemas = {action: schema(action) for action in actions()}
    schemas |= {f"{action}.conf": schema(f"{action}Response") for action in ANSWERS_OVER_THE_WIRE}
    return {name: counted(sample(each)) for name, each in schemas.items()}
