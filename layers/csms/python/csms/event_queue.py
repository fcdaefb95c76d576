"""The queue between the table's stream and the event bus: a slow bus holds up nothing but events."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from csms import schema
from csms.events import Event
from csms.ocpp.primitives import parse_timestamp

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_MOST_AT_ONCE: Final = 10


class NotTaken(Exception):  # noqa: N818  reads better where it is raised
    """The queue did not take everything; what it took comes twice when all is sent again."""


@dataclass(frozen=True)
class News:
    """An event on its way to the bus."""

    detail_type: str
    occurred_at: datetime
    detail: Mapping[str, Any]
    measure: tuple[str, str]
    """Under which metric and name it is counted."""


class EventQueue:
    """Sends what others are to be told."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, bodies: Sequence[str]) -> None:
        """Send messages made by `write` or `write_unreadable`.

        Raises:
            NotTaken: not all of them were taken.
        """
        for first in range(0, len(bodies), _MOST_AT_ONCE):
            batch = bodies[first : first + _MOST_AT_ONCE]
            answer = self._client.send_message_batch(
                QueueUrl=self._queue_url,
                Entries=[{"Id": str(number), "MessageBody": body} for number, body in enumerate(batch)],
            )
            if answer.get("Failed"):
                raise NotTaken(f"{len(answer['Failed'])} of {len(batch)}")


def write(event: Event) -> str:
    """The body of an event's message."""
    return _pack(detailType=event.detail_type, detail=event.write(), measure=event.measure)


def write_unreadable(change_id: str) -> str:
    """The body for a change that nothing could be made of: it ends in the queue of failures, where somebody looks."""
    return _pack(unreadable=change_id)


def read(body: str) -> News:
    """The event in a message.

    Raises:
        KeyError, ValueError: it holds none.
        NewerSchemaError: it is of a newer schema.
    """
    fields = json.loads(body)
    schema.check(fields.get("v"))
    metric, name = fields["measure"]
    if not all(isinstance(text, str) and text for text in (fields["detailType"], metric, name)):
        raise ValueError("an event without a name")
    if "\\u" in body:
        json.dumps(fields, ensure_ascii=False).encode()  # half a character raises here, not in the request of a batch
    occurred_at = parse_timestamp(fields["detail"]["occurredAt"])
    return News(fields["detailType"], occurred_at, fields["detail"], (metric, name))


def _pack(**fields: Any) -> str:
    return json.dumps({"v": schema.VERSION, **fields}, separators=(",", ":"), ensure_ascii=False)
