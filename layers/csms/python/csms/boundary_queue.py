"""The queue that wakes a charging plan when its limit changes: a message for each step that waits."""

import json
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from csms import schema
from csms.ids import PlanId
from csms.ocpp.primitives import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_LONGEST_DELAY: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class Boundary:
    """What this step of a plan waits for at the latest: a moment at which the plan has to be looked at again."""

    plan_id: PlanId
    step: int
    at: datetime


class BoundaryQueue:
    """Sends boundaries with a delay."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, boundary: Boundary, now: datetime) -> None:
        """Deliver it at its time, or after 15 minutes: whoever gets it sends it on if that is too early."""
        delay = min(max(boundary.at - now, timedelta()), _LONGEST_DELAY)
        self._client.send_message(
            QueueUrl=self._queue_url, MessageBody=write(boundary), DelaySeconds=math.ceil(delay.total_seconds())
        )


def write(boundary: Boundary) -> str:
    """The body of the queue message."""
    return json.dumps(
        {
            "v": schema.VERSION,
            "plan": boundary.plan_id,
            "step": boundary.step,
            "at": format_timestamp(boundary.at),
        }
    )


def read(body: str) -> Boundary:
    """The boundary in a queue message.

    Raises:
        NewerSchemaError: it is of a newer schema.
    """
    fields = json.loads(body)
    schema.check(fields.get("v"))
    return Boundary(PlanId(fields["plan"]), fields["step"], parse_timestamp(fields["at"]))
