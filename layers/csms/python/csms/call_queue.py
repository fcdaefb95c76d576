"""The queue that wakes the call engine later: to dispatch, or when an answer is overdue."""

import json
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from csms.ids import CallId, ChargePointId
from csms.ocpp.primitives import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SCHEMA_VERSION: Final = 1
_LONGEST_DELAY: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class Dispatch:
    """Look whether a call of this charge point can go out now."""

    charge_point_id: ChargePointId


@dataclass(frozen=True)
class Deadline:
    """This attempt of this call is overdue then."""

    charge_point_id: ChargePointId
    call_id: CallId
    attempt: int
    until: datetime


Wake = Dispatch | Deadline


class CallQueue:
    """Sends wake-ups with a delay."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, wake: Wake, delay: timedelta = timedelta()) -> None:
        """Wake the engine after the delay, or after 15 minutes: it sends itself on if that is too early."""
        seconds = math.ceil(min(max(delay, timedelta()), _LONGEST_DELAY).total_seconds())
        self._client.send_message(QueueUrl=self._queue_url, MessageBody=write(wake), DelaySeconds=seconds)


def write(wake: Wake) -> str:
    """The body of the queue message."""
    body: dict[str, object] = {"v": SCHEMA_VERSION, "chargePointId": wake.charge_point_id}
    if isinstance(wake, Deadline):
        body |= {"callId": wake.call_id, "attempt": wake.attempt, "until": format_timestamp(wake.until)}
    return json.dumps(body)


def read(body: str) -> Wake:
    """The wake-up in a queue message."""
    fields = json.loads(body)
    charge_point_id = ChargePointId(fields["chargePointId"])
    if "callId" not in fields:
        return Dispatch(charge_point_id)
    return Deadline(charge_point_id, CallId(fields["callId"]), fields["attempt"], parse_timestamp(fields["until"]))
