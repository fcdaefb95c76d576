"""A small world in which every kind of item is stored, as the functions of this version store it.

`tests/shapes/` keeps the table of each version that was deployed, and the messages that were on their way then:
`tests/integration/test_upgrade.py` has today's functions go on from there.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import boto3

from csms.credentials import hash_secret
from csms.ids import ChargePointId, PlanId
from csms.runtime import runtime
from tests.called_station import CalledStation
from tests.lambda_operator import LambdaOperator
from tests.lambda_station import LambdaStation

SHAPES: Final = Path(__file__).parent / "shapes"
CP001: Final = ChargePointId("CP001")
PASSWORD: Final = b"correct horse 42!"
PUBLIC_URL: Final = "https://files.example"
Items = list[dict[str, Any]]
"""As DynamoDB has them, with their types."""


ANSWERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "GetConfiguration": {"configurationKey": [{"key": "NumberOfConnectors", "value": "2", "readonly": True}]},
    "GetDiagnostics": {"fileName": "log.txt"},
    "GetLocalListVersion": {"listVersion": 0},
    "UpdateFirmware": {},
}
"""What the station answers; everything else is accepted."""


@dataclass
class World:
    """A station, its operator, and what they do to one another."""

    station: CalledStation
    admin: LambdaOperator
    answered: int = 0

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A request of the operator, which succeeds."""
        self.admin.now = self.station.now
        text = None if body is None else json.dumps(body)
        answer = self.admin.send(method, path, body=text, headers=headers)
        assert answer.status < 300, answer.text
        return answer.json if answer.text else None

    def command(self, action: str, **body: Any) -> None:
        """A command that the station answers."""
        self.ask("POST", f"/charge-points/CP001/commands/{action}", body)
        self.settle()

    def settle(self) -> None:
        """Let the station answer until nothing more comes."""
        while True:
            self.station.wait(seconds=6)
            self.station.run_wakes()
            if self.answered == len(self.station.posted):
                return
            for frame in self.station.posted[self.answered :]:
                self.station.send(json.dumps([3, frame[1], ANSWERS.get(frame[2], {"status": "Accepted"})]))
                self.answered += 1

    def upload(self, content: str) -> None:
        """What the station uploads where it was last told to."""
        location = self.station.posted[-1][3]["location"].removeprefix(PUBLIC_URL)
        answer = LambdaOperator(None, now=self.station.now).send("PUT", f"{location}log.txt", body=content)
        assert answer.status < 300, answer.text


def play(world: World) -> None:
    """Let everything happen once; at the end a transaction runs and one call is in flight, with another behind it."""
    _set_up(world)
    _say(world.station)
    _command(world)
    _plan(world)
    _refuse(world)
    _leave(world)


def _set_up(world: World) -> None:
    secrets = [hash_secret(PASSWORD, b"salt")]
    runtime().store.charge_points.change(CP001, {"security_profile": 1, "secrets": secrets})
    world.ask("PUT", "/models/Acme/One", {"desired": {"MeterValueSampleInterval": "30"}, "callGapS": 1})
    world.ask("PATCH", "/charge-points/CP001", {"description": "By the gate", "site": "yard", "groups": ["fleet"]})
    for tag in ("RFID1", "RFID2"):
        fields = {"parentIdTag": "FAMILY", "groups": ["fleet"], "expiryDate": "2030-01-01T00:00:00Z"}
        world.ask("POST", "/id-tags", {"idTag": tag, "status": "Accepted", **fields})


def _say(station: CalledStation) -> None:
    boot = {"chargePointVendor": "Acme", "chargePointModel": "One", "firmwareVersion": "1.0", "iccid": "8949"}
    station.result("BootNotification", boot)
    station.wait(seconds=60)
    station.run_wakes()
    for connector in range(3):
        said = {"connectorId": connector, "errorCode": "NoError", "status": "Available"}
        station.result("StatusNotification", said | {"timestamp": station.timestamp(), "info": "fine"})
    station.result("Authorize", {"idTag": "RFID1"})
    first = station.start(idTag="RFID1", connectorId=2)["transactionId"]
    station.wait(minutes=30)
    station.stop(first, idTag="RFID1", reason="Local")
    station.stop(first + 1)  # an orphan
    station.wait(minutes=10)
    sample = [{"timestamp": station.timestamp(), "sampledValue": [{"value": "7", "unit": "Wh"}]}]
    station.result("MeterValues", {"connectorId": 2, "meterValue": sample})
    event = {"type": "TamperDetectionActivated", "timestamp": station.timestamp(), "techInfo": "lid"}
    station.result("SecurityEventNotification", event)


