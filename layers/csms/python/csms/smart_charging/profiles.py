"""Charging profiles as the mathematics needs them [S 3.13, 7.8, 7.13, 7.14], whatever they looked like on the wire."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Final

from csms.ids import TransactionId

TENTH: Final = Decimal("0.1")
"""The step in which limits are given [S 7.14]."""
MOST_PHASES: Final = 3
"""Assumed where a period says nothing [S 7.12]."""


class ChargingProfilePurpose(StrEnum):
    """What a profile limits [S 7.11]."""

    CHARGE_POINT_MAX_PROFILE = "ChargePointMaxProfile"
    TX_DEFAULT_PROFILE = "TxDefaultProfile"
    TX_PROFILE = "TxProfile"


class ChargingProfileKind(StrEnum):
    """When its schedule starts [S 7.10]."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class RecurrencyKind(StrEnum):
    """How often it starts again [S 7.37]."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


class ChargingRateUnit(StrEnum):
    """A per phase, or W in all [S 7.12]."""

    A = "A"
    W = "W"


@dataclass(frozen=True)
class Supply:
    """How a connector is fed. `maximum_a`: what its hardware lets through on each phase, None where nobody said."""

    voltage_v: int = 230
    """Between a phase and neutral: the nominal one, not a measured one [S 7.12]."""
    phases: int = MOST_PHASES
    maximum_a: Decimal | None = None


@dataclass(frozen=True)
class Limit:
    """The most that may be drawn: A on each phase, or W in all."""

    value: Decimal
    unit: ChargingRateUnit
    phases: int | None = None

    def in_unit(self, unit: ChargingRateUnit, supply: Supply) -> Decimal:
        """The same in that unit, not rounded.

        W are spread over the phases that the period names; A flow on those of them that the connector has. A period
        with more phases than there are is followed as it stands [S 7.12].
        """
        if unit is self.unit:
            return self.value
        named = self.phases or MOST_PHASES
        if unit is ChargingRateUnit.A:
            return self.value / (supply.voltage_v * named)
        return self.value * supply.voltage_v * min(named, supply.phases)


@dataclass(frozen=True)
class Period:
    """A limit from `start_s` seconds after the start of its schedule [S 7.14]."""

    start_s: int
    limit: Decimal
    phases: int | None = None


@dataclass(frozen=True)
class Schedule:
    """Limits over time, in ascending order [S 7.13]. Without `start` it starts with the transaction."""

    unit: ChargingRateUnit
    periods: tuple[Period, ...]
    start: datetime | None = None
    duration_s: int | None = None


@dataclass(frozen=True)
class RunningTransaction:
    """What a profile has to know of a transaction: whether it is meant, and when it started."""

    id: TransactionId | None
    """None: as if one started, which has no profiles of its own."""
    started_at: datetime


@dataclass(frozen=True)
class Profile:
    """A charging profile where it is installed."""

    id: int
    connector_id: int | None
    """None: for a transaction that is to come, on a connector that the charge point chooses."""
    purpose: ChargingProfilePurpose
    stack_level: int
    kind: ChargingProfileKind
    schedule: Schedule
    recurrency: RecurrencyKind | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction_id: TransactionId | None = None

    @property
    def starts_with_transaction(self) -> bool:
        """Whether its schedule counts from the start of a transaction [S 7.10, 7.13]."""
        return self.kind is ChargingProfileKind.RELATIVE or self.schedule.start is None

    def replaces(self, other: "Profile") -> bool:
        """Whether a charge point that accepts it forgets the other: same id, or same place in the stack [S 5.16.3]."""
        return self.id == other.id or (self.connector_id, self.purpose, self.stack_level) == (
            other.connector_id,
            other.purpose,
            other.stack_level,
        )


def floor_tenths(value: Decimal) -> Decimal:
    """The limit that can be written down and is not above it."""
    return value.quantize(TENTH, ROUND_FLOOR)
