"""A fleet against the local stack in a process of its own: response times, and whether all of it was stored."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeAlias

import boto3

from csms.authorization import IdTag
from csms.ids import ChargePointId, TransactionId
from csms.settings import Settings
from csms.store import Store
from csms.store.transactions import TransactionFilter
from local.environment import TABLE_NAME, handler_environment, replaced_environment
from local.fleet import FleetPlan, FleetReport, SentTransaction, run_fleet
from local.fleet.clock import DayClock
from local.fleet.report import Recorder, percentile
from tests.stack import running_stack

STORM: Final = 0.1
"""Share of the day after which the stations, which all boot in its first minutes, have settled."""
Percentiles: TypeAlias = tuple[float, float, float]
"""p50, p95, p99 in ms."""


@dataclass
class Settled:
    """Watches a fleet, and knows the response times from when it had settled."""

    day_s: float
    _times_ms: dict[str, list[float]] = field(default_factory=dict)
    _before: dict[str, int] = field(default_factory=dict)

    async def follow(self, _clock: DayClock, recorder: Recorder) -> None:
        """Note how far the recorder is when the storm is over."""
        await asyncio.sleep(self.day_s * STORM)
        self._times_ms = recorder.times_ms
        self._before = {action: len(times_ms) for action, times_ms in recorder.times_ms.items()}

    def percentiles(self) -> dict[str, Percentiles]:
        """By action; those that only happen at boot are left out."""
        later = {action: sorted(times[self._before.get(action, 0) :]) for action, times in self._times_ms.items()}
        return {
            action: (percentile(times, 50), percentile(times, 95), percentile(times, 99))
            for action, times in later.items()
            if times
        }


@dataclass(frozen=True)
class FleetRun:
    """What the stations saw and what the table holds."""

    report: FleetReport
    day_s: float
    settled: dict[str, Percentiles]
    stored_transactions: int
    differences: list[str]
    """Empty when what was sent is what is stored."""


def measure_fleet(stations: int, day_s: float, visits: int) -> FleetRun:
    """One day of a fleet at a fresh stack."""
    id_tags = tuple(f"BENCH-{number:04d}" for number in range(stations + 2))
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as stack:
        store = _store(stack.aws_url)
        for id_tag in id_tags:
            store.id_tags.put(IdTag(id_tag, max_active_transactions=None))
        plan = FleetPlan(
            stations=stations,
            url=stack.ocpp_url,
            day_s=day_s,
            visits=visits,
            prefix="BENCH-",
            id_tags=id_tags,
            validate=False,  # the benchmark's processor is to serve, not to check
        )
        settled = Settled(day_s)
        report = asyncio.run(run_fleet(plan, settled.follow))
        stored, differences = _compare(store, report, plan)
    return FleetRun(report, day_s, settled.percentiles(), stored, differences)


def _store(aws_url: str) -> Store:
    with replaced_environment(handler_environment(aws_url, "")):
        return Store(boto3.session.Session().client("dynamodb"), Settings(table_name=TABLE_NAME))


def _compare(store: Store, report: FleetReport, plan: FleetPlan) -> tuple[int, list[str]]:
    stored, differences = 0, []
    sent_by: dict[str, list[SentTransaction]] = {plan.identity(index): [] for index in range(plan.stations)}
    for sent in report.transactions:
        sent_by[sent.charge_point].append(sent)
    for identity, all_sent in sent_by.items():
        listed = _listed(store, ChargePointId(identity), all_sent)
        stored += len(listed)
        if listed != {sent.transaction_id for sent in all_sent}:
            differences.append(f"{identity}: {len(all_sent)} transactions sent, {len(listed)} stored")
        differences += filter(None, (_difference(store, sent) for sent in all_sent))
    return stored, differences


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


def _difference(store: Store, sent: SentTransaction) -> str | None:
    """How the stored transaction and its meter values are other than what was sent."""
    charge_point_id, number = ChargePointId(sent.charge_point), TransactionId(sent.transaction_id)
    stored = store.transactions.get(charge_point_id, number)
    if stored is None or stored.stop is None:
        return f"{sent.charge_point}/{number}: not stored as stopped"
    if stored.energy_wh != sent.energy_wh:
        return f"{sent.charge_point}/{number}: {sent.energy_wh} Wh sent, {stored.energy_wh} Wh stored"
    messages = sum(1 for _ in store.meter_values.all_of_transaction(charge_point_id, number))
    expected = sent.meter_values + 1  # and the transactionData of its StopTransaction
    return None if messages == expected else f"{sent.charge_point}/{number}: {messages} of {expected} meter messages"
