"""What the table holds of what stations sent."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

import boto3

from csms.ids import ChargePointId, TransactionId
from csms.settings import Settings
from csms.store import Store
from csms.store.transactions import TransactionFilter
from local.environment import TABLE_NAME, handler_environment, replaced_environment
from local.fleet import SentTransaction


def store_at(aws_url: str) -> Store:
    """The table at this embedded AWS."""
    with replaced_environment(handler_environment(aws_url, "")):
        return Store(boto3.session.Session().client("dynamodb"), Settings(table_name=TABLE_NAME))


@dataclass
class Kept:
    """What is stored of transactions that were sent."""

    transactions: int = 0
    """That have ended."""
    energy_wh: int = 0
    meter_messages: int = 0
    """MeterValues, and the transactionData of each StopTransaction."""
    differences: list[str] = field(default_factory=list)
    """Empty when what was sent is what is stored."""


def compare_transactions(store: Store, sent_transactions: Iterable[SentTransaction], identities: Iterable[str]) -> Kept:
    """What the charge points have of what was sent, and no other."""
    kept = Kept()
    sent_by: dict[str, list[SentTransaction]] = {identity: [] for identity in identities}
    for sent in sent_transactions:
        sent_by[sent.charge_point].append(sent)
    for identity, all_sent in sent_by.items():
        listed = _listed(store, ChargePointId(identity), all_sent)
        kept.transactions += len(listed)
        if listed != {sent.transaction_id for sent in all_sent}:
            kept.differences.append(f"{identity}: {len(all_sent)} transactions sent, {len(listed)} stored")
        for sent in all_sent:
            _compare(store, sent, kept)
    return kept


def _listed(store: Store, charge_point_id: ChargePointId, all_sent: list[SentTransaction]) -> set[int]:
    """The ended transactions of the charge point, on the days that were lived and around them."""
    if not all_sent:
        return set()
    wanted = TransactionFilter(
        since=min(sent.start for sent in all_sent) - timedelta(days=1),
        until=max(sent.stop for sent in all_sent) + timedelta(days=1),
        charge_point_id=charge_point_id,
    )
    ids: set[int] = set()
    page = store.transactions.list(wanted, limit=100)
    ids |= {transaction.id for transaction in page.things}
    while page.cursor:
        page = store.transactions.list(wanted, limit=100, cursor=page.cursor)
        ids |= {transaction.id for transaction in page.things}
    return ids


def _compare(store: Store, sent: SentTransaction, kept: Kept) -> None:
    """Add a transaction and its meter values, and how they are other than what was sent."""
    charge_point_id, number = ChargePointId(sent.charge_point), TransactionId(sent.transaction_id)
    name = f"{charge_point_id}/{number}"
    stored = store.transactions.get(charge_point_id, number)
    if stored is None or stored.stop is None:
        kept.differences.append(f"{name}: not stored as stopped")
        return
    messages = sum(1 for _ in store.meter_values.all_of_transaction(charge_point_id, number))
    kept.energy_wh += stored.energy_wh or 0
    kept.meter_messages += messages
    if stored.energy_wh != sent.energy_wh:
        kept.differences.append(f"{name}: {sent.energy_wh} Wh sent, {stored.energy_wh} Wh stored")
    if messages != (expected := meter_messages(sent)):
        kept.differences.append(f"{name}: {messages} of {expected} meter messages")


def meter_messages(sent: SentTransaction) -> int:
    """How many messages of it had meter values: its MeterValues, and its StopTransaction."""
    return sent.meter_values + 1
