"""The charging profiles that a charging plan sends (DESIGN §7, [S 3.13]).

Every schedule starts in the past, so that a station whose clock is slow follows it at once, and ends with the safe
limit, because nothing falls back when a TxProfile runs out (OCPP16.md §3.3, TC_066). Certification wants absolute
profiles to say until when they hold: ours say ten years, which is for good; a plan that runs renews them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from zlib import crc32

from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import format_timestamp
from csms.smart_charging.profiles import ChargingProfilePurpose
from csms.v16.charging_profiles import ALLOWED_UNITS, MAX_PERIODS
from csms.v16.rules import limit_of

_SLOW_CLOCK: Final = timedelta(hours=1)
_FOR_GOOD: Final = timedelta(days=3652)
_RENEWED: Final = timedelta(days=366)
_PERIODS_IF_UNKNOWN: Final = 24


@dataclass(frozen=True)
class Step:
    """A limit from a moment on, A per phase in tenths."""

    at: datetime
    limit_da: int


@dataclass(frozen=True)
class Wiring:
    """What turns currents into what a station understands. `limits`: its configuration keys about profiles."""

    phases: int
    voltage_v: int
    limits: dict[str, str]

    @property
    def most_periods(self) -> int:
        """How many periods a schedule may have."""
        return max(1, limit_of(self.limits.get(MAX_PERIODS)) or _PERIODS_IF_UNKNOWN)

    @property
    def takes_only_power(self) -> bool:
        """Whether limits must be in W."""
        allowed = self.limits.get(ALLOWED_UNITS, "").casefold()
        return "power" in allowed and "current" not in allowed


def profile_id(charge_point_id: str, connector_id: int, purpose: ChargingProfilePurpose) -> int:
    """The same for the same purpose at the same place, so that a new profile replaces the last one: 31 bits."""
    return crc32(f"{charge_point_id}#{connector_id}#{purpose}".encode()) % (2**31 - 1) + 1


def fitted(steps: Sequence[Step], end: datetime, safe_limit_da: int, most: int) -> tuple[Step, ...]:
    """The steps without repetitions, and from `end` on the safe limit. Where a station takes fewer, what is left out
    becomes its lowest, or the safe limit if that is lower.
    """
    merged = [next(group) for _, group in groupby([*steps, Step(end, safe_limit_da)], lambda step: step.limit_da)]
    if len(merged) <= most:
        return tuple(merged)
    kept, left_out = merged[: most - 1], merged[most - 1 :]
    return (*kept, Step(left_out[0].at, min(step.limit_da for step in left_out)))


def transaction_profile(
    charge_point_id: str, connector_id: int, transaction_id: int, steps: Sequence[Step], wiring: Wiring
) -> JsonObject:
    """A TxProfile that follows the steps; the last holds as long as the transaction runs."""
    purpose = ChargingProfilePurpose.TX_PROFILE
    return _request(charge_point_id, connector_id, purpose, steps, wiring, {"transactionId": transaction_id})


def failsafe(charge_point_id: str, safe_limit_da: int, now: datetime, wiring: Wiring) -> JsonObject:
    """The TxDefaultProfile under which every transaction starts, and goes on when its own profile is gone."""
    purpose = ChargingProfilePurpose.TX_DEFAULT_PROFILE
    return _request(charge_point_id, 0, purpose, [Step(now, safe_limit_da)], wiring, {})


def station_maximum(charge_point_id: str, maximum_da: int, now: datetime, wiring: Wiring) -> JsonObject:
    """The ChargePointMaxProfile that caps all connectors of a station together."""
    purpose = ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE
    return _request(charge_point_id, 0, purpose, [Step(now, maximum_da)], wiring, {})


def is_lasting(profile: JsonObject, now: datetime) -> bool:
    """Whether an installed profile of a plan holds so long that it need not be renewed now."""
    return str(profile.get("validTo", "")) > format_timestamp(now + _RENEWED)


def says_the_same(installed: JsonObject, wanted: JsonObject) -> bool:
    """Whether two profiles that hold for good limit alike, whenever they were made."""
    return _lasting_part(installed) == _lasting_part(wanted)


def _lasting_part(profile: JsonObject) -> JsonObject:
    schedule = {name: value for name, value in profile["chargingSchedule"].items() if name != "startSchedule"}
    dated = {"validFrom", "validTo", "chargingSchedule"}
    return {**{name: value for name, value in profile.items() if name not in dated}, "chargingSchedule": schedule}


def _request(
    charge_point_id: str,
    connector_id: int,
    purpose: ChargingProfilePurpose,
    steps: Sequence[Step],
    wiring: Wiring,
    extra: JsonObject,
) -> JsonObject:
    start = (steps[0].at - _SLOW_CLOCK).replace(microsecond=0)
    unit = "W" if wiring.takes_only_power else "A"
    return {
        "connectorId": connector_id,
        "csChargingProfiles": {
            "chargingProfileId": profile_id(charge_point_id, connector_id, purpose),
            **extra,
            "stackLevel": 0,
            "chargingProfilePurpose": purpose.value,
            "chargingProfileKind": "Absolute",
            "validFrom": format_timestamp(start),
            "validTo": format_timestamp(start + _FOR_GOOD),
            "chargingSchedule": {
                "duration": int(_FOR_GOOD.total_seconds()),
                "startSchedule": format_timestamp(start),
                "chargingRateUnit": unit,
                "chargingSchedulePeriod": [
                    _period(step, start if number == 0 else step.at, start, wiring) for number, step in enumerate(steps)
                ],
            },
        },
    }


def _period(step: Step, at: datetime, start: datetime, wiring: Wiring) -> JsonObject:
    """The first one reaches back to the start."""
    power_factor = wiring.voltage_v * wiring.phases if wiring.takes_only_power else 1
    period: JsonObject = {"startPeriod": int((at - start).total_seconds()), "limit": step.limit_da * power_factor / 10}
    return period if wiring.phases == 3 else {**period, "numberPhases": wiring.phases}
