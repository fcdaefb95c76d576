"""The queue that wakes the call engine later: to dispatch, or when an answer is overdue."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from csms import schema
from csms.ids import CallId, ChargePointId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store.listing import ShardCursor

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

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


@dataclass(frozen=True)
class BulkSelection:
    """Find the charge points of a bulk command, the next page of them if `after` is given."""

    bulk_id: str
    after: ShardCursor | None = None
    found: int = 0


@dataclass(frozen=True)
class BulkChunk:
    """Call these charge points for a bulk command."""

    bulk_id: str
    charge_point_ids: tuple[ChargePointId, ...]


@dataclass(frozen=True)
class Commission:
    """Commission the charge point, which booted then."""

    charge_point_id: ChargePointId
    booted_at: datetime


Wake = Dispatch | Deadline | BulkSelection | BulkChunk | Commission


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
    kind = next(kind for kind, known in _KINDS.items() if isinstance(wake, known))
    return json.dumps({"v": schema.VERSION, "kind": kind, **_fields(wake)})


def read(body: str) -> Wake:
    """The wake-up in a queue message.

    Raises:
        NewerSchemaError: it is of a newer schema.
        KeyError: it is of no kind that is known here; whoever knows it gets it when the queue delivers it again.
    """
    fields = json.loads(body)
    schema.check(fields.get("v"))
    kind = _KINDS[fields.get("kind") or _kind_by_fields(fields)]
    if kind is BulkSelection:
        place = fields["place"]
        return BulkSelection(fields["bulkId"], ShardCursor(**place) if place else None, fields["found"])
    if kind is BulkChunk:
        return BulkChunk(fields["bulkId"], tuple(map(ChargePointId, fields["chargePointIds"])))
    charge_point_id = ChargePointId(fields["chargePointId"])
    if kind is Commission:
        return Commission(charge_point_id, parse_timestamp(fields["bootedAt"]))
    if kind is Dispatch:
        return Dispatch(charge_point_id)
    return Deadline(charge_point_id, CallId(fields["callId"]), fields["attempt"], parse_timestamp(fields["until"]))


_KINDS: Final[Mapping[str, type[Wake]]] = {
    "dispatch": Dispatch,
    "deadline": Deadline,
    "bulkSelection": BulkSelection,
    "bulkChunk": BulkChunk,
    "commission": Commission,
}


def _kind_by_fields(fields: Mapping[str, Any]) -> str:
    """The kind of a message from before kinds were named."""
    if "bulkId" in fields:
        return "bulkChunk" if "chargePointIds" in fields else "bulkSelection"
    if "bootedAt" in fields:
        return "commission"
    return "deadline" if "callId" in fields else "dispatch"


def _fields(wake: Wake) -> dict[str, Any]:
    match wake:
        case Dispatch(charge_point_id):
            return {"chargePointId": charge_point_id}
        case Deadline(charge_point_id, call_id, attempt, until):
            moment = format_timestamp(until)
            return {"chargePointId": charge_point_id, "callId": call_id, "attempt": attempt, "until": moment}
        case BulkSelection(bulk_id, after, found):
            place = {"partition": after.partition, "after": after.after} if after else None
            return {"bulkId": bulk_id, "place": place, "found": found}
        case BulkChunk(bulk_id, charge_point_ids):
            return {"bulkId": bulk_id, "chargePointIds": charge_point_ids}
        case Commission(charge_point_id, booted_at):
            return {"chargePointId": charge_point_id, "bootedAt": format_timestamp(booted_at)}
