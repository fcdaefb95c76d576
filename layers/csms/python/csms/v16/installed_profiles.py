"""Which charging profiles a charge point follows, as far as we know [S 3.13, 5.16].

What it acknowledged stands in rows; that a TxProfile dies with its transaction is worked out when the rows are read, so
that no way for a transaction to end has to think of profiles.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from csms.authorization import is_same_tag
from csms.ids import ChargePointId, TransactionId
from csms.store import Store
from csms.store.charging_profiles import InstalledProfile, ProfileState
from csms.store.transactions import Transaction

_TIME_TO_START: Final = timedelta(minutes=10)
"""How long after a remote start its profile may still become that of a transaction; ConnectionTimeOut is shorter."""


def profiles_of(store: Store, charge_point_id: ChargePointId, now: datetime) -> list[InstalledProfile]:
    """Every profile on record with the state it has now."""
    profiles = store.charging_profiles.all(charge_point_id)
    if not any(profile.purpose == "TxProfile" and profile.state.may_apply for profile in profiles):
        return profiles
    running = _running(store, charge_point_id, profiles)
    return [_as_of_now(profile, running, now) if profile.purpose == "TxProfile" else profile for profile in profiles]


def installed_profiles(store: Store, charge_point_id: ChargePointId, now: datetime) -> list[InstalledProfile]:
    """The profiles that the charge point follows, or may be following."""
    return [profile for profile in profiles_of(store, charge_point_id, now) if profile.state.may_apply]


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
