"""What others are told, from the write to the bus, and what happens when the bus or a record is no good."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

import disconnect.handler
import finish_calls.handler
import publish_events.handler
from csms.event_bus import EventBus
from csms.events import event_types
from csms.ids import ChargePointId, TransactionId
from csms.runtime import Runtime
from csms.store.errors import ConditionFailed
from tests.called_station import CalledStation
from tests.event_schemas import assert_valid_event
from tests.lambda_station import event
from tests.table_stream import TableStream, table_stream


class Bus:
    """Takes the place of EventBridge's client; `refuses` what a detail type says."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.refuses: set[str] = set()

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        refused = [entry["DetailType"] in self.refuses for entry in Entries]
        self.taken += [entry for entry, is_refused in zip(Entries, refused, strict=True) if not is_refused]
        answers = [{"ErrorCode": "InternalException"} if is_refused else {"EventId": "e"} for is_refused in refused]
        return {"FailedEntryCount": sum(refused), "Entries": answers}

    def details(self, detail_type: str) -> list[dict[str, Any]]:
        return [json.loads(entry["Detail"]) for entry in self.taken if entry["DetailType"] == detail_type]


@pytest.fixture
def bus(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> Bus:
    bus = Bus()
    monkeypatch.setitem(vars(csms), "event_bus", EventBus(bus, "the bus"))
    return bus


@pytest.fixture
def stream(called: CalledStation) -> Iterator[TableStream]:
    with table_stream(lambda: called.now.timestamp()) as stream:  # noqa: PLW0108  the clock is a new one each time
        yield stream


def waiting(csms: Runtime) -> list[dict[str, str]]:
    """What the `events` queue holds, as its event-source mapping would hand it over."""
    sqs = boto3.client("sqs")
    url, records = csms.settings.events_queue_url, []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        records += [{"messageId": message["MessageId"], "body": message["Body"]} for message in messages]
    return records


def publish(records: list[dict[str, str]]) -> list[str]:
    answer = publish_events.handler.lambda_handler({"Records": records}, None)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def publish_all(csms: Runtime, stream: TableStream) -> None:
    assert stream.deliver() == {"batchItemFailures": []}
    records = waiting(csms)
    for first in range(0, len(records), 10):
        assert publish(records[first : first + 10]) == []


def live_a_whole_life(csms: Runtime, called: CalledStation) -> None:
    called.disconnect()
    called.wait(minutes=1)
    called.connect()
    called.result("BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One", "iccid": "8988"})
    called.result("StatusNotification", {"connectorId": 1, "errorCode": "GroundFailure", "status": "Faulted"})
    called.wait(minutes=1)
    first = called.start()["transactionId"]
    called.start(meterStart=2000, timestamp=called.timestamp(seconds=-1))  # supersedes the first
    called.stop(first)
    called.stop(12345)  # an orphan
    called.result("SecurityEventNotification", {"type": "TamperDetectionActivated", "timestamp": called.timestamp()})
    called.result("FirmwareStatusNotification", {"status": "Downloading"})
    called.result("DiagnosticsStatusNotification", {"status": "Uploading"})
    called.result("LogStatusNotification", {"status": "Uploading", "requestId": 7})
    called.wait(minutes=1)
    called.is_called("ClearCache")
    called.reply({"status": "Accepted"})
    closed = called._in_context(event("disconnect"))
    closed["requestContext"] |= {"disconnectStatusCode": 1009}
    disconnect.handler.lambda_handler(closed, None)


