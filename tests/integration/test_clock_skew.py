"""Clocks that are wrong: a station's by minutes or years, those of two processes of ours by seconds."""

import itertools
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from csms.ocpp.primitives import format_timestamp
from csms.store.calls import CallState
from tests.faulty.acts import after, boots, is_called, reports_connector
from tests.faulty.playing import check_rest
from tests.faulty.system import faulty_system
from tests.faulty.world import CP001, Moment, World

SKEWS = {
    "right": timedelta(),
    "7 min behind": timedelta(minutes=-7),
    "7 min ahead": timedelta(minutes=7),
    "5 h behind": timedelta(hours=-5),
    "5 h ahead": timedelta(hours=5),
    "3 days behind": timedelta(days=-3),
    "3 days ahead": timedelta(days=3),
    "since 1970": timedelta(days=-20_500),
    "60 years ahead": timedelta(days=21_900),
}
PLAUSIBLE = timedelta(days=1)
NOTICED = timedelta(minutes=5)


@pytest.fixture(scope="module")
def began() -> Iterator[tuple[World, Moment]]:
    with faulty_system() as world:
        world.begin()
        after(boots, reports_connector)(world)
        yield world, world.remember()


@pytest.fixture
def world(began: tuple[World, Moment]) -> World:
    world, beginning = began
    world.go_back(beginning)
    return world


@pytest.mark.parametrize(("at_start", "at_stop"), [*itertools.product(SKEWS, repeat=2)])
def test_a_transaction_by_a_wrong_clock_is_one_with_its_energy(world: World, at_start: str, at_stop: str) -> None:
    """The clock may be set, either way, while it runs; everything is sent twice."""
    station = world.station

    def timestamp(skew: str) -> str:
        return format_timestamp(world.now + SKEWS[skew])

    start = {"timestamp": timestamp(at_start)}
    payload = {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, **start}
    answers = [station.result("StartTransaction", payload, "start") for _ in range(2)]
    for minutes, skew in ((10, at_start), (20, at_stop)):
        world.wait(600)
        sample = {"timestamp": timestamp(skew), "sampledValue": [{"value": str(1000 + 100 * minutes)}]}
        values = {"connectorId": 1, "transactionId": answers[0]["transactionId"], "meterValue": [sample]}
        for _ in range(2):
            station.result("MeterValues", values)
    world.wait(600)
    stop = {"timestamp": timestamp(at_stop)}
    for _ in range(2):
        station.stop(answers[0]["transactionId"], **stop)

    assert answers[0] == answers[1]
    (transaction,) = world.operator.items("/transactions", chargePointId=CP001, **{"from": "2026-02-20T00:00:00Z"})
    assert (transaction["state"], transaction["energyWh"]) == ("stopped", 4000)
    is_off = any(abs(SKEWS[skew]) > NOTICED for skew in (at_start, at_stop))
    assert bool(transaction["flags"]) is is_off
    path = f"/transactions/CP001/{transaction['transactionId']}/meter-values"
    assert len(world.operator.items(path)) == 2
    assert world.operator.items("/orphans") == []
    (connector,) = world.csms.store.connectors.all(CP001)
    assert connector.transaction_id is None


@pytest.mark.parametrize("skew", SKEWS)
def test_a_start_told_again_under_another_id_is_the_same_while_its_time_can_be_believed(
    world: World, skew: str
) -> None:
    timestamp = format_timestamp(world.now + SKEWS[skew])
    numbers = {world.station.start(timestamp=timestamp)["transactionId"] for _ in range(2)}
    is_plausible = -timedelta(days=180) <= SKEWS[skew] <= PLAUSIBLE
    assert len(numbers) == (1 if is_plausible else 2)


@pytest.mark.parametrize(("of_placer", "of_others"), [(4, -4), (-4, 4), (0, 3), (-3, 0)])
def test_calls_end_once_though_the_clocks_of_two_processes_differ(
    world: World, of_placer: float, of_others: float
) -> None:
    """The first call is not answered, the second waits behind it."""
    world.skew_s = of_placer
    world.start_process()
    is_called("ClearCache")(world)
    is_called("Reset", {"type": "Soft"})(world)
    (first,) = world.aws.contents.posted
    world.ignore_calls()
    world.skew_s = of_others
    world.start_process()
    sent_at = world.now
    for _ in range(45):
        world.wait(1)
        while world.due("calls"):
            assert world.deliver("calls")
        if len(world.aws.contents.posted) > 1:
            break
    assert timedelta(seconds=22) <= world.now - sent_at <= timedelta(seconds=40)
    world.come_to_rest()
    world.skew_s = 0
    check_rest(world)
    calls = world.csms.store.calls.list(CP001, limit=10).calls
    assert {call.action: call.state for call in calls} == {
        "ClearCache": CallState.TIMED_OUT,
        "Reset": CallState.ACCEPTED,
    }
    assert json.loads(first[1])[2] == "ClearCache"
