"""Whatever is stored can be listed: answers stay below what Lambda returns, and nest no deeper than can be written."""

import json
from typing import Any

import boto3
import pytest

from csms.ids import CallId, ChargePointId, TransactionId
from csms.runtime import Runtime
from csms.store.calls import Call, CallState
from csms.store.meter_values import MeterMessage
from tests.lambda_operator import LambdaOperator
from tests.lambda_station import NOON, LambdaStation

CP001 = ChargePointId("CP001")
LONG = '"' * 60_000
CSV = {"accept": "text/csv"}


def test_orphans_with_long_payloads_come_in_short_pages(
    csms: Runtime, admin: LambdaOperator, station: LambdaStation
) -> None:
    for number in range(40):
        csms.store.orphans.keep(CP001, "StopTransaction", "x", {"number": number, "text": LONG}, NOON)
    first = admin.get("/orphans", limit=200)
    assert 1 < len(first.json["items"]) < 40
    assert sorted(item["payload"]["number"] for item in admin.items("/orphans", limit=200)) == list(range(40))


def test_commands_with_long_answers_come_in_short_pages(
    csms: Runtime, admin: LambdaOperator, station: LambdaStation
) -> None:
    for number in range(40):
        call = Call(
            charge_point_id=CP001,
            id=CallId(f"{number:012x}-0"),
            action="DataTransfer",
            payload={"vendorId": "x", "data": LONG},
            created_at=NOON,
            expires_at=NOON,
            requested_by="ada",
            state=CallState.CANCELLED,
        )
        csms.store.calls.create(call, is_swept=False)
    for query in ({}, {"state": "cancelled"}):
        ids = [item["id"] for item in admin.items("/charge-points/CP001/commands", limit=200, **query)]
        assert ids == [f"{number:012x}-0" for number in reversed(range(40))]


def test_a_file_of_many_short_samples_ends_early_and_links_to_the_rest(
    csms: Runtime, admin: LambdaOperator, station: LambdaStation
) -> None:
    number = TransactionId(station.start()["transactionId"])
    for _ in range(10):
        station.wait(minutes=1)
        samples: list[dict[str, Any]] = [{"value": "1"}] * 7000
        value = [{"timestamp": station.timestamp(), "sampledValue": samples}]
        csms.store.meter_values.record_for_transaction(CP001, number, MeterMessage(1, station.now, station.now, value))
    path, query, lines = f"/transactions/CP001/{number}/meter-values", "", 0
    while True:
        answer = admin.send("GET", path, query=query, headers=CSV)
        assert answer.status == 200
        lines += answer.text.count("\n") - 1
        if "link" not in answer.headers:
            break
        query = answer.headers["link"].partition("?")[2].partition(">")[0]
    assert query
    assert lines == 70_000


@pytest.mark.parametrize("depth", [300, 900, 20_000])
def test_what_is_nested_deep_is_listed_all_the_same(
    csms: Runtime, admin: LambdaOperator, station: LambdaStation, depth: int
) -> None:
    number = station.start()["transactionId"]
    value = [{"timestamp": station.timestamp(), "sampledValue": [{"value": "1"}]}]
    station.result("MeterValues", {"connectorId": 1, "transactionId": 4711, "meterValue": value})
    station.result("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": value})
    deep = "[" * depth + "]" * depth
    rewrite("payload", f'{{"meterValue":{deep}}}')
    rewrite("meter_value", deep)

    (orphan,) = admin.items("/orphans")
    (message,) = admin.items(f"/transactions/CP001/{number}/meter-values")

    for shown in (orphan["payload"], message["meterValue"]):
        assert "nested too deep" in json.dumps(shown) or deep in json.dumps(shown)
    assert admin.get(f"/orphans/{orphan['id']}").json == orphan
    assert admin.send("GET", f"/transactions/CP001/{number}/meter-values", headers=CSV).status == 200
    assert admin.post(f"/orphans/{orphan['id']}/assign", {"transactionId": number}).status == 409
    assert admin.post(f"/orphans/{orphan['id']}/assign", {"dismiss": True, "reason": "x"}).status == 200


def rewrite(attribute: str, text: str) -> None:
    client = boto3.client("dynamodb")
    for item in client.scan(TableName="csms")["Items"]:
        if attribute in item:
            client.put_item(TableName="csms", Item={**item, attribute: {"S": text}})


def test_a_request_that_is_all_wrong_is_told_the_first_mistakes(csms: Runtime, admin: LambdaOperator) -> None:
    body = {f"{number}\N{SNOWMAN}{'x' * 200}": number for number in range(20_000)}
    reasons = admin.post("/charge-points", body).fields
    assert 1 < len(reasons) <= 100
    assert max(map(len, reasons)) <= 100
    report = admin.post("/id-tags", [{"idTag": "x" * 5000, **body}] * 3).json["rows"]
    assert [len(row["errors"]) for row in report] == [5, 5, 5]
    assert len(report[0]["idTag"]) == 50