def test_of_a_whole_life_every_kind_of_event_is_told_and_as_its_schema_says(
    csms: Runtime, called: CalledStation, stream: TableStream, bus: Bus
) -> None:
    live_a_whole_life(csms, called)
    publish_all(csms, stream)
    assert {entry["DetailType"] for entry in bus.taken} == set(event_types())
    for entry in bus.taken:
        assert (entry["EventBusName"], entry["Source"]) == ("the bus", "csms")
        detail = json.loads(entry["Detail"])
        assert_valid_event(entry["DetailType"], detail)
        assert detail["chargePointId"] == "CP001"
    assert len({json.loads(entry["Detail"])["id"] for entry in bus.taken}) == len(bus.taken)
    assert [each["state"] for each in bus.details("TransactionEnded")] == ["superseded", "stopped"]
    assert [each["energyWh"] for each in bus.details("TransactionEnded") if "energyWh" in each] == [4000]
    (notice,) = bus.details("NoticeRaised")
    assert notice["code"] == "MessageTooLarge"
    assert "StopTxnSampledData" in notice["fix"]
    (call,) = bus.details("CallEnded")
    assert (call["action"], call["state"], call["status"]) == ("ClearCache", "accepted", "Accepted")


def test_what_a_station_repeats_is_told_once(
    csms: Runtime, called: CalledStation, stream: TableStream, bus: Bus
) -> None:
    for _ in range(2):
        called.result("BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One"})
        started = called.start(timestamp="2026-03-05T11:59:00Z")
        called.stop(started["transactionId"], timestamp="2026-03-05T12:00:00Z")
    publish_all(csms, stream)
    for detail_type in ("ChargePointBooted", "TransactionStarted", "TransactionEnded"):
        assert len(bus.details(detail_type)) == 1, detail_type


def test_a_connection_that_takes_the_place_of_another_is_no_news(
    csms: Runtime, called: CalledStation, stream: TableStream, bus: Bus
) -> None:
    called.wait(minutes=5)
    called.connect()
    called.result("Heartbeat", {})
    publish_all(csms, stream)
    assert bus.taken == []


def test_a_transaction_closed_by_hand_is_told(
    csms: Runtime, called: CalledStation, stream: TableStream, bus: Bus
) -> None:
    number = TransactionId(called.start()["transactionId"])
    found = csms.store.transactions.get(ChargePointId("CP001"), number)
    assert found is not None
    csms.store.transactions.close(found, by="me", reason="meter exchanged", at=called.now, meter_stop_wh=1500)
    with pytest.raises(ConditionFailed):
        csms.store.transactions.close(found, by="me", reason="again", at=called.now, meter_stop_wh=1)
    publish_all(csms, stream)
    (ended,) = bus.details("TransactionEnded")
    assert (ended["state"], ended["reason"], ended["energyWh"]) == ("closed", "meter exchanged", 500)


def test_nothing_secret_is_told(csms: Runtime, called: CalledStation, stream: TableStream, bus: Bus) -> None:
    called.is_called("ChangeConfiguration", {"key": "AuthorizationKey", "value": "correct horse 12"})
    called.reply({"status": "Accepted"})
    tech_info = "upload to ftp://user:horse@files.example failed"
    called.result("SecurityEventNotification", {"type": "x", "timestamp": called.timestamp(), "techInfo": tech_info})
    publish_all(csms, stream)
    assert len(bus.taken) == 2
    assert "horse" not in str(bus.taken)


def test_what_the_bus_did_not_take_comes_again_and_nothing_else(
    csms: Runtime, called: CalledStation, stream: TableStream, bus: Bus
) -> None:
    called.start()
    called.result("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Charging"})
    stream.deliver()
    records = waiting(csms)
    bus.refuses = {"TransactionStarted"}
    failed = publish(records)
    assert [json.loads(record["body"])["detailType"] for record in records if record["messageId"] in failed] == [
        "TransactionStarted"
    ]
    bus.refuses = set()
    assert publish([record for record in records if record["messageId"] in failed]) == []
    assert len(bus.details("ConnectorStatusReported")) == len(bus.details("TransactionStarted")) == 1