def _command(world: World) -> None:
    station = world.station
    world.command("GetConfiguration")
    world.ask("PUT", "/charge-points/CP001/desired-configuration", {"values": {"HeartbeatInterval": "240"}})
    world.settle()
    later = station.timestamp(hours=-1)
    world.command("ReserveNow", connectorId=2, idTag="RFID2", expiryDate=later, reservationId=7)
    world.command("SetChargingProfile", connectorId=0, csChargingProfiles=_profile())
    content = b"the new firmware"
    image = {"name": "one-2.0.bin", "version": "2.0", "vendor": "Acme", "model": "One"}
    made = world.ask("POST", "/firmware", image | {"sha256": hashlib.sha256(content).hexdigest()})
    key = urlsplit(made["upload"]["url"]).path.removeprefix("/")
    boto3.client("s3").put_object(Bucket="files", Key=key, Body=content)
    world.command("UpdateFirmware")
    station.result("FirmwareStatusNotification", {"status": "Downloading"})
    world.command("GetDiagnostics")
    world.upload("a log")
    station.result("DiagnosticsStatusNotification", {"status": "Uploaded"})
    world.ask("POST", "/charge-points/CP001/local-list/sync")
    world.settle()


def _profile() -> dict[str, Any]:
    periods = [{"startPeriod": 0, "limit": 16.0}]
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "ChargePointMaxProfile",
        "chargingProfileKind": "Absolute",
        "validFrom": "2026-03-05T12:00:00Z",
        "validTo": "2030-03-05T12:00:00Z",
        "chargingSchedule": {
            "duration": 86400,
            "startSchedule": "2026-03-05T12:00:00Z",
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": periods,
        },
    }


def _plan(world: World) -> None:
    members = [{"chargePointId": "CP001", "maximumA": 32}]
    site = world.ask("POST", "/sites", {"name": "Yard", "maximumA": 40, "safeLimitA": 6, "chargePoints": members})
    day = [{"start": "00:00", "end": "24:00", "limitA": 30}]
    body = {"siteId": site["id"], "name": "Plan", "kind": "Recurring", "recurrency": "Daily", "periods": day}
    plan = PlanId(world.ask("POST", "/charging-plans", body)["id"])
    plans = runtime().charging_plans
    plans._clock = lambda: world.station.now
    looked = plans.take_step(plan, 0)
    plans.wait(plan, 0, looked["version"], "a task token")


def _refuse(world: World) -> None:
    assert LambdaStation("CP001", now=world.station.now).connect()["statusCode"] == 401
    assert LambdaStation("ü", now=world.station.now).connect()["statusCode"] == 404


def _leave(world: World) -> None:
    station = world.station
    world.ask("POST", "/commands", {"action": "ClearCache", "chargePointIds": ["CP001"]})
    world.settle()
    running = station.start(idTag="RFID1")["transactionId"]
    sample = [{"timestamp": station.timestamp(), "sampledValue": [{"value": "1100"}]}]
    station.result("MeterValues", {"connectorId": 1, "transactionId": running, "meterValue": sample})
    station.result("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Charging"})
    path = "/charge-points/CP001/commands"
    world.ask("POST", f"{path}/ChangeConfiguration", {"key": "SecurityProfile", "value": "2"})
    world.ask("POST", f"{path}/ClearCache", {}, **{"Idempotency-Key": "once"})


def stored() -> Items:
    """The whole table, in the order of its keys; bytes as base64."""
    items = boto3.client("dynamodb").scan(TableName="csms")["Items"]
    plain = json.dumps(items, default=lambda content: base64.b64encode(content).decode())
    return sorted(json.loads(plain), key=lambda item: (item["PK"]["S"], item["SK"]["S"]))


def restore(items: Items) -> None:
    """Put them into the table that there is."""
    client = boto3.client("dynamodb")
    for item in items:
        client.put_item(TableName="csms", Item={name: _with_bytes(value) for name, value in item.items()})


def _with_bytes(value: dict[str, Any]) -> dict[str, Any]:
    return {"B": base64.b64decode(value["B"])} if "B" in value else value
