"""What our own functions get from queues, the table's stream, the schedule and the state machine: right, old, broken.

All of it was written by our own code, perhaps by an older or newer version. So what is right is handled, whatever comes
in the same batch; what cannot be read fails by itself, as often as its source repeats it, and changes nothing; and none
of it keeps anybody busy for ever.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any, Final

import boto3
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator

import dispatch_calls.handler
import finish_calls.handler
import plan_charging.handler
import publish_events.handler
import send_profile.handler
import sweep.handler
import wake_plans.handler
from csms import boundary_queue, call_queue
from csms.boundary_queue import Boundary
from csms.call_queue import BulkChunk, BulkSelection, Commission, Deadline, Dispatch
from csms.event_bus import EventBus
from csms.events import event_of
from csms.ids import CallId, ChargePointId, PlanId, SiteId
from csms.ocpp.primitives import format_timestamp
from csms.runtime import Runtime
from csms.smart_charging.situation import Policy
from csms.store import keys
from csms.store.bulks import Bulk, Selection
from csms.store.calls import CallState
from csms.store.changes import Pattern, change_of
from csms.store.charging_plans import ChargingPlan, PlanKind, PlanPeriod
from csms.store.keys import Key
from csms.store.sites import Member, Site
from csms.store.table import Item, _to_wire
from infra.definitions import CHANGES_STREAM, SITE_CHANGES_STREAM
from local.event_sources.patterns import matches
from proof.fuzz.noise import NASTY
from proof.fuzz.world import FUZZED, Escape, World
from tests.event_schemas import assert_valid_event
from tests.table_stream import record_of

_ME: Final = ChargePointId(FUZZED)
_SITE: Final = SiteId("site-1")
_PLAN: Final = PlanId("plan-1")
_BULK: Final = "bulk-1"
_OWN: Final = (f"TX#{FUZZED}#", f"METER#{FUZZED}#", f"LOG#{FUZZED}#", f"BULK#{_BULK}", "FLEET", "SESSION#connection-")
"""Where something may be written that was not there."""
_LARGEST_PUT: Final = 256 * 1024
_MOST_ROUNDS: Final = 60
_SPOILT: Final[tuple[dict[str, Any] | None, ...]] = (
    {"S": "nonsense"},
    {"N": "7"},
    {"NULL": True},
    {"M": {}},
    {"L": []},
    None,
)
"""In the place of an attribute, with its type."""
_PARTS: Final = ("plan", "rebudget", "wait", "next")


@dataclass(frozen=True)
class Piece:
    """A record, whether it is as our functions write it or wrote it, and whether it is for functions to come."""

    record: dict[str, Any]
    is_right: bool
    is_newer: bool = False


class Records(World):
    """A station lives; what follows from it reaches the functions behind it, among all kinds of rubbish."""

    family = "records"

    def __init__(self, csms: Runtime, random: Random) -> None:
        super().__init__(csms, random)
        self._numbers = iter(range(1, 10**9))
        self._news: list[str] = []
        """Bodies for `publish_events`."""
        csms.__dict__.update(event_queue=self, event_bus=EventBus(_Bus(), "bus"))
        csms.charging_plans._clock = csms.bulk._clock = lambda: self.station.now
        self._make_site()
        selection = Selection((_ME, ChargePointId("nobody")))
        csms.store.bulks.create(Bulk(_BULK, "ClearCache", {}, selection, "operator", self.station.now))
        self._functions: tuple[Callable[[], None], ...] = (
            *(self._dispatch_calls, self._finish_calls, self._publish_events, self._wake_plans_of_boundaries),
            *(self._wake_plans_of_changes, self._sweep, self._send_profile, self._plan_charging),
        )

    def run(self) -> None:
        self._live()
        before, first = {key.partition for key in self.table.items}, len(self.table.changes)
        self.random.choice(self._functions)()
        for key, *_ in self.table.changes[first:]:
            if key.partition not in before and not key.partition.startswith(_OWN):
                raise Escape(f"written to {key}")
        if self.noise.chance(0.05):
            self._come_to_rest()

    def send(self, bodies: Sequence[str]) -> None:
        """In the place of the queue of events."""
        self._news += bodies

    def _live(self) -> None:
        self.table.changes.clear()
        station = self.station
        station.wait(seconds=self.random.choice((1, 31, 61)))
        match self.random.randrange(5):
            case 0:
                number = station.start()["transactionId"]
                station.stop(number)
            case 1:
                station.stop(self.random.choice((0, 7)))
            case 2:
                station.disconnect()
                station.arrive()
            case _:
                status = self.random.choice(("Available", "Charging", "Faulted"))
                station.result("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": status})
        since = len(self.posted)
        station.called(self.random.choice(("ClearCache", "GetConfiguration")))
        for frame in station.calls_received(since):
            if self.noise.chance(0.7):
                station.send(json.dumps([3, frame[1], {"status": "Accepted"}]))

    def _dispatch_calls(self) -> None:
        calls = self.csms.store.calls.list(_ME, limit=5).calls
        flights = [(call.id, call.attempt, call.answer_by or call.created_at) for call in calls]
        flights += [(CallId("nobody"), 1, self.station.now)]
        wakes: list[call_queue.Wake] = [
            Dispatch(self.random.choice((_ME, ChargePointId("nobody")))),
            Deadline(_ME, *self.random.choice(flights)),
            BulkSelection(_BULK),
            BulkChunk(_BULK, (_ME, ChargePointId("nobody"))),
            Commission(_ME, self.station.now),
        ]
        self._hand_messages(
            dispatch_calls.handler.lambda_handler, [call_queue.write(wake) for wake in wakes], self._is_no_wake
        )

    def _is_no_wake(self, body: str) -> bool:
        """Whether nothing can be made of a body; what can, is believed if it is no nonsense."""
        wake = call_queue.read(body)
        if not isinstance(wake, Deadline) or type(wake.attempt) is not int:
            return False
        is_ours = wake.until < self.station.now + timedelta(minutes=5) and 0 <= wake.attempt < 1000
        return not is_ours

    def _publish_events(self) -> None:
        if not self._news:
            self._finish_calls()
        bodies = self._news[-8:]
        self._news.clear()
        self._hand_messages(publish_events.handler.lambda_handler, bodies, lambda _: False)

    def _wake_plans_of_boundaries(self) -> None:
        boundary = Boundary(_PLAN, self._plan.step, self.station.now)
        bodies = [boundary_queue.write(each) for each in (boundary, replace(boundary, step=7))]
        self._hand_messages(wake_plans.handler.lambda_handler, bodies, lambda _: False)

    def _finish_calls(self) -> None:
        pieces = self._stream(CHANGES_STREAM.patterns)
        self._news.clear()
        self._hand(finish_calls.handler.lambda_handler, pieces, _sequence_number)
        told = [event for piece in pieces if piece.is_right and (event := event_of(change_of(piece.record)))]
        bodies = [json.loads(body) for body in self._news]
        for event in told:
            if not any(body.get("detail") == event.write() for body in bodies):
                raise Escape(f"nobody hears of {event}")
        for body in bodies:
            if "unreadable" not in body:
                assert_valid_event(body["detailType"], body["detail"])

    def _wake_plans_of_changes(self) -> None:
        version = self._site.version
        pieces = self._stream(SITE_CHANGES_STREAM.patterns)
        self._hand(wake_plans.handler.lambda_handler, pieces, _sequence_number)
        is_news = any(piece.is_right and "OldImage" not in piece.record["dynamodb"] for piece in pieces)
        if is_news and self._site.version == version:
            raise Escape("a change at the site wakes nobody")

    def _sweep(self) -> None:
        """Among what is due there may be a row that nobody can read."""
        self.station.disconnect()
        call = self.station.called("ClearCache", lifetime=timedelta(minutes=1))
        spoilt = self._spoil(keys.call(call.charge_point_id, call.id)) if self.noise.chance(0.3) else None
        self.station.wait(minutes=2)
        self._invoke(sweep.handler.lambda_handler, {"time": self.random.choice(NASTY)}, is_right=False)
        event = {"time": format_timestamp(self.station.now)}
        self._invoke(sweep.handler.lambda_handler, event, is_right=spoilt is None)
        found = self.csms.store.calls.get(call.charge_point_id, call.id)
        if found is None or found.state is not CallState.EXPIRED:
            raise Escape("what is due is not ended")
        if spoilt:
            self.table.delete(spoilt)
        self.station.arrive()

    def _spoil(self, key: Key) -> Key:
        """A row like this one, broken, that is due before it."""
        spoilt = key._replace(sort=f"{key.sort}0")
        item = self.table.items[key]
        names = ("call_id", "charge_point_id", "payload", "created_at", "expires_at_time", "state", "fence")
        broken = {self.random.choice(names): self.random.choice(("nonsense", 7, None))}
        earlier = {"GSI4SK": f"0{item['GSI4SK'][1:]}"}
        kept = {name: value for name, value in item.items() if name not in {"PK", "SK"}}
        self.table.put(spoilt, kept | earlier | broken)
        return spoilt

    def _plan_charging(self) -> None:
        event = {"schema": 1, "do": self.random.choice(_PARTS), "plan": _PLAN, "step": self._step()}
        if event["do"] == "wait":
            event |= {"version": self._site.version, "task_token": "token"}
        self._invoke_any(plan_charging.handler.lambda_handler, event)

    def _send_profile(self) -> None:
        target = self.random.choice([f"{FUZZED}#1#transaction", f"{FUZZED}#0#failsafe", "nobody#1#transaction"])
        event = {"schema": 1, "plan": _PLAN, "step": self._step(), "target": target, "task_token": "token"}
        self._invoke_any(send_profile.handler.lambda_handler, event)

    def _step(self) -> int:
        return self._plan.step + self.random.choice((-1, 0, 0, 1))

    def _invoke_any(self, handler: Callable[..., Any], event: dict[str, Any]) -> None:
        """An event of the state machine: right, from before there was a schema, or broken in some way."""
        kind = self.random.random()
        if kind < 0.5:
            event |= {} if kind < 0.3 else {"schema": None}
            self._invoke(handler, event, is_right=True)
            return
        before = self._plan
        broken = self.noise.mutated(event)
        is_event = isinstance(broken, dict)
        self._invoke(handler, broken if is_event else event, is_right=not is_event)
        if type(broken) is dict and type(broken.get("step")) is not int and self._plan.step != before.step:
            raise Escape(f"a step for {broken}")

    def _invoke(self, handler: Callable[..., Any], event: dict[str, Any], *, is_right: bool) -> None:
        """What is wrong may fail, which its source repeats a few times."""
        self.said.append(f"{handler.__module__} < {str(event)[:500]}")
        try:
            handler(event, None)
        except Exception:
            if is_right:
                raise
        if not is_right:
            self.errors.clear()

    def _hand_messages(
        self, handler: Callable[..., Any], bodies: Sequence[str], is_nonsense: Callable[[str], bool]
    ) -> None:
        pieces = [Piece(self._message(body), is_right="unreadable" not in json.loads(body)) for body in bodies]
        for body in self.random.sample(bodies, min(2, len(bodies))):
            fields = json.loads(body)
            old = {name: value for name, value in fields.items() if name not in {"v", "kind"}}
            pieces += [Piece(self._message(json.dumps(old)), is_right="unreadable" not in old)]
            pieces += [Piece(self._message(json.dumps(fields | {"v": 2})), is_right=False, is_newer=True)]
            broken = self._broken(fields)
            try:
                is_left_out = is_nonsense(broken)
            except Exception:  # noqa: BLE001  nobody can read it
                is_left_out = False
            pieces += [] if is_left_out else [Piece(self._message(broken), is_right=False)]
        pieces += self.random.sample(pieces, min(2, len(pieces)))
        self._hand(handler, [replace(piece, record={**piece.record}) for piece in pieces], _message_id)

    def _message(self, body: str) -> dict[str, Any]:
        return {"messageId": f"m{next(self._numbers)}", "eventSource": "aws:sqs", "body": body}

    def _broken(self, fields: Any) -> str:
        if self.noise.chance(0.3):
            return self.noise.garbled(json.dumps(fields))
        for _ in range(self.random.choice((1, 1, 2))):
            fields = self.noise.mutated(fields)
        return self.noise.written(fields)

    def _stream(self, patterns: Sequence[Pattern]) -> list[Piece]:
        """What the stream has of the last changes, and some of it broken; what is filtered out never comes."""
        pieces: list[Piece] = []
        for key, old, new in self.table.changes:
            for is_right in (True, False) if self.noise.chance(0.3) else (True,):
                record = self._change(key, old, new, is_right=is_right)
                if old != new and any(matches(pattern, record) for pattern in patterns):
                    pieces += [Piece(record, is_right)] * self.random.choice((1, 1, 1, 2))
        return pieces

    def _change(self, key: Key, old: Item | None, new: Item | None, *, is_right: bool) -> dict[str, Any]:
        named = _to_wire({"PK": key.partition, "SK": key.sort})
        before, after = (image and _to_wire(image) for image in (old, new))
        if not is_right:
            before, after = self._spoilt(before), self._spoilt(after)
        return record_of(next(self._numbers), named, before, after, self.station.now.timestamp())

    def _spoilt(self, image: dict[str, Any] | None) -> dict[str, Any] | None:
        """An image with attributes missing, or of another type."""
        if image is None:
            return None
        chosen = self.random.sample([*image], min(2, len(image)))
        spoilt = {name: self.random.choice(_SPOILT) for name in chosen}
        return {name: value for name, value in (image | spoilt).items() if value is not None}

    def _hand(
        self, handler: Callable[..., Any], pieces: Sequence[Piece], identify: Callable[[Mapping[str, Any]], str]
    ) -> None:
        """A batch; the function says which of it failed, and that is none of what is right."""
        batch = self.random.sample(pieces, len(pieces)) if identify is _message_id else list(pieces)
        self.said.append(f"{handler.__module__} < {[piece.record for piece in batch if not piece.is_right]}")
        answer = handler({"Records": [piece.record for piece in batch]}, None)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        right = {identify(piece.record) for piece in batch if piece.is_right}
        if failed & right:
            raise Escape(f"{failed & right} failed, which are right: {self.errors}")
        if not {identify(piece.record) for piece in batch if piece.is_newer} <= failed:
            raise Escape("what is for functions to come is taken for handled")
        if not failed <= {identify(piece.record) for piece in batch}:
            raise Escape(f"{failed} are not in the batch")
        if len(right) < len(batch):
            self.errors.clear()

    def _come_to_rest(self) -> None:
        """The station refuses everything, the queue delivers: after a while there is no more to do."""
        seen = 0
        for _ in range(_MOST_ROUNDS):
            self.station.wait(seconds=61)
            self.station.result("Heartbeat", {})
            self.run_wakes()
            for frame in self.station.calls_received(seen):
                self.station.send(json.dumps([4, frame[1], "NotImplemented", "", {}]))
            seen = len(self.posted)
            link = self.csms.store.links.get(_ME, consistent=True)
            if link and not link.flight and not link.waiting and not self.wakes:
                return
        raise Escape(f"there is no end of it: {self.wakes}")

    @property
    def _plan(self) -> ChargingPlan:
        plan = self.csms.store.charging_plans.get(_PLAN, consistent=True)
        assert plan is not None
        return plan

    @property
    def _site(self) -> Site:
        site = self.csms.store.sites.get(_SITE, consistent=True)
        assert site is not None
        return site

    def _make_site(self) -> None:
        store, now = self.csms.store, self.station.now
        self.station.result("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})
        store.sites.create(Site(_SITE, "Depot", (500, 500, 500), now))
        store.sites.add_member(_SITE, Member(_ME, maximum_da=320), [1])
        plan = ChargingPlan(
            id=_PLAN,
            site_id=_SITE,
            name="Plan",
            policy=Policy.EQUAL_SHARE,
            kind=PlanKind.ABSOLUTE,
            periods=(PlanPeriod(now, now + timedelta(days=30), (300, 300, 300)),),
            created_at=now,
            created_by="somebody",
        )
        store.charging_plans.create(plan)
        assert store.sites.claim(_SITE, _PLAN)
        store.charging_plans.activate(plan, now)


def _message_id(record: Mapping[str, Any]) -> str:
    return str(record["messageId"])


def _sequence_number(record: Mapping[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


class _Bus:
    """Refuses what EventBridge and its client refuse: all of a request, or one entry of it."""

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  as the client has it
        report = ParamValidator().validate({"Entries": Entries}, _put_events())
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report())
        if sum(len(entry["Detail"].encode()) for entry in Entries) > _LARGEST_PUT:
            raise ValueError("the request is too large")
        return {"Entries": [{"EventId": "1"} for _ in Entries]}


@cache
def _put_events() -> Any:
    return (
        boto3.client("events", region_name="eu-central-1").meta.service_model.operation_model("PutEvents").input_shape
    )
