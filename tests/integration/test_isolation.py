"""What one station says never reaches what is another's, whatever ids it names."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store import keys
from tests.called_station import CalledStation
from tests.integration.reservations.test_reservations import reserve
from tests.lambda_station import NOON, LambdaStation

VICTIM = "CP001"
Items = dict[tuple[str, str], Any]
Ids = dict[str, Any]


@pytest.fixture
def ids(csms: Runtime, called: CalledStation) -> Ids:
    """A charge point with a transaction, a reservation, meter values and a call that it has not answered."""
    reserve(called, connectorId=2)
    called.wait(seconds=5)
    transaction = called.start()["transactionId"]
    measure(called, transaction)
    called.wait(seconds=5)
    call = called.is_called("ClearCache")
    return {"transaction": transaction, "reservation": 7, "call": call.id, "connection": called.connection_id}


@pytest.fixture
def stranger(ids: Ids, called: CalledStation) -> LambdaStation:
    """Another charge point of the same Central System."""
    other = LambdaStation("CP002", now=called.now)
    assert other.connect()["statusCode"] == 200
    return other


def measure(station: LambdaStation, transaction: Any, connector: Any = 1) -> list[Any]:
    sampled = [{"timestamp": station.timestamp(), "sampledValue": [{"value": "1100"}]}]
    return station.call("MeterValues", {"connectorId": connector, "transactionId": transaction, "meterValue": sampled})


def items_of(identity: str, connection: str) -> Items:
    """Everything that is one charge point's, but for what all of them share."""
    items = boto3.client("dynamodb").scan(TableName="csms")["Items"]
    found = {(item["PK"]["S"], item["SK"]["S"]): item for item in items}
    assert len(found) == len(items)
    own = {
        keys.charge_point_partition(ChargePointId(identity)),
        f"SESSION#{connection}",
        f"IDENTITY#{identity.lower()}",
    }
    below = tuple(f"{kind}#{identity}#" for kind in ("TX", "METER", "LOG"))
    return {key: item for key, item in found.items() if key[0] in own or key[0].startswith(below)}


def start(station: LambdaStation, **changes: Any) -> list[Any]:
    body = {"connectorId": 1, "idTag": "TAG1", "meterStart": 1, "timestamp": station.timestamp()}
    return station.call("StartTransaction", body | changes)


def stop(station: LambdaStation, transaction: Any, **changes: Any) -> list[Any]:
    body = {"transactionId": transaction, "meterStop": 9, "timestamp": station.timestamp()}
    return station.call("StopTransaction", body | changes)


def boot(station: LambdaStation, vendor: str, model: str) -> list[Any]:
    return station.call("BootNotification", {"chargePointVendor": vendor, "chargePointModel": model})


def answer(station: LambdaStation, ids: Ids, *frame: Any) -> str | None:
    return station.send(json.dumps([frame[0], ids["call"], *frame[1:]]))


def status(station: LambdaStation, **changes: Any) -> list[Any]:
    body = {"connectorId": 1, "errorCode": "NoError", "status": "Faulted", "vendorId": "CP001#", "info": "#CP001"}
    return station.call("StatusNotification", body | changes)


def security_event(station: LambdaStation, kind: str) -> list[Any]:
    event = {"type": kind, "timestamp": station.timestamp(), "techInfo": "CP#CP001"}
    return station.call("SecurityEventNotification", event)