def test_a_bus_that_is_away_holds_up_no_call(
    csms: Runtime, called: CalledStation, stream: TableStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bus, "put_events", lambda *_, **__: pytest.fail("the stream's reader calls the bus"))
    monkeypatch.setitem(vars(csms), "event_bus", EventBus(Bus(), "the bus"))
    live_a_whole_life(csms, called)
    assert stream.deliver() == {"batchItemFailures": []}


def test_a_change_that_cannot_be_read_goes_to_the_failures_and_holds_up_nothing(
    csms: Runtime, called: CalledStation, stream: TableStream, bus: Bus
) -> None:
    called.start()
    called.result("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Charging"})
    (broken,) = [each for each in stream.records if each["dynamodb"]["Keys"]["SK"]["S"].startswith("TX#")]
    del broken["dynamodb"]["NewImage"]["id_tag"]
    assert stream.deliver() == {"batchItemFailures": []}
    records = waiting(csms)
    (failed,) = publish(records)  # comes again until the queue puts it aside
    (put_aside,) = [record["body"] for record in records if record["messageId"] == failed]
    assert broken["eventID"] in put_aside
    assert len(bus.details("ConnectorStatusReported")) == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        '{"v":1,"detailType":"A","detail":{"occurredAt":"?"},"measure":["events","A"]}',
        '{"v":1,"detailType":7,"detail":{"occurredAt":"2026-03-05T12:00:00Z"},"measure":["events","A"]}',
        '{"v":1,"detailType":"","detail":{"occurredAt":"2026-03-05T12:00:00Z"},"measure":["events","A"]}',
        '{"v":1,"detailType":"A","detail":{"occurredAt":"2026-03-05T12:00:00Z"},"measure":[[],"A"]}',
        r'{"v":1,"detailType":"A","detail":{"occurredAt":"2026-03-05T12:00:00Z","a":"\ud800"},"measure":["events","A"]}',
    ],
)
def test_a_message_that_is_no_event_takes_no_other_with_it(
    csms: Runtime, called: CalledStation, stream: TableStream, bus: Bus, body: str
) -> None:
    called.start()
    stream.deliver()
    assert publish([{"messageId": "odd", "body": body}, *waiting(csms)]) == ["odd"]
    assert len(bus.details("TransactionStarted")) == 1


def test_events_that_the_queue_does_not_take_are_read_from_the_stream_again(
    csms: Runtime, called: CalledStation, stream: TableStream, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    called.start()
    records = list(stream.records)
    monkeypatch.setattr(csms.event_queue, "_queue_url", f"{csms.settings.events_queue_url}-gone")
    monkeypatch.setenv("EVENTS_QUEUE_URL", f"{csms.settings.events_queue_url}-gone")
    (failure,) = stream.deliver()["batchItemFailures"]
    assert failure["itemIdentifier"] in {record["dynamodb"]["SequenceNumber"] for record in records}


def test_what_follows_a_call_that_cannot_be_finished_is_told_when_it_can(
    csms: Runtime, called: CalledStation, stream: TableStream, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    called.result("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})
    called.is_called("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"})
    monkeypatch.setattr(csms.calls, "_finish", lambda *_: None)  # the process dies before the effects
    called.reply({"status": "Accepted"})
    called.result("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Charging"})
    records = list(stream.records)
    with monkeypatch.context() as broken:
        broken.setattr(csms.calls, "finish", lambda _: 1 / 0)
        assert len(stream.deliver()["batchItemFailures"]) == 1
    assert [json.loads(record["body"])["detailType"] for record in waiting(csms)] == ["ConnectorStatusReported"]
    stream.records[:] = records
    publish_all(csms, stream)
    assert [entry["DetailType"] for entry in bus.taken] == [
        "ConnectorStatusReported",
        "CallEnded",
        "ConnectorStatusReported",
    ]


def test_the_handler_of_the_stream_takes_what_concerns_nobody() -> None:
    assert finish_calls.handler.lambda_handler({"Records": []}, None) == {"batchItemFailures": []}
