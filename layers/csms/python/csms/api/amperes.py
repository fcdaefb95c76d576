"""Electric quantities as requests and answers have them: A with one decimal, W in whole numbers.

The store keeps tenths of an ampere.
"""

from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from csms.ocpp.primitives import Integer
from csms.store.sites import PerPhase

_LARGEST_A: Final = 10_000
_MINIMUM_A: Final = 6
_PHASES: Final = 3


def _check(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number is expected")
    if not 0 <= value <= _LARGEST_A:
        raise ValueError(f"from 0 to {_LARGEST_A} A")
    if Decimal(str(value)) % Decimal("0.1"):
        raise ValueError("at most one decimal")
    return value


def _check_usable(value: Any) -> Any:
    if _check(value) < _MINIMUM_A:
        raise ValueError(f"at least {_MINIMUM_A} A: with less, no vehicle charges")
    return value


def _check_pause_or_usable(value: Any) -> Any:
    return value if _check(value) == 0 else _check_usable(value)


def _on_each_phase(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [_check(value)] * _PHASES


_NUMBER: Final = {"type": "number", "minimum": 0, "maximum": _LARGEST_A, "multipleOf": 0.1}
_USABLE: Final = {**_NUMBER, "minimum": _MINIMUM_A}
_TRIPLE: Final = {"type": "array", "items": _NUMBER, "minItems": _PHASES, "maxItems": _PHASES}

Amperes = Annotated[float, BeforeValidator(_check), WithJsonSchema(_NUMBER)]
UsableAmperes = Annotated[float, BeforeValidator(_check_usable), WithJsonSchema(_USABLE)]
"""A vehicle can charge with it [IEC 61851-1]."""
PauseOrUsableAmperes = Annotated[
    float, BeforeValidator(_check_pause_or_usable), WithJsonSchema({"oneOf": [{"const": 0}, _USABLE]})
]
PhaseAmperes = Annotated[
    tuple[Amperes, Amperes, Amperes],
    BeforeValidator(_on_each_phase),
    WithJsonSchema({"oneOf": [_NUMBER, _TRIPLE]}),
]
"""On L1, L2 and L3; one number is the same on each."""
Watts = Annotated[Integer, Field(ge=0, le=100_000_000)]


def to_tenths(amperes: float) -> int:
    """In tenths of an ampere."""
    return int(Decimal(str(amperes)) * 10)


def to_amperes(tenths: int) -> float:
    """In amperes."""
    return tenths / 10


def phases_to_tenths(amperes: tuple[float, float, float]) -> PerPhase:
    """In tenths of an ampere, phase by phase."""
    first, second, third = map(to_tenths, amperes)
    return first, second, third


def phases_to_amperes(tenths: PerPhase) -> tuple[float, float, float]:
    """In amperes, phase by phase."""
    first, second, third = map(to_amperes, tenths)
    return first, second, third
