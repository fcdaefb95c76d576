"""Whether an answer is exactly what the official schema allows, while its model reads more than that.

A model says by itself what there is to say of names and types. Where it reads other types, or says nothing of a length,
an annotation of this module says what the schema has; it counts only here.
"""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel, BeforeValidator, ValidationInfo

from csms.ocpp import frames

_AS_THE_SCHEMA_HAS_IT: Final = "as the schema has it"


def text(longest: int | None = None) -> BeforeValidator:
    """Text of at most so many characters."""
    return _officially(lambda value: isinstance(value, str) and (longest is None or len(value) <= longest))


def word(*words: str) -> BeforeValidator:
    """One of these words, spelt like this."""
    return _officially(lambda value: value in words)


def tenths() -> BeforeValidator:
    """A number of at most one decimal."""
    return _officially(lambda value: isinstance(value, int) or _has_one_decimal(value))


def is_official(model: type[BaseModel], payload: Any) -> bool:
    """No field more, nothing to convert, no null."""
    try:
        model.model_validate_json(
            frames.dumps(payload),
            strict=True,
            extra="forbid",
            by_alias=True,
            by_name=False,
            context=_AS_THE_SCHEMA_HAS_IT,
        )
    except (ValueError, RecursionError):
        return False
    return not _has_null(payload)


def _officially(is_so: Callable[[Any], bool]) -> BeforeValidator:
    def check(value: Any, info: ValidationInfo) -> Any:
        if info.context == _AS_THE_SCHEMA_HAS_IT and not is_so(value):
            raise ValueError(_AS_THE_SCHEMA_HAS_IT)
        return value

    return BeforeValidator(check)


def _has_one_decimal(value: Any) -> bool:
    if not isinstance(value, float) or not math.isfinite(value):
        return False
    return value.is_integer() or Decimal(str(value)) % Decimal("0.1") == 0


def _has_null(value: Any) -> bool:
    """Whether there is one anywhere: no field of an answer may be null."""
    match value:
        case dict():
            return any(map(_has_null, value.values()))
        case list():
            return any(map(_has_null, value))
        case _:
            return value is None
