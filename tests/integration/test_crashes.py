"""A process may die before or after any AWS call; the retransmission must leave what an undisturbed run leaves.

The retransmission comes with a fresh message id, the harder case; so the message log is left out of the comparison.
"""

import itertools
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from csms.ids import ConnectionId
from csms.runtime import Runtime, runtime
from tests.lambda_station import LambdaStation
from tests.process_died import ProcessDied


class Killer:
    """Kills the process at the n-th DynamoDB call, before it is sent or after it took effect."""

    def __init__(self, csms: Runtime, moment: str) -> None:
        self._calls = 0
        self._at: int | None = None
        events = csms.store.links._table._client.meta.events
        events.register(f"{moment}-call.dynamodb", self._count)

    def aim(self, at: int | None) -> None:
        self._calls, self._at = 0, at

    def _count(self, **_: Any) -> None:
        if self._calls == self._at:
            raise ProcessDied
        self._calls += 1


def start(station: LambdaStation) -> object:
    return station.start()


def start_over(station: LambdaStation) -> object:
    """On a connector whose last transaction never stopped."""
    return station.start(idTag="TAG2", meterStart=9000)


def stop(station: LambdaStation) -> object:
    samples = [{"timestamp": station.timestamp(), "sampledValue": [{"value": "1"}]}]
    return station.stop(-1, idTag="TAG1", transactionData=samples)


def stop_unknown(station: LambdaStation) -> object:
    return station.stop(4711)


def meter_values(station: LambdaStation) -> object:
    samples = [{"timestamp": station.timestamp(), "sampledValue": [{"value": "1"}]}]
    return station.result("MeterValues", {"connectorId": 1, "transactionId": 4711, "meterValue": samples})


def unreadable_start(station: LambdaStation) -> object:
    return station.error_code("StartTransaction", {"connectorId": 1})


def boot(station: LambdaStation) -> object:
    return station.result("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, "boot")


def status(station: LambdaStation) -> object:
    payload = {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": station.timestamp()}
    return station.result("StatusNotification", payload, "status")


def authorize(station: LambdaStation) -> object:
    """Of a tag that the station may then cache, which is noted."""
    return station.result("Authorize", {"idTag": "TAG1"})


def connect(station: LambdaStation) -> object:
    """Over a connection that replaces the one before."""
    return station.connect()


def disconnect(station: LambdaStation) -> None:
    station.disconnect()


Step = Callable[[LambdaStation], object]
Table = Callable[[], dict[tuple[str, str], Any]]
SCENES: dict[str, tuple[list[Step], Step]] = {
    "start": ([], start),
    "start over": ([start], start_over),
    "stop": ([start], stop),
    "stop unknown": ([], stop_unknown),
    "meter values": ([], meter_values),
    "unreadable start": ([], unreadable_start),
    "boot": ([], boot),
    "status": ([], status),
    "authorize": ([], authorize),
    "connect": ([], connect),
    "disconnect": ([], disconnect),
}


@pytest.fixture
def table(csms: Runtime) -> Table:
    client = boto3.client("dynamodb")

    def dump() -> dict[tuple[str, str], Any]:
        items = client.scan(TableName="csms")["Items"]
        found = {(item["PK"]["S"], item["SK"]["S"]): item for item in items}
        return {key: item for key, item in found.items() if not key[0].startswith("LOG#")}

    return dump


def play(station: LambdaStation, before: list[Step]) -> None:
    for step in before:
        step(station)
        station.wait(minutes=10)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("scene", SCENES)
def test_a_retransmission_repairs_what_a_dead_process_left(
    csms: Runtime,
    station: LambdaStation,
    table: Table,
    scene: str,
    moment: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A connection has the same name each time: what differs afterwards is what the crash left.
    monkeypatch.setattr("tests.lambda_station._connection_numbers", itertools.repeat("again"))
    monkeypatch.setattr("csms.gateway.Gateway.close", lambda _self, _connection: None)
    before, act = SCENES[scene]
    play(station, before)
    killer = Killer(csms, moment)
    start_state = table()
    runtime().sessions.forget(ConnectionId(station.connection_id))
    answer = act(station)
    undisturbed = table()
    calls = killer._calls
    assert calls > 0

    for at in range(0, calls, 2):  # dead after a call is dead before the next: together, all of them
        killer.aim(None)
        reset_to(start_state)
        runtime().sessions.forget(ConnectionId(station.connection_id))
        killer.aim(at)
        with pytest.raises(ProcessDied):
            act(station)
        killer.aim(None)

        assert act(station) == answer, f"died at call {at}"
        assert table() == undisturbed, f"died at call {at}"


def reset_to(state: dict[tuple[str, str], Any]) -> None:
    client = boto3.client("dynamodb")
    for item in client.scan(TableName="csms")["Items"]:
        client.delete_item(TableName="csms", Key={"PK": item["PK"], "SK": item["SK"]})
    for item in state.values():
        client.put_item(TableName="csms", Item=item)
