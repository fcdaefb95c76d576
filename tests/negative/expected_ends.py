"""How a call of ours must end with each wrong answer: written from the operations' own rules, not from the code.

An answer is never answered [J 4.2]. One that cannot be understood ends its call all the same, as failed, and frees the
way for the next. What can be understood is used: the status counts, whatever else is wrong (DESIGN §5).
"""

from typing import Final

from tests.negative.variants import Kind, Variant
from tests.schemas import schema

ACCEPTED: Final = "accepted"
REJECTED: Final = "rejected"
FAILED: Final = "failed"


def expected_end(action: str, variant: Variant) -> str:
    """The state of the call."""
    required = schema(f"{action}Response").get("required", ())
    if not variant.path:
        return FAILED if required else ACCEPTED
    if variant.path[0] not in required:
        return ACCEPTED
    match variant.kind:
        case Kind.WRONG_ENUM:
            return ACCEPTED if variant.value == variant.part["enum"][0].swapcase() else REJECTED
        case Kind.EMPTY:
            return REJECTED
        case Kind.MISTYPED if variant.part["type"] == "integer" and variant.value == "7":
            return ACCEPTED
        case _:
            return FAILED


def fault_of(action: str, variant: Variant, state: str) -> str | None:
    """What is wrong with how the call ended; None if nothing is."""
    expected = expected_end(action, variant)
    return None if state == expected else f"{variant}: {state} instead of {expected}"
