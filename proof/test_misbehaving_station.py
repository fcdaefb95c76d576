"""A station that does everything wrong, over a real WebSocket against the whole local stack, while it is operated.

Whatever it does, the stack answers a station that behaves, every transaction that was acknowledged can be read with the
right energy, every command ends, and no request ends in a server error.
"""

import itertools
import json
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar, Final

import httpx
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from proof.raw_station import Payload, RawStation, timestamp
from tests.stack import Stack, running_stack

ENDED_WITHIN_S: Final = 60
CALL_TIMEOUT_S: Final = 6
PATIENCE_S: Final = 10
WAYS: Final = {"odd answer", "refusal", "no answer", "late answer", "answer over another connection"}
COMMANDS: Final[dict[str, Payload]] = {
    "ClearCache": {},
    "Reset": {"type": "Soft"},
    "GetConfiguration": {},
    "GetLocalListVersion": {},
    "ChangeAvailability": {"connectorId": 0, "type": "Operative"},
    "TriggerMessage": {"requestedMessage": "Heartbeat"},
    "UnlockConnector": {"connectorId": 1},
    "RemoteStartTransaction": {"idTag": "TAG", "connectorId": 1},
    "DataTransfer": {"vendorId": "Acme"},
}
GARBAGE: Final = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=60),
    st.sampled_from(
        [
            *("", "[", "[]", "null", '[2,"x"]', '[2,"x","Heartbeat"', '[2,"x","Nonsense",{}]', '[5,"x",{}]'),
            *(
                '[2,7,"Heartbeat",{}]',
                '[2,"\\ud800","Heartbeat",{}]',
                "[" * 5000,
                "9" * 5000,
                '[3,"x",{}]',
                b"\xff\xfe",
            ),
            '[2,"x","MeterValues",{"connectorId":1,"meterValue":[{}]}]',
            f'[2,"x","DataTransfer",{{"vendorId":"A","data":"{"x" * 100_000}"}}]',
        ]
    ),
)
ODD_ANSWERS: Final[st.SearchStrategy[Any]] = st.sampled_from(
    [
        {},
        None,
        [],
        "Accepted",
        {"status": None},
        {"status": "Nonsense"},
        {"status": ["Accepted"]},
        {"status": "\x00" * 99},
    ]
)
_numbers: Final = itertools.count()


