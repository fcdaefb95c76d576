"""One station whose connection ends, and what API Gateway says of it: at once, late, twice, or never."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final

from csms.gateway import Posted
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import Call, CallState
from proof.fuzz.world import FUZZED, World
from tests.lambda_operator import LambdaOperator, claims_of

ME: Final = ChargePointId(FUZZED)
_MOST_ROUNDS: Final = 40
_ANSWERS: Final[dict[str, dict[str, Any]]] = {
    "GetConfiguration": {"configurationKey": [{"key": "NumberOfConnectors", "value": "1", "readonly": True}]},
    "GetDiagnostics": {"fileName": "log.txt"},
    "GetLocalListVersion": {"listVersion": 0},
    "UpdateFirmware": {},
}
"""Everything else is accepted."""


@dataclass(frozen=True)
class Cut:
    """How a connection ends, and the next one begins."""

    what: str
    order: str
    """c: the station connects, w: it says its first word, d: API Gateway says that the old connection is closed, o: the
    last word over the old one arrives."""
    is_silent: bool = False
    """Nobody knows that the line is dead: what is posted to it is taken, and never arrives."""


CUTS: Final = (
    Cut("told at once", "dcw"),
    Cut("told late", "cdw"),
    Cut("told after the first word", "cwd"),
    Cut("never told", "cw"),
    Cut("told twice", "dcwd"),
    Cut("an old word comes late, told later", "cwod"),
    Cut("a dead line, told late", "cwd", is_silent=True),
    Cut("a dead line, never told", "cw", is_silent=True),
)


class Play(World):
    """A station that behaves, on lines that do not."""

    family = "reconnections"

    def __init__(self, csms: Runtime) -> None:
        self.closed: set[str] = set()
        """Connections that API Gateway knows to be closed."""
        self._delivered: Counter[str] = Counter()
        super().__init__(csms, Random(1))  # noqa: S311  the same again is the point
        self.unheard: list[list[Any]] = []
        """CALLs that were on the line when it was cut: the station has them, and has not answered."""
        self._seen = len(self.posted)

    def run(self) -> None:
        """Plays are directed from outside."""

    def post(self, connection_id: str, text: str) -> Posted:
        """API Gateway takes what it can, whether it arrives or not."""
        if connection_id in self.closed:
            return Posted.GONE
        if text.startswith("[2,"):
            self._delivered[json.loads(text)[1]] += 1
        self.posted.append((connection_id, text))
        return Posted.DELIVERED

    @property
    def operator(self) -> LambdaOperator:
        """Somebody who may do everything."""
        return LambdaOperator(claims_of("admin"), now=self.station.now)

    def command(self, action: str, **payload: Any) -> Call:
        """Let an operator place a call, which reaches the station if it is there."""
        return self.station.called(action, payload)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request of the operator, which succeeds."""
        answer = self.operator.send(method, path, body=None if body is None else json.dumps(body))
        assert answer.status < 300, answer.text
        return answer.json if answer.text else None

    def cut(self, how: Cut, meanwhile: Callable[["Play"], None]) -> None:
        """The connection ends, something happens, the station is back some seconds later."""
        station = self.station
        old, opened = station.connection_id, station.connected_at
        self.unheard += self._heard()
        station.wait(seconds=5)
        if not how.is_silent:
            self.closed.add(old)
        order = how.order
        if order[0] == "d":
            self._say_closed(old, opened)
            order = order[1:]
        meanwhile(self)
        self._seen = len(self.posted)  # what was posted meanwhile is lost
        for event in order:
            station.wait(seconds=2)
            match event:
                case "c":
                    assert station.connect()["statusCode"] == 200
                case "w":
                    station.result("Heartbeat", {})
                case "d":
                    self._say_closed(old, opened)
                case "o":
                    station.wait(seconds=61)  # as long as a session is taken for what it was
                    self._over(old, opened, lambda: station.result("Heartbeat", {}))
        self.closed.add(old)
        self._check_link()

    def _say_closed(self, connection_id: str, connected_at: datetime) -> None:
        """`$disconnect`."""
        self._over(connection_id, connected_at, self.station.disconnect)
        self.closed.add(connection_id)

    def _over(self, connection_id: str, connected_at: datetime, do: Callable[[], object]) -> None:
        """Do something over another connection than the present one."""
        station = self.station
        present = station.connection_id, station.connected_at
        station.connection_id, station.connected_at = connection_id, connected_at
        do()
        station.connection_id, station.connected_at = present

    def _check_link(self) -> None:
        """It is reached over the connection that it has."""
        link = self.csms.store.links.get(ME, consistent=True)
        assert link is not None
        assert link.connection_id == self.station.connection_id, "it is called over another connection"

    def answer_late(self) -> None:
        """Over the new connection, to what came over the old one."""
        for frame in self.unheard:
            self._answer(frame)
        self.unheard.clear()

    def answer_one(self) -> bool:
        """Answer what is on the line, if anything is; what follows from that stays there."""
        frames = self._heard()
        for frame in frames:
            self._answer(frame)
        return bool(frames)

    def settle(self) -> None:
        """Time passes, the station answers, the queue delivers: until there is nothing more to do."""
        for _ in range(_MOST_ROUNDS):
            self.station.result("Heartbeat", {})
            self.run_wakes()
            while self.answer_one():
                self.run_wakes()
            self.station.wait(seconds=31)
            link = self.csms.store.links.get(ME, consistent=True)
            if link and not link.flight and not link.waiting and not self.wakes:
                return
        raise AssertionError(f"it never comes to rest: {link}, {self.wakes}")

    def check(self) -> None:
        """What holds in the end, whatever there was."""
        calls = self.csms.store.calls.list(ME, limit=100).calls
        assert all(call.state.is_ended for call in calls), calls
        unanswered = [call for call in calls if call.state is CallState.TIMED_OUT]
        assert all(self.is_delivered(call) for call in unanswered), "a call that was never sent is not answered"
        assert max(self._delivered.values(), default=0) <= 1, "a call arrives twice"
        assert self.ask("GET", f"/charge-points/{FUZZED}")["online"]
        self._check_link()
        assert not self.errors, self.errors

    def stored(self, call: Call) -> Call:
        """The call as it is now."""
        found = self.csms.store.calls.get(ME, call.id)
        assert found is not None
        return found

    def state_of(self, call: Call) -> CallState:
        """Where it is in its life."""
        return self.stored(call).state

    def is_delivered(self, call: Call) -> bool:
        """Whether it was taken for the station."""
        return self._delivered[call.id] > 0

    def _heard(self) -> list[list[Any]]:
        frames = self.station.calls_received(self._seen)
        self._seen = len(self.posted)
        return frames

    def _answer(self, frame: list[Any]) -> None:
        self.station.wait(seconds=1)
        self.station.send(json.dumps([3, frame[1], _ANSWERS.get(frame[2], {"status": "Accepted"})]))