ATTACKS: dict[str, Callable[[LambdaStation, Ids], object]] = {
    "stop its transaction": lambda station, ids: stop(station, ids["transaction"], idTag="TAG1"),
    "stop it by a text": lambda station, ids: stop(station, f"{ids['transaction']}"),
    "stop a transaction of a path": lambda station, ids: stop(station, f"{ids['transaction']}#../CP001"),
    "measure in its transaction": lambda station, ids: measure(station, ids["transaction"]),
    "measure at a connector of a path": lambda station, ids: measure(station, None, "1#CP001"),
    "use its reservation": lambda station, ids: start(station, reservationId=ids["reservation"]),
    "use it at its connector": lambda station, ids: start(station, connectorId=2, reservationId=ids["reservation"]),
    "repeat its start word for word": lambda station, _: start(station, meterStart=1000),
    "start with a tag that ends in its ids": lambda station, ids: start(
        station, idTag=f"T#CP001#{ids['transaction']}"[:20]
    ),
    "authorize a tag of a key": lambda station, _: station.call("Authorize", {"idTag": "TAG1#CP001"}),
    "answer its call": lambda station, ids: answer(station, ids, 3, {"status": "Accepted"}),
    "refuse its call": lambda station, ids: answer(station, ids, 4, "InternalError", "", {}),
    "call under the id of its call": lambda station, ids: station.call("Heartbeat", {}, ids["call"]),
    "start under the id of its call": lambda station, ids: station.call(
        "StartTransaction",
        {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, "timestamp": station.timestamp()},
        ids["call"],
    ),
    "be of a model with its name": lambda station, _: boot(station, "CP#CP001", "CP001#LINK"),
    "report a status in its name": lambda station, _: status(station, chargePointId="CP001", identity="CP001"),
    "report a status of a path": lambda station, _: status(station, connectorId="../CP001"),
    "tell of security in its name": lambda station, _: security_event(station, "../../CP#CP001#EVENT#security"),
    "transfer data for it": lambda station, _: station.call(
        "DataTransfer", {"vendorId": "CP#CP001", "messageId": "CP", "data": '{"chargePointId":"CP001"}'}
    ),
    "tell how its update went": lambda station, ids: station.call(
        "SignedFirmwareStatusNotification", {"status": "Installed", "requestId": 7}
    ),
    "tell how its upload went": lambda station, ids: station.call(
        "LogStatusNotification", {"status": "Uploaded", "requestId": 7}
    ),
}


def test_nothing_that_a_station_sends_changes_what_is_anothers(
    called: CalledStation, stranger: LambdaStation, ids: Ids
) -> None:
    before = items_of(VICTIM, ids["connection"])
    assert len(before) > 10
    for attack, act in ATTACKS.items():
        said = act(stranger, ids)
        assert items_of(VICTIM, ids["connection"]) == before, attack
        assert "CP001" not in json.dumps(said), attack
        stranger.wait(seconds=1)
    # And it goes on as if nothing had been: the call is answered, the transaction stops as its own.
    called.now = stranger.now
    called.reply({"status": "Accepted"})
    assert called.stop(ids["transaction"], idTag="TAG1")["idTagInfo"]["status"] == "Accepted"
    assert items_of(VICTIM, ids["connection"]) != before


def test_no_identity_leads_to_what_is_anothers(called: CalledStation, ids: Ids) -> None:
    before = items_of(VICTIM, ids["connection"])
    for identity in ("CP001#", "CP#CP001", "CP001#LINK", "CP001\n", "../CP001", "CP001/..", "cp001#tx"):
        status = LambdaStation(identity, now=called.now).connect(cp=identity)["statusCode"]
        assert status == (404 if "#" in identity or "\n" in identity else 200)
        assert items_of(VICTIM, ids["connection"]) == before, identity


def test_the_keys_of_two_charge_points_differ_whatever_a_station_names() -> None:
    """An identity has no `#`, so the part of a key that a station names cannot become part of another's identity."""
    named = ["1", "#1", "1#", "CP#CP001", "CP001#1", "X#TX#1"]
    ours, theirs = ChargePointId("CP00"), ChargePointId("CP001")
    for one, other in itertools.product(named, named):
        pairs = [(keys.configuration(ours, one), keys.configuration(theirs, other))]
        pairs += [(keys.event(ours, one, NOON, "d"), keys.event(theirs, other, NOON, "d"))]
        pairs += [(keys.idempotency(ours, one), keys.idempotency(theirs, other))]
        assert all(mine != its for mine, its in pairs)


def test_a_tag_that_contains_anothers_index_entry_is_not_that_tag(
    called: CalledStation, stranger: LambdaStation
) -> None:
    assert start(stranger, idTag="TAG2#CP001#1")[2]["idTagInfo"]["status"] == "Invalid"
    called.now = stranger.now
    assert called.start(connectorId=3, idTag="TAG2")["idTagInfo"]["status"] == "Accepted"