class Misbehaving(RuleBasedStateMachine):
    """One charge point and its operator, another charge point beside it."""

    stack: ClassVar[Stack]
    happened: ClassVar[Counter[str]] = Counter()
    """What it came to, over all examples."""

    @initialize()
    def begin(self) -> None:
        number = next(_numbers)
        self.identity = f"BAD{number}"
        self.bad: RawStation | None = None
        self.left_behind: list[RawStation] = []
        self.good = RawStation(self.stack.ocpp_url, f"GOOD{number}")
        self.api = httpx.Client(
            base_url=self.stack.api_url,
            headers={"Authorization": f"Bearer {self.stack.token}"},
            timeout=40,
            trust_env=False,
        )
        self.meter = 1000
        self.starts: list[Payload] = []
        self.connect_again(is_heard=True)
        self.acknowledged: dict[int, Payload] = {}
        """The start of each transaction that has an id."""
        self.stops: dict[int, int] = {}
        """The first acknowledged `meterStop` of each."""
        self._answer_in_way(number)

    # What happens to its connection.

    @rule(is_heard=st.booleans())
    def connect_again(self, is_heard: bool) -> None:
        """Also while the one before is still open; who says nothing is not called yet."""
        if self.bad:
            self.left_behind.append(self.bad)
        self.bad = RawStation(self.stack.ocpp_url, self.identity)
        if is_heard:
            self._call("Heartbeat", {})

    @precondition(lambda self: self.bad)
    @rule(last_bytes=st.sampled_from([b"", b"\x81", b"\x81\xfe\x10", b"\x01\x85\x00\x00\x00\x00[2,", b"\xff" * 20]))
    def vanish(self, last_bytes: bytes) -> None:
        """In the middle of a frame, or with what is none."""
        assert self.bad
        self.bad.vanish(last_bytes)
        self.bad = None

    # What it says.

    @precondition(lambda self: self.bad)
    @rule(garbage=GARBAGE)
    def talk_nonsense(self, garbage: str | bytes) -> None:
        assert self.bad
        self._say(garbage)

    @precondition(lambda self: self.bad)
    @rule(size=st.integers(1, 9))
    def talk_in_fragments(self, size: int) -> None:
        text = '[2,"f","Heartbeat",{}]'
        self._say([text[first : first + size] for first in range(0, len(text), size)])

    @precondition(lambda self: self.bad)
    @rule(connector=st.integers(1, 2), is_patient=st.booleans())
    def start(self, connector: int, is_patient: bool) -> None:
        """Begin to charge, and perhaps be gone before the answer comes."""
        self.meter += 100
        payload = {"connectorId": connector, "idTag": "TAG", "meterStart": self.meter, "timestamp": timestamp()}
        self.starts.append(payload)
        if is_patient:
            self._start(payload)
        else:
            self._say(json.dumps([2, "s", "StartTransaction", payload]))
            self.vanish(b"")

    @precondition(lambda self: self.bad and self.starts)
    @rule(data=st.data())
    def start_once_more(self, data: st.DataObject) -> None:
        """Send a start again, whether or not it was acknowledged, or even stopped since."""
        self._start(data.draw(st.sampled_from(self.starts)))

    @precondition(lambda self: self.bad and self.acknowledged)
    @rule(data=st.data(), energy_wh=st.integers(0, 50))
    def stop(self, data: st.DataObject, energy_wh: int) -> None:
        """Any transaction, also one that is stopped already: the first stop counts."""
        transaction_id = data.draw(st.sampled_from([*self.acknowledged]))
        self._stop(transaction_id, self.acknowledged[transaction_id]["meterStart"] + energy_wh)

    @precondition(lambda self: self.bad)
    @rule(transaction_id=st.sampled_from([-1, 0, 7, 2**31]))
    def stop_what_never_was(self, transaction_id: int) -> None:
        """At a meter value below all others, so that it is nobody's."""
        payload = {"transactionId": transaction_id, "meterStop": 1, "timestamp": timestamp()}
        self._call("StopTransaction", payload)

    @precondition(lambda self: self.bad)
    @rule(data=st.data())
    def measure(self, data: st.DataObject) -> None:
        transaction_id = data.draw(st.sampled_from([None, -1, 7, *self.acknowledged]))
        sampled = [{"timestamp": timestamp(), "sampledValue": [{"value": str(self.meter)}]}]
        self._call("MeterValues", {"connectorId": 1, "transactionId": transaction_id, "meterValue": sampled})

    # What it is asked, and what it answers.

    @rule(action=st.sampled_from([*COMMANDS]))
    def command(self, action: str) -> None:
        self._asked("POST", f"/charge-points/{self.identity}/commands/{action}", json=COMMANDS[action])

    @precondition(lambda self: self.bad)
    @rule(action=st.sampled_from([*COMMANDS]), payload=ODD_ANSWERS)
    def command_and_answer_oddly(self, action: str, payload: Any) -> None:
        self.command(action)
        assert self.bad
        self.bad.listen(1.5)  # a second after the first word it may be called
        self.answer_oddly(payload, 1)

    @rule()
    def withdraw(self) -> None:
        self._asked("DELETE", f"/charge-points/{self.identity}/commands")

    @precondition(lambda self: self.bad)
    @rule(payload=ODD_ANSWERS, times=st.integers(1, 2))
    def answer_oddly(self, payload: Any, times: int) -> None:
        for call in self._calls_received():
            self.happened["odd answer"] += 1
            for _ in range(times):
                self._say(json.dumps([3, call[1], payload]))

    @precondition(lambda self: self.bad)
    @rule(message_id=st.sampled_from(["nonsense", "", 7, None]))
    def answer_what_nobody_asked(self, message_id: Any) -> None:
        self._say(json.dumps([3, message_id, {"status": "Accepted"}]))

    @precondition(lambda self: self.bad)
    @rule(is_torn=st.booleans())
    def refuse(self, is_torn: bool) -> None:
        for call in self._calls_received():
            self.happened["refusal"] += 1
            text = json.dumps([4, call[1], "GenericError", "no", {}])
            self._say(text[:-3] if is_torn else text)

    @precondition(lambda self: self.bad)
    @rule()
    def ignore_calls(self) -> None:
        self.happened["no answer"] += len(self._calls_received())

    @precondition(lambda self: self.bad and self.left_behind)
    @rule()
    def answer_over_the_connection_before(self) -> None:
        for call in self._calls_received():
            self.happened["answer over another connection"] += 1
            self.left_behind[-1].send(json.dumps([3, call[1], {"status": "Accepted"}]))

    def _answer_in_way(self, number: int) -> None:
        """A call that each example begins with, so that every way to answer it occurs."""
        assert self.bad
        self.command("ClearCache")
        self.bad.listen(PATIENCE_S)
        match number % 5:
            case 0:
                self.answer_oddly([], 2)
            case 1:
                self.refuse(is_torn=True)
            case 2:
                self.ignore_calls()
            case 3:
                self._answer_late()
            case _:
                calls = self.bad.calls
                self.connect_again(is_heard=True)
                self.bad.calls = calls
                self.answer_over_the_connection_before()

    def _answer_late(self) -> None:
        """When its time is up."""
        calls = self._calls_received()
        time.sleep(CALL_TIMEOUT_S + 1)
        for call in calls:
            self.happened["late answer"] += 1
            self._say(json.dumps([3, call[1], {"status": "Accepted"}]))

    # What must be so all the time, and in the end.

    @invariant()
    def others_are_answered(self) -> None:
        if hasattr(self, "good"):
            answer = self.good.call("Heartbeat", {})
            assert answer is not None
            assert answer[0] == 3

    def teardown(self) -> None:
        if not hasattr(self, "good"):
            return
        self.connect_again(is_heard=True)
        for payload in self.starts:
            self._start(payload)
        self._end_all_commands()
        for transaction_id, payload in self.acknowledged.items():
            if transaction_id not in self.stops:
                self._stop(transaction_id, payload["meterStart"] + 5)
            self._stop(transaction_id, self.stops[transaction_id] + 7)  # the first stop counts
            found = self._asked("GET", f"/transactions/{self.identity}/{transaction_id}").json()
            assert found["meterStart"] == payload["meterStart"]
            assert found["meterStop"] == self.stops[transaction_id]
            assert found["energyWh"] == found["meterStop"] - found["meterStart"]
        assert len(self.acknowledged) == len(self.starts), "a transaction is lost, or has two ids"
        page = self._asked("GET", "/transactions", params={"chargePointId": self.identity, "limit": 100}).json()
        assert {each["transactionId"] for each in page["items"]} == self.acknowledged.keys(), "one is there twice"
        self.happened["transaction"] += len(self.starts)
        for station in [self.bad, self.good, *self.left_behind]:
            if station:
                station.close()
        self.api.close()

    def _end_all_commands(self) -> None:
        """From now on it behaves."""
        until = time.monotonic() + ENDED_WITHIN_S
        while True:
            assert self._call("Heartbeat", {}) is not None
            for call in self._calls_received():
                self._say(json.dumps([4, call[1], "NotImplemented", "", {}]))
            commands = self._asked("GET", f"/charge-points/{self.identity}/commands?limit=100").json()["items"]
            unended = [command for command in commands if command["state"] in {"queued", "sent"}]
            if not unended:
                return
            assert time.monotonic() < until, unended
            time.sleep(0.2)

    def _start(self, payload: Payload) -> None:
        answer = self._call("StartTransaction", payload)
        if answer is not None:
            transaction_id = answer[2]["transactionId"]
            assert self.acknowledged.setdefault(transaction_id, payload) == payload

    def _stop(self, transaction_id: int, meter_stop: int) -> None:
        payload = {"transactionId": transaction_id, "meterStop": meter_stop, "timestamp": timestamp()}
        if self._call("StopTransaction", payload) is not None:
            self.stops.setdefault(transaction_id, meter_stop)

    def _call(self, action: str, payload: Payload) -> list[Any] | None:
        """A CALL that must be answered with a CALLRESULT, if the connection is still there."""
        assert self.bad
        answer = self.bad.call(action, payload)
        if answer is None:
            self.bad = None
            return None
        assert answer[0] == 3, answer
        return answer

    def _say(self, message: str | bytes | list[str]) -> None:
        assert self.bad
        self.bad.send(message)

    def _calls_received(self) -> list[list[Any]]:
        assert self.bad
        self.bad.listen()
        calls, self.bad.calls = self.bad.calls, []
        return calls

    def _asked(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = self.api.request(method, path, **options)
        assert answer.status_code < 500, answer.text
        return answer


def test_whatever_a_station_does_the_others_are_served_and_nothing_is_lost(tmp_path: Path) -> None:
    with running_stack(tmp_path, CALL_TIMEOUT_S=str(CALL_TIMEOUT_S), CALL_SETTLE_S="0") as stack:
        Misbehaving.stack = stack
        run_state_machine_as_test(
            Misbehaving,
            settings=settings(
                max_examples=8,
                stateful_step_count=40,
                deadline=None,
                database=None,
                phases=[Phase.generate],  # time passes for real: a smaller example may be another one
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert {*WAYS, "transaction"} <= (+Misbehaving.happened).keys()
    log = stack.log.read_text()
    assert "Traceback" not in log
    assert not re.findall(r'"level": ?"ERROR".*', log)
