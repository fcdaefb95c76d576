"""A site played in this process: its stations, and the order in which the state machine runs the parts of a step."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

import dispatch_calls.handler
import plan_charging.handler
import send_profile.handler
import wake_plans.handler
from csms.boundary_queue import Boundary, BoundaryQueue
from csms.call_queue import CallQueue, Wake, write
from csms.gateway import Gateway, Posted
from csms.ids import ChargePointId, ConnectionId, PlanId, SiteId
from csms.ocpp.primitives import format_timestamp
from csms.runtime import Runtime
from csms.smart_charging.limits import Recurrency
from csms.smart_charging.situation import Policy
from csms.store.charging_plans import ChargingPlan, PlanKind, PlanPeriod, Release
from csms.store.sites import Member, Site
from csms.workflows import StepFunctions
from local.fleet.charging_profiles import InstalledProfiles, parse_profile
from tests.lambda_station import NOON, LambdaStation

SITE = SiteId("site-1")
PLAN = PlanId("plan-1")
_WATTS_OF_AN_AMPERE = 3 * 230
Reply = dict[str, Any] | str | None
"""A payload, the code of a CALLERROR, or None for silence."""


@dataclass
class SiteStation(LambdaStation):
    """A station that keeps its profiles as an implementation of its own does. `reply` decides what it answers."""

    profiles: InstalledProfiles = field(default_factory=InstalledProfiles)
    reply: Callable[[str, dict[str, Any]], Reply] | None = None
    posted: list[list[Any]] = field(default_factory=list)
    charging: dict[int, tuple[int, datetime]] = field(default_factory=dict)
    """Transaction and its start, by connector."""

    def sent(self, action: str = "SetChargingProfile") -> list[dict[str, Any]]:
        """The payloads of what it was called with."""
        return [frame[3] for frame in self.posted if frame[2] == action]

    def begin(self, connector_id: int = 1, id_tag: str = "TAG1") -> int:
        """Start a transaction now."""
        answer = self.start(connectorId=connector_id, idTag=id_tag)
        number: int = answer["transactionId"]
        self.charging[connector_id] = (number, self.now)
        return number

    def finish(self, connector_id: int = 1) -> None:
        """Stop the transaction now."""
        number, _ = self.charging.pop(connector_id)
        self.profiles.end_transaction(connector_id)
        self.stop(number)

    def measure(self, current_a: float, connector_id: int = 1, *, ahead: timedelta = timedelta()) -> None:
        """Report what is drawn on each phase, by a clock that is ahead."""
        samples = [
            {"value": str(current_a), "measurand": "Current.Import", "unit": "A", "phase": phase}
            for phase in ("L1", "L2", "L3")
        ]
        self.result(
            "MeterValues",
            {
                "connectorId": connector_id,
                "transactionId": self.charging[connector_id][0],
                "meterValue": [{"timestamp": format_timestamp(self.now + ahead), "sampledValue": samples}],
            },
        )

    def limit_a(self, at: datetime, connector_id: int = 1, hardware_a: float = 32) -> float:
        """What it lets a vehicle draw on each phase at a moment."""
        if connector_id not in self.charging:
            return 0
        limit_w = self.profiles.limit_w(connector_id, at, self.charging[connector_id][1])
        return hardware_a if limit_w is None else min(hardware_a, limit_w / _WATTS_OF_AN_AMPERE)

    def answer(self, frame: list[Any]) -> None:
        """Answer a call, after doing what it says."""
        _, message_id, action, payload = frame
        reply = self.reply(action, payload) if self.reply else self._obey(action, payload)
        if isinstance(reply, str):
            self.send(json.dumps([4, message_id, reply, "", {}]))
        elif reply is not None:
            self.send(json.dumps([3, message_id, reply]))

    def _obey(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        if action == "SetChargingProfile":
            profile = payload["csChargingProfiles"]
            running = self.charging.get(payload["connectorId"], (None,))[0]
            if profile.get("transactionId") != running and profile["chargingProfilePurpose"] == "TxProfile":
                return {"status": "Rejected"}
            self.profiles.install(parse_profile(payload["connectorId"], _snaked(profile)))
            return {"status": "Accepted"}
        assert action == "ClearChargingProfile", action
        return {"status": "Accepted" if self.profiles.clear(profile_id=payload.get("id")) else "Unknown"}


@dataclass
class PlayedSite:
    """The site, on one clock. `executions` are the steps that were started and have not run."""

    csms: Runtime
    now: datetime = NOON
    stations: dict[str, SiteStation] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    """Stations that are not connected."""
    executions: list[int] = field(default_factory=list)
    completed: dict[str, Any] = field(default_factory=dict)
    boundaries: list[Boundary] = field(default_factory=list)
    wakes: list[tuple[datetime, Wake]] = field(default_factory=list)
    waiting: str = ""
    """The token of the task that waits."""
    is_patient: bool = True
    """Whether a wave lasts until everyone has answered or is given up. The state machine's tasks end after 10 s."""
    _to_answer: list[tuple[SiteStation, list[Any]]] = field(default_factory=list)
    _started: set[int] = field(default_factory=set)
    _tokens: int = 0

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Catch what goes to @connections, to the queues and to Step Functions; put everything on one clock."""
        self.csms.calls._clock = lambda: self.now
        self.csms.charging_plans._clock = lambda: self.now
        monkeypatch.setattr(Gateway, "post", lambda _, connection_id, text: self._post(connection_id, text))
        monkeypatch.setattr(CallQueue, "send", lambda _, wake, delay=timedelta(): self._send(wake, delay))
        monkeypatch.setattr(BoundaryQueue, "send", lambda _, boundary, now: self.boundaries.append(boundary))
        monkeypatch.setattr(StepFunctions, "complete", lambda _, token, result: self.completed.update({token: result}))
        monkeypatch.setattr(StepFunctions, "start", lambda _, plan_id, step: self._start(step))

    def add_station(self, identity: str, *, is_online: bool = True, **member: Any) -> SiteStation:
        """A charge point of the site with one connector, connected and settled."""
        station = SiteStation(identity=identity, now=self.now)
        self.stations[identity] = station
        if is_online:
            self.connect(station)
        else:
            station.connect()
            self._report(station)
            station.disconnect()
        member = {"maximum_da": 320} | member
        self.csms.store.sites.add_member(SITE, Member(ChargePointId(identity), **member), [1])
        return station

    def connect(self, station: SiteStation) -> None:
        """Connect, and say enough to be called."""
        station.connect()
        station.wait(seconds=1)
        self._report(station)

    def add_site(self, maximum_a: float, **site: Any) -> None:
        """The site, of so many A on each phase."""
        maximum_da = int(maximum_a * 10)
        self.csms.store.sites.create(Site(SITE, "Depot", (maximum_da,) * 3, NOON, **site))

    def add_plan(self, *limits: tuple[int, int, float], **plan: Any) -> ChargingPlan:
        """A plan that runs, limits given as (from minute, to minute, A on each phase) from now."""
        periods = tuple(
            PlanPeriod(self.now + timedelta(minutes=begin), self.now + timedelta(minutes=end), (int(limit_a * 10),) * 3)
            for begin, end, limit_a in limits
        )
        made = ChargingPlan(
            **{
                "id": PLAN,
                "site_id": SITE,
                "name": "Plan",
                "policy": Policy.EQUAL_SHARE,
                "kind": PlanKind.ABSOLUTE if periods else PlanKind.RECURRING,
                "recurrency": None if periods else Recurrency.DAILY,
                "periods": periods,
                "created_at": self.now,
                "created_by": "somebody",
                **plan,
            }
        )
        self.csms.store.charging_plans.create(made)
        assert self.csms.store.sites.claim(SITE, made.id)
        active = self.csms.store.charging_plans.activate(made, self.now)
        self.csms.charging_plans.start(active)
        return active

    @property
    def plan(self) -> ChargingPlan:
        """The plan as it is stored."""
        found = self.csms.store.charging_plans.get(PLAN, consistent=True)
        assert found is not None
        return found

    def pause(self) -> None:
        """What the operator API does."""
        self.csms.store.charging_plans.pause(PLAN)
        self.csms.charging_plans.wake(SITE)
        self.go_on()

    def resume(self) -> None:
        """What the operator API does."""
        self.csms.charging_plans.start(self.csms.store.charging_plans.activate(self.plan, self.now))
        self.settle()

    def stop(self, release: Release) -> None:
        """What the operator API does to an active plan; then run its last steps."""
        self.csms.store.charging_plans.stop(self.plan, release, self.now)
        self.csms.charging_plans.wake(SITE)
        self.go_on()
        self.run_out()

    def run_out(self) -> None:
        """Run steps until the plan is over."""
        for _ in range(10):
            if self.step() == "ended":
                return
            self.go_on()
        raise AssertionError("it never ends")

    def step(self) -> str:
        """Run the execution that was started last up to where it waits, or to its end; returns the waiting token."""
        number = self.executions.pop()
        part: Any = self._do("plan", number)
        if part["decreases"]:
            self.send_wave(number, part["decreases"])
            part = self._do("rebudget", number)
        if part["increases"]:
            self.send_wave(number, part["increases"])
        elif part["next"] == "end":
            return "ended"
        self.waiting = self.token()
        self._do("wait", number, version=part["version"], task_token=self.waiting)
        return self.waiting

    def settle(self, most: int = 10) -> None:
        """Run steps until one waits for something to happen."""
        for _ in range(most):
            token = self.step()
            if token not in self.completed:
                return
            self.go_on()
        raise AssertionError("it never comes to rest")

    def change(self) -> None:
        """What the table's stream does after a change at the site; then run steps until one waits."""
        keys = {"PK": {"S": "CP#any"}, "SK": {"S": "CONNECTOR#1"}}
        record = {"SequenceNumber": "1", "Keys": keys, "NewImage": {"site_id": {"S": SITE}}}
        wake_plans.handler.lambda_handler({"Records": [{"eventName": "INSERT", "dynamodb": record}]}, None)
        self.go_on()
        self.settle()

    def go_on(self) -> None:
        """What an execution does when the task that waits was completed."""
        self._do("next", self.plan.step)

    def send_wave(self, step: int, targets: list[str]) -> None:
        """Send to all; everyone answers, and who does not is given up at the deadline."""
        tokens = {target: self.token() for target in targets}
        for target, token in tokens.items():
            send_profile.handler.lambda_handler(
                {"plan": PLAN, "step": step, "target": target, "task_token": token}, None
            )
        for seconds in (0, 2, 31, 31, 31) if self.is_patient else (0, 2, 8):
            if not set(tokens.values()) <= self.completed.keys():
                self.wait(seconds=seconds)
                self.run_wakes()
                self.answer_all()
        assert set(tokens.values()) <= self.completed.keys() or not self.is_patient

    def answer_all(self) -> None:
        """Let the stations answer what they were called with."""
        while self._to_answer:
            station, frame = self._to_answer.pop(0)
            station.answer(frame)

    def run_wakes(self) -> None:
        """Let the queue of the call engine deliver what is due."""
        while due := [entry for entry in self.wakes if entry[0] <= self.now]:
            for entry in due:
                self.wakes.remove(entry)
                dispatch_calls.handler.lambda_handler({"Records": [{"messageId": "m", "body": write(entry[1])}]}, None)

    def wait(self, **duration: float) -> None:
        """Let time pass for everyone."""
        self.now += timedelta(**duration)
        for station in self.stations.values():
            station.now = self.now

    def total_a(self, at: datetime | None = None) -> float:
        """What all vehicles may draw on each phase, by the profiles the stations really have."""
        moment = at or self.now
        return sum(station.limit_a(moment, number) for station in self.stations.values() for number in station.charging)

    def token(self) -> str:
        """A new task token."""
        self._tokens += 1
        return f"token-{self._tokens}"

    def _do(self, part: str, step: int, **more: Any) -> Any:
        return plan_charging.handler.lambda_handler({"do": part, "plan": PLAN, "step": step, **more}, None)

    def _report(self, station: SiteStation) -> None:
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
        station.result("StatusNotification", status)

    def _post(self, connection_id: ConnectionId, text: str) -> Posted:
        station = next((one for one in self.stations.values() if one.connection_id == connection_id), None)
        assert station is not None
        frame = json.loads(text)
        station.posted.append(frame)
        self._to_answer.append((station, frame))
        return Posted.DELIVERED

    def _send(self, wake: Wake, delay: timedelta) -> None:
        self.wakes.append((self.now + min(delay, timedelta(minutes=15)), wake))

    def _start(self, step: int) -> None:
        if step not in self._started:
            self._started.add(step)
            self.executions.append(step)


def _snaked(payload: dict[str, Any]) -> dict[str, Any]:
    """A profile in the words of the fleet, with its times read."""
    words = {
        "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name): value
        for name, value in payload.items()
    }
    for name, value in words.items():
        if isinstance(value, dict):
            words[name] = _snaked(value)
        elif isinstance(value, list):
            words[name] = [_snaked(each) for each in value]
    return words
