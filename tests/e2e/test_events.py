"""Events on the bus that `make run` has, heard as a partner hears them: by a rule with a queue as its target."""

import asyncio
import json
from typing import Any

import boto3

from local.environment import EVENT_BUS, client_environment
from tests.event_schemas import assert_valid_event
from tests.stack import Stack
from tests.station import Station

HEARD_WITHIN_S = 20


def listening(stack: Stack) -> Any:
    """A function that returns what was heard of one charge point since."""
    environment = client_environment(stack.aws_url)
    session = boto3.Session(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name=environment["AWS_REGION"]
    )
    sqs, events = (session.client(name, endpoint_url=stack.aws_url) for name in ("sqs", "events"))
    url = sqs.create_queue(QueueName="partner")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["csms"], "detail": {"chargePointId": ["HEARD"]}}
    events.put_rule(Name="partner", EventBusName=EVENT_BUS, EventPattern=json.dumps(pattern))
    events.put_targets(Rule="partner", EventBusName=EVENT_BUS, Targets=[{"Id": "1", "Arn": arn}])

    def heard() -> list[dict[str, Any]]:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

    return heard


async def test_a_partner_hears_of_a_session_from_the_first_connection_to_the_last(stack: Stack) -> None:
    heard = listening(stack)
    async with Station.connected(stack.ocpp_url, "HEARD") as station:
        await station.call("BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One"})
        started = await station.call(
            "StartTransaction",
            {"connectorId": 1, "idTag": "DEMO-ACCEPTED", "meterStart": 1000, "timestamp": "2026-01-02T10:00:00Z"},
        )
        stop = {"meterStop": 8400, "timestamp": "2026-01-02T11:00:00Z"}
        await station.call("StopTransaction", {"transactionId": started["transactionId"], **stop})
    told: dict[str, dict[str, Any]] = {}
    async with asyncio.timeout(HEARD_WITHIN_S):
        while len(told) < 5:
            told |= {event["detail-type"]: event["detail"] for event in await asyncio.to_thread(heard)}
    assert set(told) == {
        *("ChargePointConnected", "ChargePointBooted", "TransactionStarted"),
        *("TransactionEnded", "ChargePointDisconnected"),
    }
    for detail_type, detail in told.items():
        assert_valid_event(detail_type, detail)
    assert told["TransactionEnded"]["energyWh"] == 7400
