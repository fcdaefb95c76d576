"""Charging profiles as we send them [S 7.8, 7.13, 7.14], and the rules they must keep before they are sent [S 3.13]."""

import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from csms.ids import TransactionId
from csms.ocpp import frames
from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import GivenTimestamp
from csms.smart_charging.profiles import (
    MOST_PHASES,
    ChargingProfileKind,
    ChargingProfilePurpose,
    ChargingRateUnit,
    Period,
    Profile,
    RecurrencyKind,
    Schedule,
)
from csms.v16.operations import CommandRequest, Situation
from csms.v16.rules import Fault, FieldsRefused, limit_of
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
PROFILE_LIMITS: Final = (MAX_STACK_LEVEL, MAX_PERIODS, MAX_INSTALLED, ALLOWED_UNITS, CAN_SWITCH_PHASES)
"""What a charge point's configuration says about profiles."""
_UNIT_NAMES: Final = {ChargingRateUnit.A: "current", ChargingRateUnit.W: "power"}
_SCHEDULE: Final = "chargingSchedule"
_PERIOD: Final = f"{_SCHEDULE}.chargingSchedulePeriod"


def with_profile_id(body: JsonObject, name: str) -> JsonObject:
    """The body, the profile of that name given an id if it has none: positive, 31 bits, nobody else's."""
    profile = body.get(name)
    if not isinstance(profile, dict) or "chargingProfileId" in profile:
        return body
    number = int.from_bytes(os.urandom(4), "big") % (2**31 - 1) + 1
    return {**body, name: {"chargingProfileId": number, **profile}}


def check_profile(profile: ChargingProfile, limits: Mapping[str, str], name: str) -> None:
    """Refuse a profile that contradicts itself, or what the charge point is known to take.

    Args:
        profile: the profile.
        limits: what is known of the charge point's configuration keys above.
        name: that of the profile in its request.

    Raises:
        FieldsRefused: naming every field that is wrong.
    """
    faults = [*_stack_level(profile, limits), *_times(profile), *_periods(profile.charging_schedule, limits)]
    faults += unit_faults(profile.charging_schedule.charging_rate_unit, limits, _SCHEDULE)
    if faults:
        raise FieldsRefused(*(fault.under(name) for fault in faults))


def unit_faults(unit: ChargingRateUnit, limits: Mapping[str, str], *above: str) -> Iterator[Fault]:
    """A unit that the charge point is known not to take [ER 3.86]."""
    allowed = limits.get(ALLOWED_UNITS, "").casefold()
    if any(name in allowed for name in _UNIT_NAMES.values()) and _UNIT_NAMES[unit] not in allowed:
        reason = f"not {unit}, the charge point takes {limits[ALLOWED_UNITS]} ({ALLOWED_UNITS})"
        yield Fault(".".join((*above, "chargingRateUnit")), reason)


def known_limits(situation: Situation) -> dict[str, str]:
    """What the charge point's configuration says about profiles, as far as it is known."""
    return situation.store.configuration.values(situation.charge_point_id, *PROFILE_LIMITS)


def advice_on(profile: ChargingProfile, now: datetime) -> Iterator[str]:
    """What is allowed, but probably not meant."""
    schedule = profile.charging_schedule
    unheard = [period.start_period for period in schedule.charging_schedule_period if _is_past(period, schedule)]
    if unheard:
        yield f"startPeriod {', '.join(map(str, unheard))}: past the duration, never executed [S 5.16.4]"
    if profile.valid_to is not None and profile.valid_to <= now:
        yield "validTo: has passed, the profile limits nothing"
    if profile.valid_from is not None and profile.valid_from > now:
        yield "validFrom: lies ahead, and a profile that this one replaces is gone at once"
    if _has_run_out(profile, now):
        yield "duration: has passed, the profile limits nothing"


def translate(payload: JsonObject, connector_id: int | None, transaction_id: TransactionId | None) -> Profile:
    """A profile as it was sent, in the words of the mathematics. What was sent by force may break every rule."""
    given = ChargingProfile.model_validate_json(frames.dumps(payload))
    schedule = given.charging_schedule
    periods = sorted(schedule.charging_schedule_period, key=lambda period: period.start_period)
    return Profile(
        id=given.charging_profile_id,
        connector_id=connector_id,
        purpose=given.charging_profile_purpose,
        stack_level=given.stack_level,
        kind=given.charging_profile_kind,
        recurrency=given.recurrency_kind,
        valid_from=given.valid_from,
        valid_to=given.valid_to,
        transaction_id=transaction_id,
        schedule=Schedule(
            unit=schedule.charging_rate_unit,
            periods=tuple(_translated(period) for period in periods),
            start=schedule.start_schedule,
            duration_s=schedule.duration,
        ),
    )


