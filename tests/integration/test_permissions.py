"""What functions call seldom, but must be allowed to: so that the record in tests/aws_calls.json is whole.

Most functions may have to go on with somebody else's call: end it, do what its end asks for, send what waits. Nothing
stands in here for the queues, the gateway, KMS and Step Functions; see `tests.permissions`.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

import dispatch_calls.handler
import finish_calls.handler
import plan_charging.handler
import publish_events.handler
import send_profile.handler
import sweep.handler
import wake_plans.handler
from csms.authorization import IdTag
from csms.boundary_queue import Boundary
from csms.boundary_queue import write as write_boundary
from csms.call_queue import Deadline, write
from csms.calls import Order
from csms.ids import ChargePointId
from csms.ocpp.primitives import format_timestamp
from csms.runtime import Runtime, runtime
from csms.store import keys
from csms.store.calls import Call, CallState, Outcome
from csms.store.configuration import Reported
from csms.store.links import Flight
from tests.integration.files.library import uploaded
from tests.lambda_operator import LambdaOperator, claims_of
from tests.lambda_station import LambdaStation
from tests.played_site import PLAN, PlayedSite

CP001 = ChargePointId("CP001")
SECRET = {"key": "Backend", "value": "wss://backend.example.com/ocpp?token=abcdef"}
LIST = {"key": "SupportedFeatureProfiles", "value": "Core,Reservation"}
PROFILE: dict[str, Any] = {
    "connectorId": 1,
    "csChargingProfiles": {
        "chargingProfileId": 1,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}]},
    },
}
TAKEN = Outcome(CallState.ACCEPTED, "Accepted", {"status": "Accepted"})
REFUSED = Outcome(CallState.REJECTED, "Rejected", {"status": "Rejected"})


@pytest.fixture
def idle(csms: Runtime) -> LambdaStation:
    """A station that charges and can be called."""
    csms.store.id_tags.put(IdTag("TAG1"))
    station = LambdaStation()
    station.connect()
    station.wait(seconds=1)
    station.result("BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One"})
    station.start()
    station.wait(minutes=1)
    csms.calls._clock = lambda: station.now
    return station


def order(action: str, payload: Any, **more: Any) -> Order:
    return Order(CP001, action, payload, requested_by="somebody", **more)


def stored(csms: Runtime, call: Call) -> Call:
    found = csms.store.calls.get(CP001, call.id)
    assert found is not None
    return found


def left_behind(csms: Runtime, placed: Call, outcome: Outcome) -> Call:
    """The call as its end was written by a process that died before anything followed."""
    ended = csms.store.calls.end_sent(stored(csms, placed), outcome, placed.created_at, is_last=False)
    assert ended is not None
    land(csms, ended)
    return ended


def land(csms: Runtime, sent: Call) -> None:
    assert sent.answer_by is not None
    csms.store.links.land(CP001, Flight(sent.id, sent.attempt, sent.answer_by))


def by_the_stream(call: Call, station: LambdaStation) -> None:
    key = keys.call(CP001, call.id)
    image = {"charge_point_id": {"S": CP001}, "call_id": {"S": call.id}, "state": {"S": call.state.value}}
    data = {
        "ApproximateCreationDateTime": 1772712000,
        "Keys": {"PK": {"S": key.partition}, "SK": {"S": key.sort}},
        "NewImage": image,
        "SequenceNumber": "1",
    }
    record = {"eventID": "1", "eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": data}
    assert finish_calls.handler.lambda_handler({"Records": [record]}, None)["batchItemFailures"] == []


def by_its_deadline(call: Call, station: LambdaStation) -> None:
    assert call.answer_by is not None
    station.now = max(station.now, call.answer_by)
    body = write(Deadline(CP001, call.id, call.attempt, call.answer_by))
    record = {"messageId": "1", "body": body}
    assert dispatch_calls.handler.lambda_handler({"Records": [record]}, None)["batchItemFailures"] == []


def by_the_repeated_answer(call: Call, station: LambdaStation) -> None:
    station.send(json.dumps([3, call.id, {"status": "Accepted"}]))


finishers = pytest.mark.parametrize("finish", [by_the_stream, by_its_deadline, by_the_repeated_answer])
Finish = Callable[[Call, LambdaStation], None]


@finishers
def test_who_ends_a_call_may_tell_the_workflow_and_take_back_a_profile(
    csms: Runtime, idle: LambdaStation, finish: Finish
) -> None:
    placed = csms.calls.place(order("SetChargingProfile", PROFILE, task_token="token"))
    assert csms.store.charging_profiles.all(CP001) != []
    finish(left_behind(csms, placed, REFUSED), idle)
    assert stored(csms, placed).has_effects_done
    assert csms.store.charging_profiles.all(CP001) == []


@finishers
def test_who_ends_a_call_may_read_what_runs(csms: Runtime, idle: LambdaStation, finish: Finish) -> None:
    (running,) = [found.transaction_id for found in csms.store.connectors.all(CP001) if found.transaction_id]
    of_transaction = {"chargingProfilePurpose": "TxProfile", "transactionId": running}
    payload = {**PROFILE, "csChargingProfiles": {**PROFILE["csChargingProfiles"], **of_transaction}}
    placed = csms.calls.place(order("SetChargingProfile", payload))
    finish(left_behind(csms, placed, TAKEN), idle)
    assert stored(csms, placed).has_effects_done


@finishers
def test_who_ends_a_call_may_place_the_next_and_send_another_with_what_is_secret_in_them(
    csms: Runtime, idle: LambdaStation, finish: Finish
) -> None:
    since = format_timestamp(idle.now)
    csms.store.configuration.desire(CP001, {SECRET["key"]: SECRET["value"]}, idle.now)
    context = {"commissioning": since, "rest": None}
    asked = csms.calls.place(order("GetConfiguration", {}, context=context))
    waiting = csms.calls.place(order("ChangeConfiguration", {"key": "Other", "value": SECRET["value"]}))
    answer = {"configurationKey": [{"key": "Backend", "readonly": False, "value": "wss://elsewhere.example"}]}

    finish(left_behind(csms, asked, Outcome(CallState.ACCEPTED, None, answer)), idle)

    assert stored(csms, waiting).state is CallState.SENT
    link = csms.store.links.get(CP001, consistent=True)
    assert link is not None
    (next_one,) = link.waiting
    assert SECRET["value"] not in str(csms.store.calls.get(CP001, next_one))


def test_who_connects_may_have_what_waits_dispatched(csms: Runtime, idle: LambdaStation) -> None:
    idle.disconnect()
    csms.calls.place(order("ClearCache", {}, lifetime=timedelta(hours=1)))
    boto3.client("sqs").purge_queue(QueueUrl=csms.settings.calls_queue_url)
    idle.connect()
    attributes = boto3.client("sqs").get_queue_attributes(
        QueueUrl=csms.settings.calls_queue_url, AttributeNames=["All"]
    )["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] + attributes["ApproximateNumberOfMessagesDelayed"] != "00"


def test_who_takes_messages_may_answer_garbage_and_close_a_connection_that_belongs_to_nobody(
    csms: Runtime, idle: LambdaStation
) -> None:
    idle.send('[2,"1","Unheard",{}]')
    idle.connection_id = "never-opened"
    idle.send('[2,"2","Heartbeat",{}]')


def test_an_operator_may_send_what_waits_and_withdraw_what_a_workflow_waits_for(
    csms: Runtime, idle: LambdaStation
) -> None:
    operator = LambdaOperator(claims_of("admin"), now=idle.now)
    in_flight = csms.calls.place(order("ClearCache", {}))
    secret = csms.calls.place(order("ChangeConfiguration", SECRET))
    awaited = csms.calls.place(order("SetChargingProfile", PROFILE, task_token="token"))
    land(csms, stored(csms, in_flight))
    assert operator.post("/charge-points/CP001/commands/ClearCache", {}).status == 202
    assert stored(csms, secret).state is CallState.SENT
    assert operator.delete(f"/charge-points/CP001/commands/{awaited.id}").status == 200
    assert stored(csms, awaited).state is CallState.CANCELLED


def test_who_sweeps_may_tell_the_workflow(csms: Runtime, idle: LambdaStation) -> None:
    csms.calls.place(order("ClearCache", {}))
    awaited = csms.calls.place(order("SetChargingProfile", PROFILE, task_token="token", lifetime=timedelta(minutes=1)))
    idle.wait(minutes=2)
    sweep.handler.lambda_handler({"time": format_timestamp(idle.now)}, None)
    assert stored(csms, awaited).state is CallState.EXPIRED


def gateway_says(csms: Runtime, status: int) -> None:
    """From now on posts fail like this."""
    parsed = {"Error": {"Code": "Failed"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    answer: Any = lambda **_: (SimpleNamespace(status_code=status), parsed)  # noqa: E731
    csms.gateway._client.meta.events.register("before-call.apigatewaymanagementapi", answer)


def numbered(profile_id: int, limit: float = 16.0) -> dict[str, Any]:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
    changed = {"chargingProfileId": profile_id, "stackLevel": profile_id, "chargingSchedule": schedule}
    return {**PROFILE, "csChargingProfiles": {**PROFILE["csChargingProfiles"], **changed}}


def lost_on_its_way(csms: Runtime, station: LambdaStation, profile: dict[str, Any]) -> Call:
    """A call for a profile whose post found nobody; it waits."""
    gateway_says(csms, 410)
    lost = csms.calls.place(order("SetChargingProfile", profile, lifetime=timedelta(minutes=1)))
    assert stored(csms, lost).state is CallState.QUEUED
    return lost


@pytest.mark.parametrize("profile", [numbered(1, 8.0), numbered(2)], ids=["in the place of another", "a new one"])
def test_who_sweeps_may_take_back_a_profile_that_never_arrived(
    csms: Runtime, idle: LambdaStation, profile: dict[str, Any]
) -> None:
    installed = csms.calls.place(order("SetChargingProfile", numbered(1)))
    by_the_stream(left_behind(csms, installed, TAKEN), idle)
    idle.wait(seconds=30)
    lost = lost_on_its_way(csms, idle, profile)
    idle.wait(minutes=2)
    sweep.handler.lambda_handler({"time": format_timestamp(idle.now)}, None)
    assert stored(csms, lost).state is CallState.EXPIRED
    (row,) = csms.store.charging_profiles.all(CP001)
    assert (row.id, row.call_id) == (1, installed.id)


def drain(csms: Runtime) -> None:
    """Let the queue's messages come to their function."""
    sqs = boto3.client("sqs")
    for _ in range(3):
        found = sqs.receive_message(QueueUrl=csms.settings.calls_queue_url, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            record = {"messageId": message["MessageId"], "body": message["Body"]}
            assert dispatch_calls.handler.lambda_handler({"Records": [record]}, None)["batchItemFailures"] == []
            sqs.delete_message(QueueUrl=csms.settings.calls_queue_url, ReceiptHandle=message["ReceiptHandle"])


def test_a_bulk_command_may_be_the_first_to_see_that_firmware_was_uploaded(
    monkeypatch: pytest.MonkeyPatch, csms_with_files: Runtime, idle: LambdaStation
) -> None:
    operator = LambdaOperator(claims_of("admin"), now=idle.now)
    uploaded(operator)
    body = {
        "action": "UpdateFirmware",
        "payload": {"retrieveDate": "2026-03-06T00:00:00Z"},
        "chargePointIds": ["CP001"],
    }
    started = operator.post("/commands", body)
    drain(csms_with_files)
    (result,) = operator.items(started.headers["location"])
    assert result["command"]["state"] == "sent"


@pytest.fixture
def csms_with_files(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    monkeypatch.setenv("FILES_BUCKET", "files")
    monkeypatch.setenv("PUBLIC_URL", "https://files.example")
    runtime.cache_clear()
    boto3.client("s3").create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return runtime()


def test_events_may_be_put_on_the_bus(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_BUS", "the-bus")
    runtime.cache_clear()
    boto3.client("events").create_event_bus(Name="the-bus")
    detail = {"occurredAt": "2026-03-05T12:00:00.000Z"}
    body = json.dumps({"v": 1, "detailType": "Told", "detail": detail, "measure": ["events", "Told"]})
    answer = publish_events.handler.lambda_handler({"Records": [{"messageId": "1", "body": body}]}, None)
    assert answer == {"batchItemFailures": []}


@pytest.fixture
def planned(csms: Runtime) -> PlayedSite:
    """A site with a station whose plan has begun its first step, in a state machine that does nothing."""
    boto3.client("stepfunctions").create_state_machine(
        name="charging-plan",
        definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/csms",
    )
    site = PlayedSite(csms)
    csms.calls._clock = csms.charging_plans._clock = lambda: site.now
    site.add_site(40, safe_limit_da=60)
    site.add_station("CP001")
    site.wait(minutes=1)
    site.add_plan()
    return site


def first_target() -> str:
    """What the step begins with."""
    part: Any = plan_charging.handler.lambda_handler({"do": "plan", "plan": PLAN, "step": 1}, None)
    target: str = [*part["decreases"], *part["increases"]][0]
    return target


def test_who_sends_a_profile_may_send_what_waits_before_it_and_end_what_is_refused(planned: PlayedSite) -> None:
    csms, since = planned.csms, format_timestamp(planned.now)
    target = first_target()
    csms.store.configuration.desire(CP001, {SECRET["key"]: SECRET["value"], "Listed": "a,b"}, planned.now)
    in_flight = csms.calls.place(order("ClearCache", {}))
    too_long = csms.calls.place(
        order("ChangeConfiguration", {"key": "Listed", "value": "a,b"}, context={"commissioning": since, "count": 1})
    )
    secret = csms.calls.place(order("ChangeConfiguration", SECRET))
    csms.store.configuration.report(CP001, [Reported("ListedMaxLength", "1", is_read_only=True)], planned.now)
    csms.store.configuration.report(CP001, [Reported("Backend", "old", is_read_only=False)], planned.now)
    land(csms, stored(csms, in_flight))

    event = {"plan": PLAN, "step": 1, "target": target, "task_token": "token"}
    send_profile.handler.lambda_handler(event, None)

    assert stored(csms, too_long).state is CallState.FAILED
    assert stored(csms, secret).state is CallState.SENT


def test_who_sends_a_profile_that_is_too_large_may_take_it_back_and_tell_the_workflow(planned: PlayedSite) -> None:
    csms, target = planned.csms, first_target()
    gateway_says(csms, 413)
    event = {"plan": PLAN, "step": 1, "target": target, "task_token": "token"}
    send_profile.handler.lambda_handler(event, None)
    assert csms.store.charging_profiles.all(CP001) == []


def test_who_plans_may_take_back_a_profile_that_a_newer_one_replaces(planned: PlayedSite) -> None:
    csms, target = planned.csms, first_target()
    gateway_says(csms, 410)
    event = {"plan": PLAN, "step": 1, "target": target, "task_token": "token"}
    send_profile.handler.lambda_handler(event, None)
    assert csms.store.charging_profiles.all(CP001) != []
    csms.charging_plans.start(planned.plan)
    planned.connect(planned.stations["CP001"])
    planned.wait(minutes=1)
    csms.store.sites.change(planned.plan.site_id, {"safe_limit_da": 70})
    plan_charging.handler.lambda_handler({"do": "plan", "plan": PLAN, "step": 2}, None)
    assert csms.store.charging_profiles.all(CP001) == []


def test_a_boundary_that_comes_early_may_be_sent_on(planned: PlayedSite) -> None:
    def reach(minutes: int) -> None:
        boundary = Boundary(PLAN, planned.plan.step, planned.now + timedelta(minutes=minutes))
        record = {"messageId": "1", "body": write_boundary(boundary)}
        assert wake_plans.handler.lambda_handler({"Records": [record]}, None)["batchItemFailures"] == []

    plan_charging.handler.lambda_handler({"do": "plan", "plan": PLAN, "step": 1}, None)
    version = planned.csms.store.sites.get(planned.plan.site_id).version  # type: ignore[union-attr]
    event = {"do": "wait", "plan": PLAN, "step": 1, "version": version, "task_token": "token"}
    plan_charging.handler.lambda_handler(event, None)
    reach(30)
    reach(0)


def test_who_sweeps_may_go_on_with_a_plan_whose_execution_died(planned: PlayedSite) -> None:
    planned.wait(hours=3)
    sweep.handler.lambda_handler({"time": format_timestamp(planned.now)}, None)
    assert planned.plan.wake_at is not None
