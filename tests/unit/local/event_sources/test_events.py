from datetime import UTC, datetime

from local.event_sources.events import queue_event, schedule_event, stream_record

RECEIVED = {
    "MessageId": "id-1",
    "ReceiptHandle": "handle-1",
    "MD5OfBody": "md5",
    "Body": "{}",
    "Attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1767225600000"},
}


def test_a_message_is_as_lambda_gets_it_from_a_queue() -> None:
    (record,) = queue_event([RECEIVED], "arn:aws:sqs:eu-west-1:000000000000:calls")["Records"]
    assert record == {
        "messageId": "id-1",
        "receiptHandle": "handle-1",
        "body": "{}",
        "attributes": RECEIVED["Attributes"],
        "messageAttributes": {},
        "md5OfBody": "md5",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:000000000000:calls",
        "awsRegion": "eu-west-1",
    }


def test_a_change_is_as_lambda_gets_it_from_a_stream() -> None:
    read = {
        "eventID": "1",
        "eventName": "MODIFY",
        "dynamodb": {
            "ApproximateCreationDateTime": datetime(2026, 1, 1, tzinfo=UTC),
            "NewImage": {"hash": {"B": b"\x00\xff"}, "flag": {"BOOL": True}, "count": {"N": "1"}},
        },
    }
    record = stream_record(read, "arn:stream")
    assert record["eventSourceARN"] == "arn:stream"
    assert record["dynamodb"]["ApproximateCreationDateTime"] == 1767225600
    assert record["dynamodb"]["NewImage"] == {"hash": {"B": "AP8="}, "flag": {"BOOL": True}, "count": {"N": "1"}}


def test_a_tick_is_as_lambda_gets_it_from_a_rule() -> None:
    event = schedule_event("sweep", datetime(2026, 1, 1, 12, 0, 30, 999999, tzinfo=UTC))
    assert event["time"] == "2026-01-01T12:00:30Z"
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.events", "Scheduled Event", {})
    assert event["resources"] == ["arn:aws:events:eu-west-1:000000000000:rule/sweep"]
