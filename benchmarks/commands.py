"""Per command that succeeds: AWS calls, units and CPU time, from the operator's request to the deadline message.

The request goes through the API's function, which waits; the station answers as soon as it has the call, through the
function behind its connection; the deadline message, which finds the call ended, comes when it is due.
"""

import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from benchmarks.aws_meter import AwsMeter, Spent
from benchmarks.embedded import embedded_aws
from csms.api.waiting import wait_until_ended
from csms.call_queue import CallQueue
from csms.gateway import Gateway, Posted
from csms.ids import ConnectionId
from csms.runtime import runtime
from csms.store.messages import Messages
from tests.called_station import CalledStation
from tests.lambda_operator import LambdaOperator, claims_of

PLACING: Final = "placing and sending"
SETTLING: Final = "answer"
DEADLINE: Final = "deadline message"
LOG: Final = "message log"
WAITING: Final = "looks while waiting"
OF_THE_CALL: Final = (PLACING, SETTLING, DEADLINE)
"""What every call costs; the log and the looks of who waits are counted apart."""

COMMANDS: Final[dict[str, dict[str, Any]]] = {
    "ClearCache": {},
    "Reset": {"type": "Soft"},
    "TriggerMessage": {"requestedMessage": "Heartbeat"},
    "ChangeAvailability": {"connectorId": 1, "type": "Operative"},
}
_IDENTITY: Final = "BENCH-0001"
_TIMED_ROUNDS: Final = 60


@dataclass(frozen=True)
class CommandCost:
    """What one command that is accepted costs warm functions, by phase."""

    action: str
    phases: dict[str, Spent]
    cpu_ms: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By phase: ours, and inside botocore's clients; medians of some rounds that count no units."""

    @property
    def write_units(self) -> float:
        """Of the call, the log not included."""
        return sum(self.phases[phase].write_units for phase in OF_THE_CALL)

    @property
    def read_units(self) -> float:
        """Of the call, the looks of who waits not included."""
        return sum(self.phases[phase].read_units for phase in OF_THE_CALL)

    @property
    def operations(self) -> Counter[str]:
        """AWS calls of the call."""
        return sum((self.phases[phase].operations for phase in OF_THE_CALL), Counter())


def measure_commands() -> list[CommandCost]:
    """Each command over a fresh MiniStack: a round warms up, one is counted, others are timed."""
    meter = AwsMeter(counts_units=True)
    with embedded_aws(), meter.installed(), pytest.MonkeyPatch.context() as patches:
        station = CalledStation(_IDENTITY, now=datetime.now(UTC), csms=runtime())
        station.connect()
        station.result("BootNotification", {"chargePointVendor": "Wattbox", "chargePointModel": "Duo 22"})
        station.result("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})
        station.install(patches)
        rounds = CommandRounds(meter, station)
        rounds.watch(patches)
        costs = []
        for action, payload in COMMANDS.items():
            meter.counts_units = True
            rounds.play(action, payload)
            counted = rounds.play(action, payload)
            meter.counts_units = False
            timed = [rounds.play(action, payload) for _ in range(_TIMED_ROUNDS)]
            costs.append(CommandCost(action, counted, {phase: _cpu_ms(phase, timed) for phase in counted}))
    return costs


def _cpu_ms(phase: str, rounds: list[dict[str, Spent]]) -> tuple[float, float]:
    ours = statistics.median(one[phase].own_cpu_ns for one in rounds)
    return ours / 1e6, statistics.median(one[phase].aws_cpu_ns for one in rounds) / 1e6


@dataclass
class CommandRounds:
    """Plays commands with one station and counts by phase."""

    meter: AwsMeter
    station: CalledStation
    _phases: dict[str, Spent] = field(default_factory=dict)
    _entered_ns: int = 0
    """CPU time of this thread when the present phase was last entered."""

    def watch(self, patches: pytest.MonkeyPatch) -> None:
        """Count apart what is done inside of something else, and let the station answer at once."""
        wake = CallQueue.send

        def post(_: Gateway, connection_id: ConnectionId, text: str) -> Posted:
            assert connection_id == self.station.connection_id
            self.meter.spent.operations["PostToConnection"] += 1
            self.station.posted.append(json.loads(text))
            with self._counted_as(SETTLING):
                self.station.reply({"status": "Accepted"})
            return Posted.DELIVERED

        def send(*arguments: Any) -> None:
            self.meter.spent.operations["SendMessage"] += 1
            wake(*arguments)

        patches.setattr(Gateway, "post", post)
        patches.setattr(CallQueue, "send", send)
        patches.setattr(Messages, "record", self._as_phase(LOG, Messages.record))
        patches.setattr("csms.api.commanding.wait_until_ended", self._as_phase(WAITING, wait_until_ended))

    def play(self, action: str, payload: dict[str, Any]) -> dict[str, Spent]:
        """One command; its link was touched just before, so that the answer does not touch it."""
        self.station.wait(minutes=2)
        self.station.result("Heartbeat", {})
        self.station.wait(seconds=2)
        self._phases = {}
        operator = LambdaOperator(claims_of("operate"), now=self.station.now)
        with self._counted_as(PLACING):
            answer = operator.send(
                "POST", f"/charge-points/{_IDENTITY}/commands/{action}", query="wait=5", body=json.dumps(payload)
            )
        assert (answer.status, answer.json["state"]) == (200, "accepted"), answer.text
        self.station.wait(minutes=1)
        with self._counted_as(DEADLINE):
            self.station.run_wakes()
        assert not self.station.wakes
        return self._phases

    @contextmanager
    def _counted_as(self, phase: str) -> Iterator[None]:
        outer = self.meter.spent
        self._enter(self._phases.setdefault(phase, Spent()))
        try:
            yield
        finally:
            self._enter(outer)

    def _enter(self, spent: Spent) -> None:
        """What is done inside of something else is not part of that."""
        now_ns = time.thread_time_ns()
        self.meter.spent.cpu_ns += now_ns - self._entered_ns
        self.meter.spent, self._entered_ns = spent, now_ns

    def _as_phase(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            with self._counted_as(phase):
                return function(*arguments)

        return counted
