"""The events of queue, stream and clock, shaped as the Lambda service sends them."""

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local.environment import ACCOUNT, REGION

Event = dict[str, Any]


def queue_event(messages: Sequence[Mapping[str, Any]], queue_arn: str) -> Event:
    """Messages as ReceiveMessage returned them."""
    return {"Records": [_queue_record(message, queue_arn) for message in messages]}


def stream_record(record: Mapping[str, Any], stream_arn: str) -> Event:
    """A record as GetRecords returned it; botocore has made times and bytes of what is JSON in an event."""
    plain: Event = json.loads(json.dumps(record, default=_plain))
    return plain | {"eventSourceARN": stream_arn}


def schedule_event(rule: str, now: datetime) -> Event:
    """A tick of the rule's clock."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}"],
        "detail": {},
    }


def _queue_record(message: Mapping[str, Any], queue_arn: str) -> Event:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.timestamp()
        case bytes():
            return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} in a stream record")
