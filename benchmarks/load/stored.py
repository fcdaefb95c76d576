"""What was sent beside what is stored, when a run is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.load.station import Told
from benchmarks.stored import compare_transactions, meter_messages
from csms.ids import ChargePointId
from csms.store import Store
from csms.store.history import EventKind
from local.fleet import SentTransaction

_PAGE: Final = 1000


@dataclass
class Comparison:
    """Counts of both sides, and every difference."""

    rows: list[tuple[str, int, int]] = field(default_factory=list)
    """What, sent, stored."""
    differences: list[str] = field(default_factory=list)


def compare(store: Store, told: Mapping[str, Told], sent: Sequence[SentTransaction]) -> Comparison:
    """Transactions with their energy and meter values, and every status.

    Args:
        store: the table.
        told: what each charge point knows of its statuses.
        sent: the transactions of all.
    """
    kept = compare_transactions(store, sent, told)
    statuses = {identity: _statuses(store, ChargePointId(identity)) for identity in told}
    current = {identity: _current(store, ChargePointId(identity)) for identity in told}
    differences = kept.differences + [
        f"{identity}: {one.confirmed} statuses confirmed, {one.unanswered} not answered, {statuses[identity]} stored"
        for identity, one in told.items()
        if not one.confirmed <= statuses[identity] <= one.confirmed + one.unanswered
    ]
    differences += [
        f"{identity}: connectors are {one.status}, stored as {current[identity]}"
        for identity, one in told.items()
        if current[identity] != one.status
    ]
    rows = [
        ("transactions", len(sent), kept.transactions),
        ("energy of transactions, Wh", sum(each.energy_wh for each in sent), kept.energy_wh),
        ("messages with meter values", sum(map(meter_messages, sent)), kept.meter_messages),
        ("statuses", sum(one.confirmed for one in told.values()), sum(statuses.values())),
        (
            "connectors with their status",
            sum(len(one.status) for one in told.values()),
            sum(map(len, current.values())),
        ),
    ]
    return Comparison(rows, differences)


def _statuses(store: Store, charge_point_id: ChargePointId) -> int:
    """How many are in the history."""
    page = store.history.list(charge_point_id, EventKind.STATUS, limit=_PAGE)
    count = len(page.events)
    while page.cursor:
        page = store.history.list(charge_point_id, EventKind.STATUS, limit=_PAGE, after=page.cursor)
        count += len(page.events)
    return count


def _current(store: Store, charge_point_id: ChargePointId) -> dict[int, str]:
    """The status of each connector."""
    connectors = store.connectors.all(charge_point_id)
    return {one.connector_id: one.status.status for one in connectors if one.status is not None}
