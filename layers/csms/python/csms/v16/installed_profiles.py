"""Which charging profiles a charge point follows, as far as we know [S 3.13, 5.16].

What it acknowledged stands in rows; that a TxProfile dies with its transaction is worked out when the rows are read, so
that no way for a transaction to end has to think of profiles.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from csms.authorization import is_same_tag
from csms.ids import CallId, ChargePointId, TransactionId
from csms.smart_charging.profiles import (
    ChargingProfileKind,
    ChargingProfilePurpose,
    ChargingRateUnit,
    Period,
    Profile,
    Schedule,
)
from csms.store import Store
from csms.store.charging_profiles import InstalledProfile, ProfileState
from csms.store.transactions import Transaction
from csms.v16.charging_profiles import translate
from csms.v16.profile_record import MOST_EARLIER, refused, row_of, without

_TIME_TO_START: Final = timedelta(minutes=10)
"""How long after a remote start its profile may still become that of a transaction; ConnectionTimeOut is shorter."""
_ANYTHING: Final = Schedule(ChargingRateUnit.A, (Period(0, Decimal(10**6)),))


@dataclass(frozen=True)
class Knowledge:
    """What we know of a charge point's profiles, in the words of `smart_charging.worst_case`."""

    certain: tuple[Profile, ...]
    """It has them, unless an uncertain one has taken their place."""
    uncertain: tuple[Profile, ...]
    """It may have them or not."""


def profiles_of(
    store: Store, charge_point_id: ChargePointId, now: datetime, *, consistent: bool = False
) -> list[InstalledProfile]:
    """Every profile on record with the state it has now."""
    rows = store.charging_profiles.all(charge_point_id, consistent=consistent)
    return _resolved(store, charge_point_id, rows, now, consistent=consistent)


def installed_profiles(
    store: Store, charge_point_id: ChargePointId, now: datetime, *, consistent: bool = False
) -> list[InstalledProfile]:
    """The profiles that the charge point follows, or may be following."""
    return [row for row in profiles_of(store, charge_point_id, now, consistent=consistent) if row.state.may_apply]


def in_force(rows: Iterable[InstalledProfile], running: list[Transaction], now: datetime) -> list[InstalledProfile]:
    """Of all the rows of a charge point those that it follows, or may be following, beside what runs there."""
    return [row for row in _beside(rows, running, now) if row.state.may_apply]


def knowledge_of(rows: Iterable[InstalledProfile]) -> Knowledge:
    """What the rows say, as `profiles_of` has them.

    A profile that was acknowledged is certain as long as all that may have ended it is uncertain itself.
    """
    present = [row for row in rows if row.state.may_apply]
    versions = [one for row in present for one in row.versions]
    unanswered = {one.call_id for one in versions if not one.is_acknowledged}
    certain = [one for one in versions if one.is_acknowledged and unanswered.issuperset(one.doubts)]
    uncertain = [_translated(one) for one in versions if one not in certain]
    crowded = [row for row in present if len(row.earlier) >= MOST_EARLIER]
    uncertain += [_anything(_translated(one)) for row in crowded for one in row.versions]
    return Knowledge(tuple(map(_translated, certain)), tuple(uncertain))


def record_of(store: Store, charge_point_id: ChargePointId, now: datetime, purpose: str) -> list[InstalledProfile]:
    """The rows that a profile of that purpose may change; those whose transaction is over are marked on the way."""
    rows = store.charging_profiles.all(charge_point_id, consistent=True)
    if purpose != ChargingProfilePurpose.TX_PROFILE:
        return rows
    resolved = _resolved(store, charge_point_id, rows, now, consistent=True)
    for before, row in zip(rows, resolved, strict=True):
        if before.state.may_apply and not row.state.may_apply:
            store.charging_profiles.put(row)
    return resolved


def take_back(store: Store, charge_point_id: ChargePointId, call_id: CallId, as_of: datetime) -> None:
    """Have the record as if the call had never gone out."""
    for row in refused(store.charging_profiles.all(charge_point_id, consistent=True), call_id, as_of):
        if row.state.may_apply:
            store.charging_profiles.put(row)
        else:
            store.charging_profiles.forget(row)


def _resolved(
    store: Store, charge_point_id: ChargePointId, rows: list[InstalledProfile], now: datetime, *, consistent: bool
) -> list[InstalledProfile]:
    of_transactions = [one for row in rows for one in row.versions if _is_of_transaction(one)]
    if not of_transactions:
        return rows
    running = _running(store, charge_point_id, of_transactions, consistent=consistent)
    return _beside(rows, running, now)


def _beside(rows: Iterable[InstalledProfile], running: list[Transaction], now: datetime) -> list[InstalledProfile]:
    return [_as_of_now(row, running, now) if any(map(_is_of_transaction, row.versions)) else row for row in rows]


def _translated(one: InstalledProfile) -> Profile:
    return translate(one.profile, one.connector_id, one.transaction_id)


def _anything(profile: Profile) -> Profile:
    """One in its place that limits nothing: under that id more was sent than is on record."""
    return replace(
        profile,
        kind=ChargingProfileKind.RELATIVE,
        recurrency=None,
        schedule=_ANYTHING,
        valid_from=None,
        valid_to=None,
    )


def _is_of_transaction(one: InstalledProfile) -> bool:
    return one.purpose == ChargingProfilePurpose.TX_PROFILE


def _running(
    store: Store, charge_point_id: ChargePointId, profiles: Sequence[InstalledProfile], *, consistent: bool
) -> list[Transaction]:
    named = {profile.transaction_id for profile in profiles if profile.transaction_id is not None}
    on_connectors: set[TransactionId] = set()
    if any(profile.transaction_id is None for profile in profiles):
        connectors = store.connectors.all(charge_point_id, consistent=consistent)
        on_connectors = {found.transaction_id for found in connectors if found.transaction_id is not None}
    found = store.transactions.get_many(charge_point_id, sorted(named | on_connectors), consistent=consistent)
    return [transaction for transaction in found if transaction.is_open]


def _as_of_now(row: InstalledProfile, running: list[Transaction], now: datetime) -> InstalledProfile:
    """Without what has died with its transaction."""
    left = [_as_followed(one, running) for one in without(row, lambda one: _is_dead(one, running, now))]
    return row_of(left, row.as_of) if left else replace(row, state=ProfileState.ENDED, earlier=())


def _as_followed(one: InstalledProfile, running: list[Transaction]) -> InstalledProfile:
    transaction = _transaction_of(one, running)
    if transaction is None:
        return one
    return replace(one, transaction_id=transaction.id, connector_id=transaction.start.connector_id)


def _is_dead(one: InstalledProfile, running: list[Transaction], now: datetime) -> bool:
    if not _is_of_transaction(one) or _transaction_of(one, running) is not None:
        return False
    return one.transaction_id is not None or now - (one.sent_at or one.as_of) >= _TIME_TO_START


def _transaction_of(one: InstalledProfile, running: list[Transaction]) -> Transaction | None:
    return next((found for found in running if _is_of_transaction(one) and _is_for(one, found)), None)


def _is_for(profile: InstalledProfile, transaction: Transaction) -> bool:
    if profile.transaction_id is not None:
        return transaction.id == profile.transaction_id
    return (
        profile.id_tag is not None
        and is_same_tag(profile.id_tag, transaction.start.id_tag)
        and profile.connector_id in {None, transaction.start.connector_id}
        and transaction.received_at >= (profile.sent_at or profile.as_of)
    )
