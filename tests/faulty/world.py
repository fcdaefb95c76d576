"""One Central System, one charge point and one operator, over an AWS that breaks."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, cast

import dispatch_calls.handler
import finish_calls.handler
import plan_charging.handler
import publish_events.handler
import send_profile.handler
import sweep.handler
import wake_plans.handler
from csms.authorization import AuthorizationStatus, IdTag
from csms.ids import ChargePointId
from csms.ocpp.primitives import format_timestamp
from csms.runtime import Runtime
from csms.settings import Settings
from csms.store import Store
from infra.definitions import CHANGES_STREAM, QUEUES, SITE_CHANGES_STREAM
from local.event_sources.batches import failed_items
from local.event_sources.patterns import matches
from tests.faulty.aws import BrokenAws, Contents, Message
from tests.lambda_operator import LambdaOperator, claims_of
from tests.lambda_station import NOON, LambdaStation

CP001: Final = ChargePointId("CP001")
_PASSWORD: Final = "00112233445566778899aabbccddeeff0011"
HANDLERS: Final = {
    "dispatch_calls": dispatch_calls.handler.lambda_handler,
    "wake_plans": wake_plans.handler.lambda_handler,
    "publish_events": publish_events.handler.lambda_handler,
    "finish_calls": finish_calls.handler.lambda_handler,
}
_SOURCES: Final = dict(zip(("calls", "boundaries", "events"), QUEUES, strict=True))
_ROUNDS_S: Final = (0, 31, 61, 61)
"""In which everything comes to rest: a deadline, and what is looked at again after a minute."""
_BACK_IN: Final = 2
"""The round in which a station that is away comes back, and the first in which the schedule has its turn."""
_OF_A_PROCESS: Final = ("answerer", "calls", "commands", "bulk", "charging_plans", "sessions", "connections")

Reply = dict[str, Any] | str | None
"""A payload, the code of a CALLERROR, or None for silence."""


@dataclass(frozen=True)
class Moment:
    """What a world can go back to."""

    contents: Contents
    now: datetime
    connection_id: str
    connected_at: datetime
    connected: frozenset[str]
    answered: frozenset[str]
    notes: dict[str, Any]
    settings: Settings


@dataclass
class World:
    """All of it, on one clock."""

    csms: Runtime
    aws: BrokenAws
    now: datetime = NOON
    station: LambdaStation = field(default_factory=lambda: LambdaStation(CP001))
    operator: LambdaOperator = field(default_factory=lambda: LambdaOperator(claims_of("admin")))
    answered: set[str] = field(default_factory=set)
    """Calls that the station has answered."""
    skew_s: float = 0
    """How far the clock of the next process is ahead."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What whoever asks knows: ids and URLs that were told before."""
    rivals: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    """Other invocations run in another thread, as `operator_api` can only do one at a time."""

    def begin(self) -> None:
        """A station that is there and may be called, and two tags."""
        store = self.csms.store
        for tag in ("TAG1", "TAG2"):
            store.id_tags.put(IdTag(tag, parent_id_tag="FAMILY"))
        store.id_tags.put(IdTag("BLOCKED", status=AuthorizationStatus.BLOCKED))
        answer = self.operator.post("/charge-points", {"id": CP001, "securityProfile": 1, "password": _PASSWORD})
        assert answer.status == 201, answer.text
        self.connect()
        self.wait(60)
        self.station.result("Heartbeat", {})
        self.wait(60)

    def connect(self) -> dict[str, Any]:
        """Open a connection that replaces the one before."""
        self.aws.connected.clear()
        answer = self.station.connect(password=bytes.fromhex(_PASSWORD))
        self.aws.connected.add(self.station.connection_id)
        return answer

    def disconnect(self) -> None:
        """Close the connection."""
        self.aws.connected.clear()
        self.station.disconnect()

    def wait(self, seconds: float) -> None:
        """Let time pass for everybody."""
        self.now += timedelta(seconds=seconds)
        self.station.now = self.operator.now = self.now

    def start_process(self) -> None:
        """The next invocation is of a process that remembers nothing."""
        for name in _OF_A_PROCESS:
            vars(self.csms).pop(name, None)
        vars(self.csms)["store"] = Store(cast("Any", None), self.csms.settings)
        for part in (self.csms.calls, self.csms.charging_plans, self.csms.bulk):
            vars(part)["_clock"] = self._clock()

    def _clock(self) -> Callable[[], datetime]:
        """Of the process that starts."""
        skew = timedelta(seconds=self.skew_s)
        return lambda: self.now + skew

    def remember(self) -> Moment:
        """This very moment."""
        station = self.station
        return Moment(
            self.aws.contents.copy(),
            self.now,
            station.connection_id,
            station.connected_at,
            frozenset(self.aws.connected),
            frozenset(self.answered),
            dict(self.notes),
            self.csms.settings,
        )

    def go_back(self, moment: Moment) -> None:
        """To that moment, with a new process."""
        self.aws.restore(moment.contents)
        self.station.connection_id, self.station.connected_at = moment.connection_id, moment.connected_at
        self.aws.connected = set(moment.connected)
        self.answered, self.notes = set(moment.answered), dict(moment.notes)
        vars(self.csms)["settings"] = moment.settings
        self.now = moment.now
        self.wait(0)
        self.start_process()

    # What the platform does.

    def deliver(self, queue: str, messages: list[Message] | None = None, *, most: int | None = None) -> bool:
        """Hand a batch of what is due to the function behind the queue; whether all of it was handled.

        What failed stays in the queue.
        """
        source = _SOURCES[queue]
        batch = self.due(queue)[: most or source.batch_size] if messages is None else messages
        event = {"Records": [{"messageId": message.id, "body": message.body} for message in batch]}
        failed = failed_items(HANDLERS[source.function](event, None), [message.id for message in batch])
        self._take_out([message for message in batch if message.id not in failed])
        return not failed

    def stream(self) -> None:
        """Hand the changes of the table to both readers of its stream, as their mappings do."""
        records, self.aws.contents.records = self.aws.contents.records, []
        for source in (CHANGES_STREAM, SITE_CHANGES_STREAM):
            wanted = [record for record in records if any(matches(each, record) for each in source.patterns)]
            deliver_in_order(HANDLERS[source.function], wanted, source.retries)

    def sweep(self) -> None:
        """The schedule's turn."""
        sweep.handler.lambda_handler({"time": format_timestamp(self.now)}, None)

    def plan(self, do: str, plan: str, step: int, **more: Any) -> Any:
        """One part of a plan's step."""
        event = {"do": do, "plan": plan, "step": step, "schema": 1, **more}
        return plan_charging.handler.lambda_handler(event, None)

    def send_profile(self, plan: str, step: int, target: str, token: str) -> None:
        """The task that sends a profile to one target."""
        event = {"plan": plan, "step": step, "target": target, "task_token": token, "schema": 1}
        send_profile.handler.lambda_handler(event, None)

    def answer(self) -> bool:
        """Let the station answer what has reached it; whether there was anything."""
        frames = [json.loads(text) for _, text in self.aws.contents.posted]
        unanswered = [frame for frame in frames if frame[0] == 2 and frame[1] not in self.answered]
        for _, call_id, action, _ in unanswered:
            self.wait(1)
            self.answered.add(call_id)
            reply = self._obey(action)
            if isinstance(reply, str):
                self.station.send(json.dumps([4, call_id, reply, "", {}]))
            elif reply is not None:
                self.station.send(json.dumps([3, call_id, reply]))
        return bool(unanswered)

    def answer_again(self) -> None:
        """The station answers the last call that has reached it, whether or not it has done so."""
        call_id = json.loads(self.aws.contents.posted[-1][1])[1]
        self.answered.discard(call_id)
        self.answer()

    def ignore_calls(self) -> None:
        """The station does not answer what has reached it."""
        self.answered |= {json.loads(text)[1] for _, text in self.aws.contents.posted}

    def commissions(self) -> None:
        """Stations that boot are commissioned."""
        vars(self.csms)["settings"] = self.csms.settings.model_copy(update={"commissioning": True})
        self.start_process()

    def deliver_again(self, queue: str) -> bool:
        """A batch, the same if it is asked for again; whether all of it was handled."""
        batch = self.notes.setdefault(f"batch of {queue}", self.due(queue))
        return self.deliver(queue, batch)

    def read_stream(self, function: str) -> bool:
        """Hand a function what the stream holds for it, as often as it is asked for; whether all of it was done.

        Nobody else gets it.
        """
        source = next(source for source in (CHANGES_STREAM, SITE_CHANGES_STREAM) if source.function == function)
        records = self.notes.setdefault("records", self.aws.contents.records)
        self.aws.contents.records = [record for record in self.aws.contents.records if record not in records]
        wanted = [record for record in records if any(matches(each, record) for each in source.patterns)]
        numbers = [record["dynamodb"]["SequenceNumber"] for record in wanted]
        return not failed_items(HANDLERS[function]({"Records": wanted}, None), numbers)

    def told(self) -> list[dict[str, Any]]:
        """What is on the bus, each with its type."""
        return [{"type": entry["DetailType"], **json.loads(entry["Detail"])} for entry in self.aws.contents.bus]

    @property
    def stranger(self) -> LambdaOperator:
        """Somebody without a token."""
        return LambdaOperator(None, now=self.now)

    def come_to_rest(self) -> None:
        """Everybody does what is theirs until nothing is left to do; nothing breaks any more."""
        for number, seconds in enumerate(_ROUNDS_S):
            self.wait(seconds)
            if not self.aws.connected and number == _BACK_IN:
                self.connect()
            if self.aws.connected:
                self.station.call("Heartbeat", {})
            self._work_off()
            self.stream()
            if number >= _BACK_IN:
                self.sweep()
            self._work_off()

    def _work_off(self) -> None:
        for _ in range(50):
            has_worked = self.answer()
            for queue in _SOURCES:
                while self.due(queue):
                    assert self.deliver(queue), "a message that nothing can be done about"
                    has_worked = True
            if not has_worked:
                return
        raise AssertionError("it never comes to rest")

    def _obey(self, action: str) -> Reply:
        """What a station answers that does as it is told."""
        match action:
            case "GetConfiguration":
                key = {"key": "MeterValueSampleInterval", "readonly": False, "value": "60"}
                return {"configurationKey": [key]}
            case "GetLocalListVersion":
                frames = [json.loads(text) for _, text in self.aws.contents.posted]
                lists = [frame[3]["listVersion"] for frame in frames if frame[2] == "SendLocalList"]
                return {"listVersion": lists[-1] if lists else 0}
            case "GetDiagnostics":
                return {"fileName": "log.zip"}
            case "UpdateFirmware":
                return {}
        return {"status": "Accepted"}

    def due(self, queue: str) -> list[Message]:
        """The messages of a queue whose time has come."""
        return [message for message in self.aws.contents.messages if message.queue == queue and message.due <= self.now]

    def _take_out(self, handled: list[Message]) -> None:
        left = self.aws.contents.messages
        self.aws.contents.messages = [message for message in left if message not in handled]


def deliver_in_order(handler: Callable[..., Any], records: list[Any], retries: int, most: int = 100) -> None:
    """As a mapping of a stream does: again from the first record that failed, in halves if the function fails."""
    while records:
        batch = records[:most]
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        failed = failed_items(handler({"Records": batch}, None), numbers)
        done = next((index for index, number in enumerate(numbers) if number in failed), len(batch))
        records, retries = records[done:], retries - (done == 0)
        assert retries >= 0, "a record that nothing can be done about"
