"""Functions of today go on from what those before them have stored and sent, and those from what today's store.

`tests/shapes/{schema version}.json` is what `tests/stored_world.py` left behind when that version was first deployed:
never change one. A new version adds its own: `RECORD_SHAPES=1 pytest tests/integration/test_upgrade.py`.
"""

import json
import os
from datetime import datetime
from typing import Any

import boto3
import pytest

import dispatch_calls.handler
import plan_charging.handler
import wake_plans.handler
from csms import schema
from csms.boundary_queue import Boundary, BoundaryQueue
from csms.boundary_queue import write as write_boundary
from csms.call_queue import write
from csms.ocpp.primitives import parse_timestamp
from csms.runtime import Runtime, runtime
from csms.schema import NewerSchemaError
from csms.workflows import StepFunctions
from tests.called_station import CalledStation
from tests.lambda_operator import LambdaOperator, claims_of
from tests.stored_world import PASSWORD, PUBLIC_URL, SHAPES, Items, World, play, restore, stored
from tests.unit.store.test_data_model import documented, pattern

VERSIONS = sorted(path.stem for path in SHAPES.glob("*.json"))
READ_ONLY = """
/charge-points /charge-points/CP001 {cp}/connectors {cp}/status-history {cp}/sessions {cp}/messages
{cp}/security-events {cp}/configuration {cp}/desired-configuration {cp}/capabilities {cp}/commands
{cp}/charging-profiles {cp}/reservations {cp}/local-list {cp}/firmware-updates {cp}/diagnostics
{cp}/composite-schedule?connectorId=1&duration=600 /models/Acme/One /id-tags /id-tags/RFID1 /orphans /firmware
/transactions?chargePointId=CP001 /reservations /connection-attempts /sites /charging-plans
""".replace("{cp}", "/charge-points/CP001").split()


