"""What stations send: right messages, messages almost right, torn text, bytes."""

import base64
import json
from random import Random
from typing import Any, Final

import message.handler
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.links import Registration
from csms.v16.registry import actions
from proof.fuzz.noise import NASTY
from proof.fuzz.world import FUZZED, Escape, World, transmissible
from tests.lambda_station import event
from tests.schemas import assert_valid_answer, schema

_CHARGE_DATA: Final = frozenset({"StartTransaction", "StopTransaction", "MeterValues"})
_KEPT: Final = ("TX#", "METER#", "ORPHAN#")
_OWN: Final = (f"CP#{FUZZED}", f"TX#{FUZZED}#", f"METER#{FUZZED}#", f"LOG#{FUZZED}#", "SESSION#connection-", "TAG#TAG")
"""Where what a station says may be written, but for the tags that it was told."""


class Frames(World):
    """One station sends whatever it likes."""

    family = "frames"

    def __init__(self, csms: Runtime, random: Random) -> None:
        super().__init__(csms, random)
        self._earlier: list[str] = []
        self._registration = random.choice([*Registration, *[Registration.ACCEPTED] * 5])
        csms.store.links.set_registration(ChargePointId(FUZZED), self._registration)
        self.station.wait(seconds=61)  # as long as a session is remembered as accepted

    def run(self) -> None:
        self.station.wait(seconds=self.random.choice((0, 0.1, 1, 61)))
        before, first = self.items_of_victim(), len(self.table.written)
        if self.noise.chance(0.02):
            self._send_octets()
        else:
            text, is_right = self._frame()
            text = transmissible(text)
            self._check(text, self.station.send(text), first, is_right=is_right)
        if self.items_of_victim() != before:
            raise Escape("another charge point's items changed")
        for key in self.table.written[first:]:
            if not key.partition.startswith(_OWN):
                raise Escape(f"written to {key}")

    def _frame(self) -> tuple[str, bool]:
        """A text, and whether it is a right CALL."""
        if self._earlier and self.noise.chance(0.05):
            return self.random.choice(self._earlier), False
        action = self.random.choice([*actions()])
        payload = self.noise.sample(schema(action))
        right = [2, f"m{self.random.randrange(10**6)}", action, payload]
        kind = self.random.random()
        if kind < 0.3:
            frame, is_right = right, True
        elif kind < 0.7:
            for _ in range(self.random.choice((1, 1, 1, 2, 4))):
                payload = self.noise.mutated(payload)
            frame, is_right = [*right[:3], payload], False
        elif kind < 0.8:
            frame, is_right = self.noise.mutated([*right[:3], {}] if self.noise.chance(0.5) else right), False
        else:
            frame, is_right = self._odd(right), False
        text = self.noise.written(frame)
        if kind > 0.9:
            text = self.noise.garbled(text)
        self._earlier = [*self._earlier[-20:], text]
        return text, is_right

    def _odd(self, right: list[Any]) -> Any:
        """Other message types and actions, answers to nothing and to another's call, no frames at all."""
        call = self.victim.calls_received()[0][1]
        some = self.random.choice
        return some(
            [
                [some((3, 4, "3", "4", 0, 1, 5, 2.0, "2", True, None)), some((call, "x", 7, "", "x" * 60)), *right[2:]],
                [3, call, {"status": "Accepted"}],
                [4, call, some(("NotSupported", "", 7)), "", {}],
                [2, some((7, 7.5, "", "x" * 400, "\ud800", call, None, True)), *right[2:]],
                [2, right[1], some(("Reset", "Nonsense", "heartbeat", "", "\ud800", "x" * 300)), {}],
                [*right, some(NASTY)],
                some(NASTY),
                [],
            ]
        )

    def _send_octets(self) -> None:
        """A binary frame; API Gateway hands it on in base64."""
        octets = self.noise.octets()
        self.said.append(f"{FUZZED} > {octets!r}")
        sent = self.station._in_context(event("message"))
        sent |= {"body": base64.b64encode(octets).decode(), "isBase64Encoded": True}
        sent["requestContext"]["routeKey"] = "$default"
        if message.handler.lambda_handler(sent, None) != {"statusCode": 200}:
            raise Escape("an answer to no frame")

    def _check(self, text: str, answer: str | None, first: int, *, is_right: bool) -> None:
        call = call_in(text)
        if answer is None:
            if call:
                raise Escape("no answer to a CALL")
            return
        frame = json.loads(answer)
        if frame[0] == 4 and frame[2] == "InternalError":
            raise Escape("InternalError")
        assert_valid_answer(_action_in(text), frame)
        if call is None:
            return  # with a message id that is no text, say: answered all the same, or not
        if frame[1] != call[1]:
            raise Escape("answered under another message id")
        is_heard = self._registration is Registration.ACCEPTED or call[2] in {"BootNotification", *_CHARGE_DATA}
        if is_right and frame[0] != 3 and (is_heard or frame[2] != "SecurityError"):
            raise Escape(f"a right message is refused: {answer}")
        written = self.table.written[first:]
        if is_right and frame[0] == 3 and not is_heard:
            raise Escape("a station that is not accepted is served")
        if call[2] in _CHARGE_DATA and not any(part.startswith(_KEPT) for key in written for part in key):
            raise Escape("charge data is not kept")


def call_in(text: str) -> list[Any] | None:
    """The CALL that anybody would read there: four elements, two texts, an object."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        frame = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    match frame:
        case [int() | float() as kind, str(), str(), dict() | None] if kind == 2 and not isinstance(kind, bool):
            return list(frame) if _is_sane(frame) else None
        case _:
            return None


def _action_in(text: str) -> str:
    """Of anything that a CALLRESULT may answer."""
    frame = json.loads(text)
    return str(frame[2]) if len(frame) > 2 else ""


def _is_sane(frame: list[Any]) -> bool:
    """No number beyond what JSON is good for, and no half characters, in which a message id would not come back."""
    text = json.dumps(frame)
    return "Infinity" not in text and frame[1] == frame[1].encode(errors="replace").decode()
