"""Which charging profiles a charge point follows, as far as we know [S 3.13, 5.16].

What it acknowledged stands in rows; that a TxProfile dies with its transaction is worked out when the rows are read, so
that no way for a transaction to end has to think of profiles.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from csms.authorization import is_same_tag
from csms.ids import ChargePointId, TransactionId
from csms.ocpp.json_types import JsonObject
from csms.smart_charging.profiles import Period, Profile, Schedule
from csms.store import Store
from csms.store.charging_profiles import InstalledProfile, ProfileState
from csms.store.transactions import Transaction
from csms.v16.charging_profiles import ChargingProfile

_TIME_TO_START: Final = timedelta(minutes=10)
"""How long after a remote start its profile may still become that of a transaction; ConnectionTimeOut is shorter."""


@dataclass(frozen=True)
class Knowledge:
    """The profiles that a charge point has, unless an uncertain one replaced them, and those that it may have."""

    certain: tuple[Profile, ...]
    uncertain: tuple[Profile, ...]


def knowledge_of(profiles: Iterable[InstalledProfile]) -> Knowledge:
    """What the rows of a charge point mean to the mathematics."""
    certain, uncertain = [], []
    for row in profiles:
        if row.state is ProfileState.INSTALLED:
            certain.append(_profile(row, row.profile))
        elif row.state is ProfileState.UNKNOWN:
            uncertain.append(_profile(row, row.profile))
            if row.acknowledged is not None:
                certain.append(_profile(row, row.acknowledged))
    return Knowledge(tuple(certain), tuple(uncertain))


def profiles_of(
    store: Store, charge_point_id: ChargePointId, now: datetime, *, consistent: bool = False
) -> list[InstalledProfile]:
    """Every profile on record with the state it has now."""
    profiles = store.charging_profiles.all(charge_point_id, consistent=consistent)
    if not any(profile.purpose == "TxProfile" and profile.state.may_apply for profile in profiles):
        return profiles
    running = _running(store, charge_point_id, profiles)
    return [_as_of_now(profile, running, now) if profile.purpose == "TxProfile" else profile for profile in profiles]


def installed_profiles(
    store: Store, charge_point_id: ChargePointId, now: datetime, *, consistent: bool = False
) -> list[InstalledProfile]:
    """The profiles that the charge point follows, or may be following."""
    found = profiles_of(store, charge_point_id, now, consistent=consistent)
    return [profile for profile in found if profile.state.may_apply]


def _profile(row: InstalledProfile, sent: JsonObject) -> Profile:
    """A profile as it was sent, where it is."""
    wire = ChargingProfile.model_validate(sent)
    schedule = wire.charging_schedule
    periods = (
        Period(period.start_period, Decimal(str(period.limit)), period.number_phases)
        for period in schedule.charging_schedule_period
    )
    return Profile(
        id=wire.charging_profile_id,
        connector_id=row.connector_id,
        purpose=wire.charging_profile_purpose,
        stack_level=wire.stack_level,
        kind=wire.charging_profile_kind,
        schedule=Schedule(schedule.charging_rate_unit, tuple(periods), schedule.start_schedule, schedule.duration),
        recurrency=wire.recurrency_kind,
        valid_from=wire.valid_from,
        valid_to=wire.valid_to,
        transaction_id=row.transaction_id,
    )


def _running(store: Store, charge_point_id: ChargePointId, profiles: list[InstalledProfile]) -> list[Transaction]:
    named = {profile.transaction_id for profile in profiles if profile.transaction_id is not None}
    on_connectors: set[TransactionId] = set()
    if any(profile.transaction_id is None and profile.state.may_apply for profile in profiles):
        connectors = store.connectors.all(charge_point_id)
        on_connectors = {found.transaction_id for found in connectors if found.transaction_id is not None}
    found = store.transactions.get_many(charge_point_id, sorted(named | on_connectors))
    return [transaction for transaction in found if transaction.is_open]


def _as_of_now(profile: InstalledProfile, running: list[Transaction], now: datetime) -> InstalledProfile:
    if not profile.state.may_apply:
        return profile
    transaction = next((found for found in running if _is_for(profile, found)), None)
    if transaction is not None:
        return replace(profile, transaction_id=transaction.id, connector_id=transaction.start.connector_id)
    if profile.transaction_id is None and now - profile.as_of < _TIME_TO_START:
        return profile
    return replace(profile, state=ProfileState.ENDED)


def _is_for(profile: InstalledProfile, transaction: Transaction) -> bool:
    if profile.transaction_id is not None:
        return transaction.id == profile.transaction_id
    return (
        profile.id_tag is not None
        and is_same_tag(profile.id_tag, transaction.start.id_tag)
        and profile.connector_id in {None, transaction.start.connector_id}
        and transaction.received_at >= profile.as_of
    )
