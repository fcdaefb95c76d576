"""A Region fails: every connection ends at once, and everybody comes back over everybody else.

What API Gateway says of it comes late, twice, in any order, or not at all. Stations have charged meanwhile and send
what they kept, some of it twice; operators' calls were on the line, waited, or were placed while nobody was there.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Final

from csms.gateway import Posted
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import Call, CallState
from proof.fuzz.world import Station, World

_MOST_ROUNDS: Final = 60
_ACTIONS: Final = ("ClearCache", "GetConfiguration", "GetLocalListVersion")
_ANSWERS: Final[dict[str, dict[str, Any]]] = {"GetConfiguration": {}, "GetLocalListVersion": {"listVersion": 0}}


@dataclass
class Charging:
    """A transaction as the station knows it."""

    start: dict[str, Any]
    stop: dict[str, Any] | None = None
    number: int | None = None
    """The id it was given, once it was."""


@dataclass
class Member:
    """A station of the storm and what it has in mind."""

    station: Station
    charged: list[Charging] = field(default_factory=list)
    to_send: list[tuple[str, Charging]] = field(default_factory=list)
    """What it kept while nobody was there."""
    heard: list[list[Any]] = field(default_factory=list)
    """CALLs it has not answered."""
    is_back: bool = False


class Storm(World):
    """The fleet, and a gateway that knows of some connections that they are closed."""

    family = "storm"

    def __init__(self, csms: Runtime, random: Random, size: int) -> None:
        self.members: list[Member] = []
        self.dead: set[str] = set()
        """Connections that API Gateway knows to be closed."""
        self.delivered: Counter[str] = Counter()
        self.calls: list[Call] = []
        super().__init__(csms, random)
        for number in range(size):
            station = Station(self, f"S{number:03}", now=self.station.now)
            assert station.connect()["statusCode"] == 200
            self.members.append(Member(station))
        self.pass_time(1)
        for member in self.members:
            member.station.result("Heartbeat", {})
        self.pass_time(2)

    def run(self) -> None:
        """All of it."""
        for member in self.members:
            self._live(member)
        self._fail()
        for _ in range(self.random.randint(2, 6)):
            self.pass_time(self.random.randint(5, 200))
            for member in self.random.sample(self.members, len(self.members) // 2):
                self._live(member, is_away=True)
        self._come_back()
        for member in self.members:
            link = self.csms.store.links.get(ChargePointId(member.station.identity))
            assert link is not None
            assert link.connection_id == member.station.connection_id, "it is called over another connection"
        self._come_to_rest()
        self.check()

    def post(self, connection_id: str, text: str) -> Posted:
        """What is posted to a dead line that nobody knows of is taken, and never arrives."""
        if connection_id in self.dead:
            return Posted.GONE
        frame = json.loads(text)
        self.delivered[frame[1]] += 1
        for member in self.members:
            if member.station.connection_id == connection_id and member.is_back:
                member.heard.append(frame)
        return Posted.DELIVERED

    def pass_time(self, seconds: float) -> None:
        """For everybody."""
        for member in self.members:
            member.station.wait(seconds=seconds)
        self.station.wait(seconds=seconds)

    def _live(self, member: Member, *, is_away: bool = False) -> None:
        """Charging begins or ends, an operator calls; what happens while it is away is kept."""
        member.is_back = not is_away
        running = next((charging for charging in member.charged if charging.stop is None), None)
        if running and self.noise.chance(0.5):
            running.stop = {"meterStop": running.start["meterStart"] + 700, "timestamp": member.station.timestamp()}
            self._say(member, "StopTransaction", running)
        elif not running and self.noise.chance(0.7):
            meter_start = 1000 * (1 + len(member.charged))
            start = {"connectorId": 1, "idTag": "TAG1", "meterStart": meter_start}
            charging = Charging(start | {"timestamp": member.station.timestamp()})
            member.charged.append(charging)
            self._say(member, "StartTransaction", charging)
        if self.noise.chance(0.5):
            action = self.random.choice(_ACTIONS)
            lifetime = timedelta(hours=1)
            self.calls.append(member.station.called(action, lifetime=lifetime))
            if member.heard and self.noise.chance(0.5):
                self._answer(member)

    def _say(self, member: Member, action: str, charging: Charging) -> None:
        if not member.is_back:
            member.to_send.append((action, charging))
            return
        for _ in range(self.random.choice((1, 1, 2))):  # an answer that is lost has it sent again
            if action == "StartTransaction":
                number = member.station.result(action, charging.start)["transactionId"]
                assert charging.number in {None, number}, "another transaction"
                charging.number = number
            else:
                assert charging.number is not None
                member.station.result(action, {"transactionId": charging.number, **(charging.stop or {})})

    def _answer(self, member: Member) -> None:
        frame = member.heard.pop(0)
        member.station.send(json.dumps([3, frame[1], _ANSWERS.get(frame[2], {"status": "Accepted"})]))

    def _fail(self) -> None:
        """Of most connections API Gateway knows that they are closed; it may say so later."""
        for member in self.members:
            member.is_back = False
            if self.noise.chance(0.7):
                self.dead.add(member.station.connection_id)

    def _come_back(self) -> None:
        """Connections open and old ones are said to be closed, in any order, while the queue delivers."""
        events: list[Callable[[], None]] = []
        for member in self.members:
            station = member.station
            old = station.connection_id, station.connected_at
            events += [self._saying_closed(member, *old)] * self.random.choice((0, 1, 1, 2))
            for _ in range(self.random.choice((1, 1, 2, 3))):  # it gives up on some before it hears of them
                self.pass_time(0.01)
                station.open()
                opened = station.connection_id, station.connected_at
                events += [self._connecting(member, *opened)] * self.random.choice((1, 1, 1, 2))
                events += [self._saying_closed(member, *old)] * self.random.choice((0, 0, 1))
                old = opened
        self.random.shuffle(events)
        for event in events:
            self.pass_time(self.random.random() / 10)
            event()
            if self.noise.chance(0.1):
                self.run_wakes()
        for member in self.members:
            if not member.is_back:
                self._connect_until_let_in(member)

    def _saying_closed(self, member: Member, connection_id: str, connected_at: Any) -> Callable[[], None]:
        def say() -> None:
            self._as(member, connection_id, connected_at, member.station.disconnect)
            self.dead.add(connection_id)

        return say

    def _connecting(self, member: Member, connection_id: str, connected_at: Any) -> Callable[[], None]:
        def connect() -> None:
            status = self._as(member, connection_id, connected_at, member.station.shake_hands)["statusCode"]
            assert status in {200, 503}
            if status == 200 and member.station.connection_id == connection_id:
                self._be_back(member)

        return connect

    def _as(self, member: Member, connection_id: str, connected_at: Any, do: Callable[[], Any]) -> Any:
        station = member.station
        present = station.connection_id, station.connected_at
        station.connection_id, station.connected_at = connection_id, connected_at
        try:
            return do()
        finally:
            station.connection_id, station.connected_at = present

    def _connect_until_let_in(self, member: Member) -> None:
        self.pass_time(1)
        assert member.station.connect()["statusCode"] == 200
        self._be_back(member)

    def _be_back(self, member: Member) -> None:
        """It says what it kept, first come first, and what it still has to answer."""
        member.is_back = True
        kept, member.to_send = member.to_send, []
        for action, charging in kept:
            self._say(member, action, charging)
        while member.heard:
            self._answer(member)

    def _come_to_rest(self) -> None:
        for _ in range(_MOST_ROUNDS):
            for member in self.members:
                member.station.result("Heartbeat", {})
            self.run_wakes()
            while any(member.heard for member in self.members):
                for member in self.members:
                    while member.heard:
                        self._answer(member)
                self.run_wakes()
            self.pass_time(31)
            links = [self.csms.store.links.get(ChargePointId(each.station.identity)) for each in self.members]
            if not self.wakes and not any(link is None or link.flight or link.waiting for link in links):
                return
        raise AssertionError("it never comes to rest")

    def check(self) -> None:
        """Each transaction once with its energy, each call ended and sent at most once, everybody reached again."""
        assert self.delivered.most_common(1)[0][1] == 1, "a call arrives twice"
        ended = [self.csms.store.calls.get(call.charge_point_id, call.id) for call in self.calls]
        assert {call.state for call in ended if call} <= {CallState.ACCEPTED, CallState.TIMED_OUT}
        assert len([call for call in ended if call]) == len(self.calls)
        unanswered = {call.id for call in ended if call and call.state is CallState.TIMED_OUT}
        assert unanswered <= self.delivered.keys(), "a call that was never sent is not answered"
        for member in self.members:
            self._check_member(member)
        assert not self.errors, self.errors

    def _check_member(self, member: Member) -> None:
        partition = f"CP#{member.station.identity}"
        items = {key.sort: item for key, item in self.table.items.items() if key.partition == partition}
        stored = {sort: item for sort, item in items.items() if sort.startswith("TX#")}
        assert {f"TX#{charging.number}" for charging in member.charged} == stored.keys()
        for charging in member.charged:
            item = stored[f"TX#{charging.number}"]
            assert item["meter_start_wh"] == charging.start["meterStart"]
            assert item.get("meter_stop_wh") == (charging.stop or {}).get("meterStop")
            assert item["state"] == ("stopped" if charging.stop else "open")
        assert not [sort for sort in items if sort.startswith("ORPHAN#")]
        assert items["LINK"]["connection_id"] == member.station.connection_id
