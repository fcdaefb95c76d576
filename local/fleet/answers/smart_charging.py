"""Smart charging profile."""

from datetime import datetime
from typing import Any

from ocpp.v16 import call_result
from ocpp.v16.enums import (
    Action,
    ChargingProfileStatus,
    ChargingRateUnitType,
    ClearChargingProfileStatus,
    GetCompositeScheduleStatus,
)

from local.fleet.answers.endpoint import Endpoint, answers
from local.fleet.charging_profiles import MAX_PROFILE, NOMINAL_VOLTAGE_V, TX_PROFILE, Profile, parse_profile
from local.fleet.connector import Connector
from local.fleet.meter import timestamp

PHASES = 3


class SmartChargingAnswers(Endpoint):
    """Handlers of the smart charging profile."""

    @answers(Action.set_charging_profile)
    def on_set_charging_profile(
        self, connector_id: int, cs_charging_profiles: dict[str, Any]
    ) -> call_result.SetChargingProfile:
        """Installed where its purpose allows (§3.13.1); a running transaction follows at once."""
        profile = parse_profile(connector_id, cs_charging_profiles)
        if not self._acceptable(profile):
            return call_result.SetChargingProfile(ChargingProfileStatus.rejected)
        self.station.profiles.install(profile)
        self._apply_limits()
        return call_result.SetChargingProfile(ChargingProfileStatus.accepted)

    @answers(Action.clear_charging_profile)
    def on_clear_charging_profile(
        self,
        id: int | None = None,  # noqa: A002
        connector_id: int | None = None,
        charging_profile_purpose: str | None = None,
        stack_level: int | None = None,
    ) -> call_result.ClearChargingProfile:
        """Unknown when nothing matches."""
        found = self.station.profiles.clear(id, connector_id, charging_profile_purpose, stack_level)
        self._apply_limits()
        return call_result.ClearChargingProfile(
            ClearChargingProfileStatus.accepted if found else ClearChargingProfileStatus.unknown
        )

    @answers(Action.get_composite_schedule)
    def on_get_composite_schedule(
        self, connector_id: int, duration: int, charging_rate_unit: str | None = None
    ) -> call_result.GetCompositeSchedule:
        """What the connector will get; connector 0 is the sum over all."""
        if connector_id and connector_id not in self.station.connectors:
            return call_result.GetCompositeSchedule(GetCompositeScheduleStatus.rejected)
        now = self.station.clock.now()
        unit = ChargingRateUnitType(charging_rate_unit or "W")
        per_ampere = NOMINAL_VOLTAGE_V * PHASES if unit == ChargingRateUnitType.amps else 1
        schedule = self._composite(connector_id, now, duration)
        return call_result.GetCompositeSchedule(
            status=GetCompositeScheduleStatus.accepted,
            connector_id=connector_id,
            schedule_start=timestamp(now),
            charging_schedule={
                "duration": duration,
                "charging_rate_unit": unit,
                "charging_schedule_period": [
                    {"start_period": start_s, "limit": round(limit_w / per_ampere, 1)} for start_s, limit_w in schedule
                ],
            },
        )

    def _composite(self, connector_id: int, begin: datetime, duration_s: int) -> list[tuple[int, float]]:
        station = self.station
        chosen = [one for one in station.connectors.values() if connector_id in {0, one.connector_id}]
        each = [
            station.profiles.composite(one.connector_id, begin, duration_s, _since(one), one.hardware_w)
            for one in chosen
        ]
        starts = sorted({start_s for schedule in each for start_s, _ in schedule})
        return [(start_s, sum(_at(schedule, start_s) for schedule in each)) for start_s in starts]

    def _acceptable(self, profile: Profile) -> bool:
        station = self.station
        if len(station.profiles) >= int(station.configuration.text("MaxChargingProfilesInstalled")):
            return False
        if profile.purpose == MAX_PROFILE:
            return profile.connector_id == 0
        if profile.connector_id == 0:
            return profile.purpose != TX_PROFILE
        connector = station.connectors.get(profile.connector_id)
        if connector is None or profile.purpose != TX_PROFILE:
            return connector is not None
        charging = connector.charging
        return charging is not None and profile.transaction_id in {None, charging.transaction_id}

    def _apply_limits(self) -> None:
        for connector in self.station.connectors.values():

            async def refresh(at: datetime, connector: Connector = connector) -> None:
                await self.life.refresh(connector, at)

            self.then(refresh)


def _since(connector: Connector) -> datetime | None:
    return connector.charging.started_at if connector.charging else None


def _at(schedule: list[tuple[int, float]], offset_s: int) -> float:
    return [limit_w for start_s, limit_w in schedule if start_s <= offset_s][-1]
