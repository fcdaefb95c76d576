"""Meter readings as `sampledValue` lists (OCPP 1.6 §7.43), snake-cased for the `ocpp` package."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from local.fleet.charging_profiles import NOMINAL_VOLTAGE_V

SampledValue: TypeAlias = dict[str, str]
PHASES: Final = ("L1", "L2", "L3")


@dataclass(frozen=True)
class Reading:
    """What a connector's meter shows."""

    meter_wh: int
    power_w: float
    offered_w: float
    phases: int
    soc: float | None
    """State of charge, 0 to 1, where the station can ask the car."""


def meter_value(at: datetime, reading: Reading, measurands: Sequence[str], context: str) -> dict[str, object]:
    """One `meterValue` with the measurands that are configured."""
    values = [value for measurand in measurands for value in _sample(measurand, reading, context)]
    return {"timestamp": timestamp(at), "sampled_value": values}


def timestamp(at: datetime) -> str:
    """Time as it goes over the wire."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _sample(measurand: str, reading: Reading, context: str) -> Iterator[SampledValue]:
    def value(amount: float, unit: str, location: str = "Outlet", phase: str | None = None) -> SampledValue:
        fields = {"value": f"{amount:g}" if unit != "Wh" else str(int(amount)), "context": context}
        fields |= {"format": "Raw", "measurand": measurand, "location": location, "unit": unit}
        return fields | ({"phase": phase} if phase else {})

    lines = PHASES[: reading.phases]
    match measurand:
        case "Energy.Active.Import.Register":
            yield value(reading.meter_wh, "Wh")
        case "Power.Active.Import":
            yield value(round(reading.power_w), "W")
        case "Power.Offered":
            yield value(round(reading.offered_w), "W")
        case "Current.Import":
            current_a = reading.power_w / NOMINAL_VOLTAGE_V / reading.phases
            yield from (value(round(current_a, 1), "A", phase=line) for line in lines)
        case "Voltage":
            yield from (value(NOMINAL_VOLTAGE_V, "V", phase=f"{line}-N") for line in lines)
        case "SoC" if reading.soc is not None:
            yield value(round(reading.soc * 100), "Percent", location="EV")
