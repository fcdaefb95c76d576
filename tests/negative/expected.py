"""How each wrong payload has to be answered: written from the specification and the tolerant reader, not from the code.

A CALL with a field that is missing or cannot be read is answered with a CALLERROR [J 4.2.3, table 7]. What stations in
the field get wrong and what can be understood all the same is no reason to refuse: `null` in an optional field, a
number for text and text that is a number, a number for a time (seconds since 1970), text that is too long, a word that
an enumeration does not have, a field that the standard does not have.
"""

from typing import Any, Final

from tests.negative.variants import Kind, Variant
from tests.schemas import schema

Codes = frozenset[str]

ANSWERED: Final[Codes] = frozenset()
"""With a CALLRESULT."""
MISSING_FIELD: Final[Codes] = frozenset({"OccurenceConstraintViolation", "ProtocolError", "FormationViolation"})
"""The standard does not say which of them it is for a field that is missing."""
MALFORMED: Final[Codes] = frozenset({"FormationViolation"})
WRONG_TYPE: Final[Codes] = frozenset({"TypeConstraintViolation"})
WRONG_VALUE: Final[Codes] = frozenset({"PropertyConstraintViolation", "TypeConstraintViolation"})

CHARGE_DATA: Final = frozenset({"StartTransaction", "StopTransaction", "MeterValues"})
"""Kept whatever is wrong with it."""
_WITHOUT_RULES: Final = {
    ("StartTransaction", "reservationId"),
    ("StopTransaction", "transactionId"),
    ("MeterValues", "transactionId"),
    ("DataTransfer", "data"),
}
"""No message is refused for these: charge data is worth more than its reference [ER 3.18]; data is the vendor's."""
_ROUNDED: Final = frozenset({"meterStart", "meterStop"})


def expected_codes(action: str, variant: Variant) -> Codes:
    """The codes one of which the CALLERROR must have; `ANSWERED` where the CALL must be answered like a right one."""
    if variant.kind is Kind.EXTRA or (action, variant.field) in _WITHOUT_RULES:
        return ANSWERED
    if not variant.path:
        return _of_whole_payload(action, variant)
    codes = ANSWERED
    match variant.kind:
        case Kind.MISSING | Kind.NULL:
            codes = MISSING_FIELD if variant.is_required else ANSWERED
        case Kind.MISTYPED:
            codes = _of_wrong_type(variant)
        case Kind.OVER_LONG:
            codes = WRONG_VALUE if variant.part["type"] == "integer" else ANSWERED
        case Kind.EMPTY:
            codes = _of_empty(variant)
    return codes


def fault_in(action: str, variant: Variant, answer: list[Any]) -> str | None:
    """What is wrong with the frame that came in answer; None if nothing is."""
    codes, code = expected_codes(action, variant), answer[2] if answer[0] == 4 else None
    if code in codes or (codes is ANSWERED and code is None):
        return None
    return f"{variant}: {code or 'CALLRESULT'} instead of {' or '.join(codes) or 'CALLRESULT'}"


def _of_whole_payload(action: str, variant: Variant) -> Codes:
    """`null` is an empty payload [J 4.2]; anything but an object is no CALL."""
    if variant.kind in {Kind.NULL, Kind.EMPTY}:
        return MISSING_FIELD if schema(action).get("required") else ANSWERED
    return MALFORMED


def _of_wrong_type(variant: Variant) -> Codes:
    match variant.part:
        case {"format": "date-time"}:
            return ANSWERED if _is_number(variant.value) or variant.value == "7" else WRONG_VALUE
        case {"type": "string"}:
            return ANSWERED if _is_number(variant.value) else WRONG_TYPE
        case {"type": "integer"}:
            is_whole = variant.value == "7" or (variant.field in _ROUNDED and variant.value == 7.5)
            return ANSWERED if is_whole else WRONG_TYPE
        case _:
            return WRONG_TYPE


def _of_empty(variant: Variant) -> Codes:
    match variant.part:
        case {"format": "date-time"}:
            return WRONG_VALUE
        case {"type": "object", "required": [_, *_]}:
            return MISSING_FIELD
        case _:
            return ANSWERED


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
