"""Charging profiles as we send them [S 7.8, 7.13, 7.14], and the rules they must keep before they are sent [S 3.13]."""

import os
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from csms.calls import CallRefused
from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import GivenTimestamp
from csms.smart_charging.profiles import (
    ChargingProfileKind,
    ChargingProfilePurpose,
    ChargingRateUnit,
    RecurrencyKind,
)
from csms.v16.operations import CommandRequest, Situation
from csms.v16.rules import number_of
from csms.v16.types import Integer32


def _check_tenths(value: float) -> float:
    if not value.is_integer() and Decimal(str(value)) % Decimal("0.1"):
        raise ValueError("at most one decimal")
    return value


Tenths = Annotated[float, Field(allow_inf_nan=False), AfterValidator(_check_tenths)]
"""A limit; the schema wants a multiple of 0.1."""


class ChargingSchedulePeriod(CommandRequest):
    """A limit from `start_period` s after the start of the schedule [S 7.14]."""

    start_period: Integer32
    limit: Tenths
    number_phases: Integer32 | None = None


class ChargingSchedule(CommandRequest):
    """Limits over time [S 7.13]. `duration` in s."""

    duration: Integer32 | None = None
    start_schedule: GivenTimestamp | None = None
    charging_rate_unit: ChargingRateUnit
    charging_schedule_period: tuple[ChargingSchedulePeriod, ...]
    min_charging_rate: Tenths | None = None


class ChargingProfile(CommandRequest):
    """A charging profile [S 7.8]."""

    charging_profile_id: Integer32
    transaction_id: Integer32 | None = None
    stack_level: Integer32
    charging_profile_purpose: ChargingProfilePurpose
    charging_profile_kind: ChargingProfileKind
    recurrency_kind: RecurrencyKind | None = None
    valid_from: GivenTimestamp | None = None
    valid_to: GivenTimestamp | None = None
    charging_schedule: ChargingSchedule


MAX_STACK_LEVEL: Final = "ChargeProfileMaxStackLevel"
MAX_PERIODS: Final = "ChargingScheduleMaxPeriods"
MAX_INSTALLED: Final = "MaxChargingProfilesInstalled"
ALLOWED_UNITS: Final = "ChargingScheduleAllowedChargingRateUnit"
CAN_SWITCH_PHASES: Final = "ConnectorSwitch3to1PhaseSupported"
LIMITS: Final = (MAX_STACK_LEVEL, MAX_PERIODS, MAX_INSTALLED, ALLOWED_UNITS, CAN_SWITCH_PHASES)
"""The configuration keys that say which profiles a charge point takes [S 9.4]."""
_UNIT_NAMES: Final = {ChargingRateUnit.A: "current", ChargingRateUnit.W: "power"}


def with_profile_id(body: JsonObject, name: str) -> JsonObject:
    """The body, the profile of that name given an id if it has none: positive, 31 bits, nobody else's."""
    profile = body.get(name)
    if not isinstance(profile, dict) or "chargingProfileId" in profile:
        return body
    number = int.from_bytes(os.urandom(4), "big") % (2**31 - 1) + 1
    return {**body, name: {"chargingProfileId": number, **profile}}


def check_profile(profile: ChargingProfile, limits: dict[str, str]) -> None:
    """Refuse a profile that contradicts itself, or what the charge point is known to take.

    Args:
        profile: the profile.
        limits: what is known of the charge point's configuration keys above.

    Raises:
        CallRefused: naming the field.
    """
    _check_stack_level(profile, limits)
    _check_times(profile)
    _check_periods(profile.charging_schedule, limits)
    check_unit(profile.charging_schedule.charging_rate_unit, limits)


def check_unit(unit: ChargingRateUnit, limits: dict[str, str]) -> None:
    """Refuse a unit that the charge point is known not to take [ER 3.86].

    Raises:
        CallRefused: naming the key.
    """
    allowed = limits.get(ALLOWED_UNITS, "").casefold()
    if any(name in allowed for name in _UNIT_NAMES.values()) and _UNIT_NAMES[unit] not in allowed:
        raise CallRefused(f"chargingRateUnit {unit}: the charge point takes {limits[ALLOWED_UNITS]} ({ALLOWED_UNITS})")


def known_limits(situation: Situation) -> dict[str, str]:
    """What the charge point's configuration says about profiles, as far as it is known."""
    return situation.store.configuration.values(situation.charge_point_id, *LIMITS)


def _check_stack_level(profile: ChargingProfile, limits: dict[str, str]) -> None:
    most = number_of(limits.get(MAX_STACK_LEVEL))
    if profile.stack_level < 0:
        raise CallRefused(f"stackLevel {profile.stack_level}: must be at least 0")
    if most is not None and profile.stack_level > most:
        raise CallRefused(f"stackLevel {profile.stack_level}: the charge point has {most} at most ({MAX_STACK_LEVEL})")


def _check_times(profile: ChargingProfile) -> None:
    kind, start = profile.charging_profile_kind, profile.charging_schedule.start_schedule
    if (profile.recurrency_kind is not None) is not (kind is ChargingProfileKind.RECURRING):
        raise CallRefused("recurrencyKind: there if, and only if, chargingProfileKind is Recurring [ER 3.56]")
    if kind is ChargingProfileKind.RELATIVE and start is not None:
        raise CallRefused("startSchedule: a Relative profile starts with its transaction, leave it out")
    if kind is not ChargingProfileKind.RELATIVE and start is None:
        raise CallRefused(f"startSchedule: missing, {kind} needs it")
    if profile.valid_from and profile.valid_to and profile.valid_from >= profile.valid_to:
        raise CallRefused("validTo: not after validFrom")


def _check_periods(schedule: ChargingSchedule, limits: dict[str, str]) -> None:
    periods, most = schedule.charging_schedule_period, number_of(limits.get(MAX_PERIODS))
    if not periods:
        raise CallRefused("chargingSchedulePeriod: at least one [S 7.13]")
    if most is not None and len(periods) > most:
        raise CallRefused(f"chargingSchedulePeriod: the charge point takes {most} periods ({MAX_PERIODS})")
    if periods[0].start_period != 0:
        raise CallRefused("startPeriod: the first must be 0 [S 7.13]")
    if any(later.start_period <= earlier.start_period for earlier, later in pairwise(periods)):
        raise CallRefused("startPeriod: must ascend from period to period")
    if any(period.limit < 0 for period in periods):
        raise CallRefused("limit: must be at least 0")
    if schedule.min_charging_rate is not None and schedule.min_charging_rate < 0:
        raise CallRefused("minChargingRate: must be at least 0")
    if schedule.duration is not None and schedule.duration <= 0:
        raise CallRefused(f"duration {schedule.duration}: must be more than 0 s")
    _check_phases(periods, limits)


def _check_phases(periods: tuple[ChargingSchedulePeriod, ...], limits: dict[str, str]) -> None:
    if any(period.number_phases is not None and not 1 <= period.number_phases <= 3 for period in periods):
        raise CallRefused("numberPhases: 1, 2 or 3")
    numbers = {3 if period.number_phases is None else period.number_phases for period in periods}
    if len(numbers) > 1 and limits.get(CAN_SWITCH_PHASES, "").casefold() == "false":
        raise CallRefused(f"numberPhases: the charge point cannot switch within a schedule ({CAN_SWITCH_PHASES})")
