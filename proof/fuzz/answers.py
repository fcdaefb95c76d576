"""What stations answer to our calls: right, almost right, torn, late, twice, under other ids, or nothing."""

import json
from random import Random
from typing import Any, Final

from csms.ids import CallId, ChargePointId
from csms.runtime import Runtime
from csms.store.calls import Call, CallState
from csms.v16.operations import operations
from proof.fuzz.noise import Known, Noise
from proof.fuzz.world import FUZZED, Escape, World
from tests.schemas import schema

_CODES: Final = ("NotSupported", "NotImplemented", "InternalError", "GenericError", "", "nonsense", "x" * 300)
_ME: Final = ChargePointId(FUZZED)
_MOST_ROUNDS: Final = 40


class Answers(World):
    """The operator calls, the station answers as it likes, time passes; every call must end and the way be free."""

    family = "answers"

    def __init__(self, csms: Runtime, random: Random) -> None:
        super().__init__(csms, random)
        self._ours = Noise(random, self.noise.known | _acceptable())

    def run(self) -> None:
        action = self.random.choice([*operations()])
        call = self.station.called(action, self._ours.sample(schema(action)))
        seen = len(self.posted)
        self.said.append(f"operator: {action} {call.payload}")
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            is_proper, text = self._answer(call.id, action)
            self.station.wait(seconds=self.random.choice((0, 0.2, 1, 29, 31)))
            if self.station.send(text) is not None:
                raise Escape("an answer is answered")
            if is_proper:
                self._check_ended(call, "a readable answer")
        self.station.wait(seconds=31)
        self.run_wakes()
        self._check_ended(call, "its deadline")
        self._come_to_rest(seen)

    def _answer(self, call_id: CallId, action: str) -> tuple[bool, str]:
        """A text, and whether it answers the call in a way that can be read."""
        right: list[Any] = [3, call_id, self.noise.sample(schema(f"{action}Response"))]
        kind = self.random.random()
        if kind < 0.1:
            return False, self.noise.garbled(json.dumps(right))
        if kind < 0.2:
            stray = self.random.choice(("nonsense", self.victim.calls_received()[0][1], "", 7, None, call_id.upper()))
            return False, json.dumps([self.random.choice((3, 4)), stray, right[2]])
        if kind < 0.4:
            right = [4, call_id, self.random.choice(_CODES), "no", {}][: self.random.choice((2, 3, 4, 5, 5, 5))]
        elif kind < 0.8 and len(right) > 2:
            for _ in range(self.random.choice((1, 1, 2, 4))):
                right[2] = self.noise.mutated(right[2])
        elif kind < 0.85:
            return False, self.noise.written(self.noise.mutated(right))
        return True, self.noise.written(right)

    def _come_to_rest(self, seen: int) -> None:
        """The station comes back to its senses: it answers what follows, in the end with a refusal."""
        for round_ in range(_MOST_ROUNDS):
            self.station.wait(seconds=31)
            self.station.result("Heartbeat", {})
            self.run_wakes()
            for frame in self.station.calls_received(seen):
                refusal = [4, frame[1], "NotImplemented", "", {}]
                is_proper = round_ < 5 and self.noise.chance(0.5)
                self.station.send(self._answer(frame[1], frame[2])[1] if is_proper else json.dumps(refusal))
            seen = len(self.posted)
            link = self.csms.store.links.get(_ME, consistent=True)
            if link and not link.flight and not link.waiting:
                return
        raise Escape("the slot for calls is never free again")

    def _check_ended(self, call: Call, what: str) -> None:
        link = self.csms.store.links.get(_ME, consistent=True)
        if not self._stored(call).state.is_ended:
            raise Escape(f"{what} does not end a call")
        if link is None or (link.flight and link.flight.call_id == call.id):
            raise Escape(f"{what} does not free the slot")

    def _stored(self, call: Call) -> Call:
        found = self.csms.store.calls.get(_ME, call.id)
        if found is None or found.state not in set(CallState):
            raise Escape("a call is gone")
        return found


def _acceptable() -> Known:
    """Values for payloads of ours that no rule stands against."""
    return {
        "location": lambda: ("ftp://files.example.com/x",),
        "retrieveDate": lambda: ("2026-03-05T12:00:00Z",),
        "chargingProfileId": lambda: (1, 2, 3),
        "stackLevel": lambda: (0, 1),
        "key": lambda: ("HeartbeatInterval", "MeterValueSampleInterval", "AuthorizationKey", "x"),
        "value": lambda: ("300", "0123456789abcdef"),
    }