@pytest.fixture
def boundaries(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> list[Boundary]:
    """What was sent to the queue of boundaries; files and workflows are at hand as well."""
    monkeypatch.setenv("FILES_BUCKET", "files")
    monkeypatch.setenv("PUBLIC_URL", PUBLIC_URL)
    monkeypatch.setattr(StepFunctions, "start", lambda *_: None)
    monkeypatch.setattr(StepFunctions, "complete", lambda *_: None)
    sent: list[Boundary] = []
    monkeypatch.setattr(BoundaryQueue, "send", lambda _, boundary, __: sent.append(boundary))
    boto3.client("s3").create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    runtime.cache_clear()
    return sent


@pytest.fixture
def station(boundaries: list[Boundary], monkeypatch: pytest.MonkeyPatch) -> CalledStation:
    """A charge point that is not connected."""
    found = CalledStation(csms=runtime())
    found.install(monkeypatch)
    return found


@pytest.fixture
def admin() -> LambdaOperator:
    return LambdaOperator(claims_of("admin"))


def left_behind(station: CalledStation, admin: LambdaOperator, boundaries: list[Boundary]) -> dict[str, Any]:
    """What functions of today leave behind."""
    station.connect()
    station.wait(seconds=1)
    station.result("Heartbeat", {})
    station.wait(seconds=2)
    play(World(station, admin))
    return {
        "now": station.timestamp(),
        "items": stored(),
        "calls queue": [write(wake) for _, wake in station.wakes],
        "boundaries queue": [write_boundary(boundary) for boundary in boundaries],
        "workflow": [{"schema": schema.VERSION, "do": "plan"}, {"schema": schema.VERSION, "do": "rebudget"}],
    }


def kind_of(item: dict[str, Any]) -> str | None:
    """What `docs/data-model.md` calls the item."""
    key = item["PK"]["S"], item["SK"]["S"]
    names = [
        n for n, row in documented().items() if all(pattern(p).fullmatch(k) for p, k in zip(row, key, strict=True))
    ]
    return names[0] if names else None


def shapes_of(items: Items) -> dict[str, set[tuple[str, str]]]:
    """Names and types of the attributes of each kind; what is named by data counts as one."""
    found: dict[str, set[tuple[str, str]]] = {}
    for item in items:
        kind = kind_of(item)
        assert kind is not None, (item["PK"], item["SK"])
        shape = {(name.partition(":")[0], next(iter(value))) for name, value in item.items()}
        found.setdefault(kind, set()).update(shape)
    return found


def test_what_is_stored_today_has_all_that_functions_of_this_schema_version_read(
    station: CalledStation, admin: LambdaOperator, boundaries: list[Boundary]
) -> None:
    today = left_behind(station, admin, boundaries)
    path = SHAPES / f"{schema.VERSION}.json"
    if os.environ.get("RECORD_SHAPES"):
        path.write_text(json.dumps(today, indent=1, ensure_ascii=False) + "\n")
    then, now = shapes_of(json.loads(path.read_text())["items"]), shapes_of(today["items"])
    assert set(documented()) - {"fleet"} == set(now)
    for kind, attributes in then.items():
        assert attributes <= now[kind], f"{kind}: functions of before may look for {attributes - now[kind]}"


@pytest.fixture(params=VERSIONS)
def found(request: pytest.FixtureRequest, station: CalledStation, admin: LambdaOperator) -> dict[str, Any]:
    """What functions of some version have left behind, with their station still connected."""
    left: dict[str, Any] = json.loads((SHAPES / f"{request.param}.json").read_text())
    restore(left["items"])
    link = next(item for item in left["items"] if item["SK"]["S"] == "LINK")
    station.connection_id = link["connection_id"]["S"]
    station.connected_at = datetime.fromtimestamp(int(link["connected_at_ms"]["N"]) / 1000, tz=station.now.tzinfo)
    station.now = admin.now = parse_timestamp(left["now"])
    return left


def test_everything_is_shown(found: dict[str, Any], admin: LambdaOperator) -> None:
    for path in READ_ONLY:
        route, _, query = path.partition("?")
        answer = admin.send("GET", route, query=query)
        assert answer.status == 200, (path, answer.text)
        assert answer.json != {"items": [], "cursor": None}, path
    assert admin.get("/charge-points/CP001").json["description"] == "By the gate"


def test_the_connected_station_goes_on(found: dict[str, Any], station: CalledStation, admin: LambdaOperator) -> None:
    in_flight, behind = reversed(admin.items("/charge-points/CP001/commands")[:2])
    assert (in_flight["state"], behind["state"]) == ("sent", "queued")
    station.send(json.dumps([3, in_flight["id"], {"status": "Accepted"}]))
    station.wait(seconds=5)
    station.run_wakes()
    assert station.posted[-1][1] == behind["id"]
    station.reply({"status": "Accepted"})
    commands = {each["id"]: each["state"] for each in admin.items("/charge-points/CP001/commands")}
    assert (commands[in_flight["id"]], commands[behind["id"]]) == ("accepted", "accepted")

    (running,) = admin.items("/transactions", chargePointId="CP001", state="open")
    assert station.start(idTag="RFID1", timestamp=running["startedAt"])["transactionId"] == running["transactionId"]
    station.wait(minutes=30)
    station.stop(running["transactionId"], idTag="RFID1")
    admin.now = station.now
    assert admin.get(f"/transactions/CP001/{running['transactionId']}").json["energyWh"] == 4000
    assert station.connect(password=PASSWORD)["statusCode"] == 200
    assert admin.get("/charge-points/CP001").json["securityProfile"] == 2


def test_messages_on_their_way_are_understood(found: dict[str, Any], station: CalledStation) -> None:
    station.wait(minutes=5)
    for handler, queue in ((dispatch_calls.handler, "calls queue"), (wake_plans.handler, "boundaries queue")):
        records = [{"messageId": str(number), "body": body} for number, body in enumerate(found[queue])]
        assert records
        assert handler.lambda_handler({"Records": records}, None) == {"batchItemFailures": []}


def test_a_workflow_under_way_goes_on(found: dict[str, Any], admin: LambdaOperator) -> None:
    (plan,) = admin.items("/charging-plans")
    for event in found["workflow"]:
        assert plan_charging.handler.lambda_handler({**event, "plan": plan["id"], "step": 0}, None) is not None
    with pytest.raises(NewerSchemaError):
        plan_charging.handler.lambda_handler({"schema": schema.VERSION + 1, "do": "plan"}, None)


def test_an_item_of_a_newer_version_is_not_misread_and_the_station_is_asked_to_repeat(
    found: dict[str, Any], station: CalledStation, admin: LambdaOperator
) -> None:
    (running,) = admin.items("/transactions", chargePointId="CP001", state="open")
    newer = next(item for item in found["items"] if item["SK"]["S"] == f"TX#{running['transactionId']}")
    restore([newer | {"v": {"N": str(schema.VERSION + 1)}}])
    stop = {"transactionId": running["transactionId"], "meterStop": 5000, "timestamp": station.timestamp()}
    assert station.error_code("StopTransaction", stop) == "InternalError"
    restore([newer])
    assert station.result("StopTransaction", stop) is not None
