"""What a run measured and what it sent, so that it can be compared with what was stored."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class ActionReport:
    """Response times of one action, in milliseconds from sending a CALL to reading its answer."""

    action: str
    count: int
    errors: int
    """CALLERRORs and calls without an answer."""
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True)
class SentTransaction:
    """A transaction whose start and stop the Central System has confirmed."""

    charge_point: str
    connector_id: int
    transaction_id: int
    id_tag: str
    start: datetime
    stop: datetime
    meter_start_wh: int
    meter_stop_wh: int
    meter_values: int
    """MeterValues messages that were confirmed."""
    offline: bool
    """Started while the station had no network."""

    @property
    def energy_wh(self) -> int:
        """Energy delivered."""
        return self.meter_stop_wh - self.meter_start_wh


@dataclass(frozen=True)
class FleetReport:
    """The result of a run."""

    stations: int
    duration_s: float
    actions: tuple[ActionReport, ...]
    transactions: tuple[SentTransaction, ...]
    errors: dict[str, int]
    """What went wrong, by kind: CALLERROR codes, unanswered calls, refused connections, frames that are not OCPP."""

    @property
    def calls(self) -> int:
        """CALLs sent."""
        return sum(action.count for action in self.actions)

    @property
    def energy_wh(self) -> int:
        """Energy of all transactions."""
        return sum(transaction.energy_wh for transaction in self.transactions)

    def to_json(self) -> str:
        """Everything, for another program."""
        totals = {"calls": self.calls, "transactions": len(self.transactions), "energyWh": self.energy_wh}
        return json.dumps({"totals": totals, **asdict(self)}, default=_encode, indent=2)

    def to_text(self) -> str:
        """A table for people."""
        rows = [f"{'action':<34}{'count':>8}{'errors':>8}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}  ms"]
        rows += [
            f"{one.action:<34}{one.count:>8}{one.errors:>8}"
            f"{one.p50_ms:>9.1f}{one.p95_ms:>9.1f}{one.p99_ms:>9.1f}{one.max_ms:>9.1f}"
            for one in self.actions
        ]
        rows.append(
            f"{self.stations} stations, {self.duration_s:.1f} s, {self.calls} calls, "
            f"{len(self.transactions)} transactions, {self.energy_wh / 1000:.1f} kWh"
        )
        rows += [f"{count} x {kind}" for kind, count in sorted(self.errors.items())]
        return "\n".join(rows)


@dataclass
class Recorder:
    """Collects while a fleet runs; one for all stations."""

    times_ms: dict[str, list[float]] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    transactions: list[SentTransaction] = field(default_factory=list)
    online: int = 0
    charging: int = 0

    @property
    def calls(self) -> int:
        """CALLs with an outcome so far."""
        return sum(map(len, self.times_ms.values())) + self.failed.total()

    @property
    def energy_wh(self) -> int:
        """Energy of the transactions confirmed so far."""
        return sum(transaction.energy_wh for transaction in self.transactions)

    def connected(self, elapsed_ms: float) -> None:
        """A connection was opened."""

    def answered(self, action: str, elapsed_ms: float) -> None:
        """A CALLRESULT came."""
        self.times_ms.setdefault(action, []).append(elapsed_ms)

    def refused(self, action: str, kind: str) -> None:
        """A CALLERROR came, or nothing did."""
        self.failed[action] += 1
        self.errors[kind] += 1

    def report(self, stations: int, duration_s: float) -> FleetReport:
        """The figures of the whole run."""
        actions = sorted(self.times_ms.keys() | self.failed.keys())
        return FleetReport(
            stations=stations,
            duration_s=duration_s,
            actions=tuple(self._action(action) for action in actions),
            transactions=tuple(self.transactions),
            errors=dict(self.errors),
        )

    def _action(self, action: str) -> ActionReport:
        times_ms = sorted(self.times_ms.get(action, []))
        return ActionReport(
            action=action,
            count=len(times_ms) + self.failed[action],
            errors=self.failed[action],
            p50_ms=percentile(times_ms, 50),
            p95_ms=percentile(times_ms, 95),
            p99_ms=percentile(times_ms, 99),
            max_ms=percentile(times_ms, 100),
        )


def percentile(ordered: list[float], percent: int) -> float:
    """Nearest-rank percentile of an ordered list; 0 for an empty one."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0.0


def _encode(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(value)
