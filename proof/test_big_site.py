"""A plan of 96 quarter-hour limits for 200 connectors outlives a death in each part of a step and a redeployment."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from csms.authorization import IdTag
from csms.charging_plans import ChargingPlans
from csms.ids import ChargePointId
from csms.runtime import runtime
from csms.store.charging_plans import PlanState, Release
from csms.store.keys import SHARDS
from proof.fuzz.table import StoringTable
from tests.integration.conftest import central_system
from tests.played_site import PlayedSite, SiteStation
from tests.process_died import ProcessDied

STATIONS: Final = int(os.environ.get("SITE_STATIONS", "100"))
QUARTER: Final = timedelta(minutes=15)
_OF_A_DECISION: Final = (0, STATIONS * 3 // 2, 4 * STATIONS + 2, 4 * STATIONS + 4)
DEATHS: Final = [
    *(("take_step", call) for call in _OF_A_DECISION),
    *(("send", call) for call in (0, 3, 7, 11)),
    *(("rebudget", call) for call in _OF_A_DECISION),
    *(("wait", call) for call in (0, 2)),
    ("next_step", None),
]
"""Parts of a step, as the state machine invokes them, and the call to DynamoDB before which the process dies; the last
makes none, and dies at once."""
ROUNDING_A: Final = 0.1


class MortalTable:
    """A table whose user dies before its n-th call."""

    def __init__(self, table: StoringTable) -> None:
        self._table = table
        self.left: int | None = None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    raise ProcessDied
            return getattr(self._table, name)(*arguments, **named)

        return call


def limit_a(quarter: int) -> float:
    """Of a quarter of an hour: up and down, never twice the same in a row."""
    return (2000 + quarter * 370 % 900) * STATIONS / 100


class BigSite:
    """The site, and what makes it go on after a death."""

    def __init__(self, played: PlayedSite, table: MortalTable, monkeypatch: pytest.MonkeyPatch) -> None:
        self.played = played
        self._table = table
        self.began = played.now
        self._monkeypatch = monkeypatch
        self.deaths: list[str] = []

    def build(self) -> list[SiteStation]:
        """Two connectors at each station; on three of four a vehicle charges."""
        self.played.add_site(40 * STATIONS)
        stations = [self.played.add_station(f"S{number:03}") for number in range(STATIONS)]
        for station in stations:
            available = {"connectorId": 2, "errorCode": "NoError", "status": "Available"}
            station.result("StatusNotification", available)
        self.played.add_plan(*((15 * n, 15 * n + 15, limit_a(n)) for n in range(96)))
        self.played.settle()
        for number, station in enumerate(stations):
            station.begin(1)
            if number % 2:
                station.begin(2)
        self.played.change()
        return stations

    def die_in(self, part: str, call: int | None) -> None:
        """Have the process die at a call of the next such part of a step, or where it begins."""
        original = getattr(ChargingPlans, part)

        def aimed(*arguments: Any, **named: Any) -> Any:
            self._monkeypatch.setattr(ChargingPlans, part, original)
            self._table.left = call
            try:
                if call is None:
                    raise ProcessDied
                return original(*arguments, **named)
            except ProcessDied:
                self.deaths.append(part)
                raise
            finally:
                self._table.left = None

        self._monkeypatch.setattr(ChargingPlans, part, aimed)

    def change(self) -> None:
        """What follows a change at the site, whatever dies, and dies again on the way back."""
        go_on = self.played.change
        while True:
            try:
                return go_on()
            except ProcessDied:
                go_on = self._recover

    def redeploy(self) -> None:
        """The next invocation is of a process that knows nothing."""
        runtime.cache_clear()
        self.played.csms = runtime()
        self.played.install(self._monkeypatch)

    def holds_its_limit(self, at: datetime | None = None) -> bool:
        """Whether what the stations let their vehicles draw stays below the limit."""
        moment = at or self.played.now
        allowed_a = limit_a((moment - self.began) // QUARTER)
        return self.played.total_a(moment) <= allowed_a + ROUNDING_A

    def _recover(self) -> None:
        """Stations answer or are given up; then `sweep` finds the plan whose execution died."""
        played = self.played
        for _ in range(2):
            played.answer_all()
            assert self.holds_its_limit()
            played.wait(seconds=40)
            played.run_wakes()
        for identity in played.stations:  # what the stream of ended calls makes up for
            for call in played.csms.store.calls.list(ChargePointId(identity), limit=20).calls:
                if call.state.is_ended:
                    played.csms.calls.finish(call)
        for _ in range(3):  # who waited is due only when its limit is over
            played.wait(minutes=6)
            assert self.holds_its_limit()
            restarted = sum(self._restart(shard) for shard in range(SHARDS))
            if restarted:
                break
        assert restarted == 1
        played.settle()

    def _restart(self, shard: int) -> int:
        due = [*self.played.csms.store.charging_plans.due(self.played.now, shard)]
        for plan in due:
            self.played.csms.charging_plans.restart(plan)
        return len(due)


@pytest.fixture
def big(monkeypatch: pytest.MonkeyPatch) -> Iterator[BigSite]:
    table = MortalTable(StoringTable())
    with central_system(monkeypatch):
        monkeypatch.setattr("csms.store.Table", lambda *_: table)
        runtime.cache_clear()
        runtime().store.id_tags.put(IdTag("TAG1", max_active_transactions=None))
        played = PlayedSite(runtime())
        played.install(monkeypatch)
        yield BigSite(played, table, monkeypatch)


def test_a_big_site_outlives_a_death_in_every_part_and_a_redeployment(big: BigSite) -> None:
    stations = big.build()
    assert big.holds_its_limit()
    visitors = stations[:24:2]  # so many at once that everybody has to give way
    for number, (part, call) in enumerate(DEATHS):
        for turn in (SiteStation.begin, SiteStation.finish):
            for station in visitors:
                turn(station, 2)
            big.die_in(part, call)
            big.change()
            assert big.holds_its_limit()
        if number == len(DEATHS) // 2:
            big.redeploy()
    assert set(big.deaths) == {part for part, _ in DEATHS}

    for quarter in range((big.played.now - big.began) // QUARTER + 1, 96):
        moment = big.began + quarter * QUARTER + timedelta(seconds=1)
        while big.played.now < moment - timedelta(hours=2):
            big.played.wait(minutes=30)
            big.change()
            assert big.holds_its_limit()
        assert big.holds_its_limit(moment), quarter

    big.played.stop(Release.CLEAR)
    assert big.played.plan.state is PlanState.STOPPED
