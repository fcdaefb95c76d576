"""Per command that succeeds: AWS calls and capacity units, from the operator's request to the deadline message.

The request goes through the API's function, which waits; the station answers as soon as it has the call, through the
function behind its connection; the deadline message, which finds the call ended, comes when it is due.
"""

import json
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


@dataclass(frozen=True)
class CommandCost:
    """What one command that is accepted costs warm functions, by phase."""

    action: str
    phases: dict[str, Spent]

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
    """Each command over a fresh MiniStack; the first round of each warms up."""
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
            rounds.play(action, payload)
            costs.append(CommandCost(action, rounds.play(action, payload)))
    return costs


@dataclass
class CommandRounds:
    """Plays commands with one station and counts by phase."""

    meter: AwsMeter
    station: CalledStation
    _phases: dict[str, Spent] = field(default_factory=dict)

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
        outer, self.meter.spent = self.meter.spent, self._phases.setdefault(phase, Spent())
        try:
            yield
        finally:
            self.meter.spent = outer

    def _as_phase(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            with self._counted_as(phase):
                return function(*arguments)

        return counted