def _translated(period: ChargingSchedulePeriod) -> Period:
    phases = period.number_phases if period.number_phases in {1, 2, 3} else None
    return Period(period.start_period, Decimal(str(period.limit)), phases)


def _stack_level(profile: ChargingProfile, limits: Mapping[str, str]) -> Iterator[Fault]:
    most = limit_of(limits.get(MAX_STACK_LEVEL))
    if profile.stack_level < 0:
        yield Fault("stackLevel", "must be at least 0", profile.stack_level)
    elif most is not None and profile.stack_level > most:
        yield Fault("stackLevel", f"the charge point has {most} at most ({MAX_STACK_LEVEL})", profile.stack_level)


def _times(profile: ChargingProfile) -> Iterator[Fault]:
    kind, start = profile.charging_profile_kind, profile.charging_schedule.start_schedule
    if (profile.recurrency_kind is not None) is not (kind is ChargingProfileKind.RECURRING):
        yield Fault("recurrencyKind", "there if, and only if, chargingProfileKind is Recurring [ER 3.56]")
    if kind is ChargingProfileKind.RELATIVE and start is not None:
        yield Fault(f"{_SCHEDULE}.startSchedule", "a Relative profile starts with its transaction, leave it out")
    if kind is not ChargingProfileKind.RELATIVE and start is None:
        yield Fault(f"{_SCHEDULE}.startSchedule", f"missing, {kind} needs it")
    if profile.valid_from and profile.valid_to and profile.valid_from >= profile.valid_to:
        yield Fault("validTo", "not after validFrom")


def _periods(schedule: ChargingSchedule, limits: Mapping[str, str]) -> Iterator[Fault]:
    periods, most = schedule.charging_schedule_period, limit_of(limits.get(MAX_PERIODS))
    if not periods:
        yield Fault(_PERIOD, "at least one [S 7.13]")
    if most and len(periods) > most:  # 0 would be a station that takes no schedule at all: it says nothing
        yield Fault(_PERIOD, f"the charge point takes {most} periods ({MAX_PERIODS})")
    if periods and periods[0].start_period != 0:
        yield Fault(f"{_PERIOD}.0.startPeriod", "the first must be 0 [S 7.13]")
    for number, (earlier, later) in enumerate(pairwise(periods), 1):
        if later.start_period <= earlier.start_period:
            yield Fault(f"{_PERIOD}.{number}.startPeriod", "must ascend from period to period")
    for number, period in enumerate(periods):
        if period.limit < 0:
            yield Fault(f"{_PERIOD}.{number}.limit", "must be at least 0")
        if period.number_phases is not None and not 1 <= period.number_phases <= MOST_PHASES:
            yield Fault(f"{_PERIOD}.{number}.numberPhases", "1, 2 or 3")
    if schedule.min_charging_rate is not None and schedule.min_charging_rate < 0:
        yield Fault(f"{_SCHEDULE}.minChargingRate", "must be at least 0")
    if schedule.duration is not None and schedule.duration <= 0:
        yield Fault(f"{_SCHEDULE}.duration", "must be more than 0 s", schedule.duration)
    numbers = {MOST_PHASES if period.number_phases is None else period.number_phases for period in periods}
    if len(numbers) > 1 and limits.get(CAN_SWITCH_PHASES, "").casefold() == "false":
        yield Fault(_PERIOD, f"numberPhases: the charge point cannot switch within a schedule ({CAN_SWITCH_PHASES})")


def _is_past(period: ChargingSchedulePeriod, schedule: ChargingSchedule) -> bool:
    return schedule.duration is not None and period.start_period >= schedule.duration


def _has_run_out(profile: ChargingProfile, now: datetime) -> bool:
    schedule = profile.charging_schedule
    if profile.charging_profile_kind is not ChargingProfileKind.ABSOLUTE or schedule.start_schedule is None:
        return False
    return schedule.duration is not None and now - schedule.start_schedule >= timedelta(seconds=schedule.duration)
