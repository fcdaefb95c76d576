"""Profiles for tests."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from csms.ids import TransactionId
from csms.smart_charging.profiles import (
    ChargingProfileKind,
    ChargingProfilePurpose,
    ChargingRateUnit,
    Period,
    Profile,
    RunningTransaction,
    Schedule,
)

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
MAX = ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE
DEFAULT = ChargingProfilePurpose.TX_DEFAULT_PROFILE
TX = ChargingProfilePurpose.TX_PROFILE
A, W = ChargingRateUnit.A, ChargingRateUnit.W
TRANSACTION = RunningTransaction(TransactionId(7), START)


def after(**since: float) -> datetime:
    """That long after the start of everything."""
    return START + timedelta(**since)


def a_profile(
    purpose: ChargingProfilePurpose,
    limits: Mapping[int, float],
    duration_s: int | None = None,
    *,
    start: datetime | None = START,
    unit: ChargingRateUnit = A,
    phases: int | None = None,
    **changes: Any,
) -> Profile:
    """A profile whose periods start at those seconds. Without a start it is Relative."""
    periods = tuple(Period(start_s, Decimal(str(limit)), phases) for start_s, limit in limits.items())
    described: dict[str, Any] = {
        "id": 1,
        "connector_id": 0 if purpose is MAX else 1,
        "stack_level": 0,
        "kind": ChargingProfileKind.ABSOLUTE if start else ChargingProfileKind.RELATIVE,
        "transaction_id": TRANSACTION.id if purpose is TX else None,
    }
    return Profile(purpose=purpose, schedule=Schedule(unit, periods, start, duration_s), **described | changes)
