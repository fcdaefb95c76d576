"""What a connector draws, as its meter values say [S 7.31, 7.33, 7.43]: currents, or those that a power means."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, isfinite
from typing import Any, Final

_CURRENT: Final = "Current.Import"
_POWER: Final = "Power.Active.Import"
_SCALES: Final = {"w": 1.0, "kw": 1000.0}
_MOST: Final = 1e9
_OWN_PHASES: Final = frozenset({None, "L1", "L2", "L3", "L1-N", "L2-N", "L3-N"})


def measured_da(meter_value: Sequence[Mapping[str, Any]], voltage_v: int, phases: int) -> int | None:
    """The highest current of a phase in the latest of the samples, in tenths of an ampere; None if they do not say.

    Args:
        meter_value: as a station sent it.
        voltage_v: nominal, between a phase and neutral.
        phases: how many a power without phase is spread over.
    """
    for moment in reversed(meter_value):
        samples = [sample for sample in moment.get("sampledValue") or () if _is_at_outlet(sample)]
        currents = list(_values(samples, _CURRENT))
        powers = list(_values(samples, _POWER))
        if currents:
            return ceil(max(value for _, value in currents) * 10)
        if powers:
            return ceil(max(watts / voltage_v / (1 if phase else phases) for phase, watts in powers) * 10)
    return None


def _values(samples: Iterable[Mapping[str, Any]], measurand: str) -> Iterable[tuple[str | None, float]]:
    for sample in samples:
        phase = sample.get("phase")
        if sample.get("measurand") != measurand or phase not in _OWN_PHASES:
            continue
        value = _number(sample.get("value"))
        if value is not None and value >= 0:
            scale = _SCALES.get(str(sample.get("unit", "W")).casefold(), 1.0) if measurand == _POWER else 1.0
            yield phase, min(value, _MOST) * scale


def _is_at_outlet(sample: Mapping[str, Any]) -> bool:
    return sample.get("location") in {None, "Outlet"} and sample.get("format") in {None, "Raw"}


def _number(text: object) -> float | None:
    try:
        value = float(str(text))
    except ValueError:
        return None
    return value if isfinite(value) else None
