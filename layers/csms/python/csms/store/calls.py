"""Calls to charge points: a stored row, never an await. The states and who may change them when (DESIGN §5):

queued --dispatch--> sent --answer--> accepted | rejected | failed
   |                   `--no answer--> timed_out
   `--> expired | cancelled | failed
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from boto3.dynamodb.conditions import Attr, ConditionBase

from csms.ids import CallId, ChargePointId
from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.listing import READABLE, read_each
from csms.store.table import Cursor, Item, Table

DUE_KIND: Final = "CALL"
_KEEP: Final = timedelta(days=90)
_KEEP_IDEMPOTENCY: Final = timedelta(days=1)


class CallState(StrEnum):
    """Where a call is in its life."""

    QUEUED = "queued"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def is_ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self not in {CallState.QUEUED, CallState.SENT}


@dataclass(frozen=True)
class Call:
    """One call. `payload` is what goes on the wire; `response` what came back, as it came."""

    charge_point_id: ChargePointId
    id: CallId
    action: str
    payload: JsonObject
    created_at: datetime
    expires_at: datetime
    requested_by: str
    is_forced: bool = False
    """The business checks are skipped, at the operator's word; never the schema."""
    context: JsonObject | None = None
    """What the action wants to know again when the answer comes."""
    task_token: str | None = None
    bulk_id: str | None = None
    has_own_lifetime: bool = False
    """Whoever placed it said how long it may wait."""
    secret: str | None = None
    """The payload as it will be sent, encrypted, where `payload` hides something; erased at the end."""
    state: CallState = CallState.QUEUED
    fence: int = 0
    """Attempts up to this one may not send the call any more."""
    attempt: int = 0
    answer_by: datetime | None = None
    """Until when the attempt that sent it waits for the answer."""
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    status: str | None = None
    """The status the station answered, or why the call ended otherwise."""
    response: Any = None
    late_response: Any = None
    is_flagged: bool = False
    """The answer broke the schema."""
    has_effects_done: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a call ended."""

    state: CallState
    status: str | None = None
    response: Any = None
    is_flagged: bool = False


@dataclass(frozen=True)
class Claim:
    """What an idempotency key stands for: a call, and a digest of what was asked for."""

    call_id: CallId
    fingerprint: str


@dataclass(frozen=True)
class CallPage:
    """Some calls, newest first; `cursor` is None when that was all."""

    calls: list[Call]
    cursor: Cursor | None


def new_call_id(now: datetime) -> CallId:
    """A message id that sorts by time; random from the system, because a restored process repeats `random`."""
    return CallId(f"{int(now.timestamp() * 1000):012x}-{os.urandom(8).hex()}")


class Calls:
    """The call rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def claim(self, charge_point_id: ChargePointId, idempotency_key: str, claim: Claim, now: datetime) -> Claim:
        """What a client's key stands for: this, unless the key was used before."""
        try:
            self._table.put(
                keys.idempotency(charge_point_id, idempotency_key),
                {
                    "call_id": claim.call_id,
                    "fingerprint": claim.fingerprint,
                    keys.TTL_ATTRIBUTE: int((now + _KEEP_IDEMPOTENCY).timestamp()),
                },
                condition=Attr(keys.PARTITION_KEY).not_exists(),
            )
        except ConditionFailed as used:
            return _claim_from_item(used.item or {})
        return claim

    def claimed(self, charge_point_id: ChargePointId, idempotency_key: str) -> Claim | None:
        """What a client's key stands for already."""
        item = self._table.get(keys.idempotency(charge_point_id, idempotency_key), consistent=True)
        return _claim_from_item(item) if item else None

    def create(self, call: Call, *, is_swept: bool) -> Call:
        """Store a queued call once; returns the stored one if it was there. `is_swept` enters it in the due list."""
        try:
            self._table.put(
                keys.call(call.charge_point_id, call.id),
                _to_item(call) | (_due(call) if is_swept else {}),
                condition=Attr(keys.PARTITION_KEY).not_exists(),
            )
        except ConditionFailed as existing:
            return _from_item(existing.item or {})
        return call

    def discard(self, call: Call) -> None:
        """Forget a call that could not be placed after all, unless somebody has sent it meanwhile."""
        with suppress(ConditionFailed):
            self._table.delete(
                keys.call(call.charge_point_id, call.id), condition=Attr("state").eq(CallState.QUEUED.value)
            )

    def get(self, charge_point_id: ChargePointId, call_id: CallId, *, consistent: bool = True) -> Call | None:
        """One call, strongly consistent unless asked otherwise."""
        item = self._table.get(keys.call(charge_point_id, call_id), consistent=consistent)
        return _from_item(item) if item else None

    def get_many(self, charge_point_ids_and_ids: list[tuple[ChargePointId, CallId]]) -> dict[CallId, Call]:
        """Those of the calls that exist, of any charge points; as they were a moment ago."""
        items = self._table.get_many([keys.call(*each) for each in charge_point_ids_and_ids])
        return {call.id: call for call in map(_from_item, items)}

    def due(self, now: datetime, shard: int, *, limit: int = 100) -> Iterator[Call]:
        """Queued calls of one shard whose time is up."""
        page = self._table.query(
            keys.due_partition(DUE_KIND, shard),
            index="GSI4",
            between=("0", format_timestamp(now)),
            where=READABLE,
            limit=limit,
        )
        return read_each(page.items, _from_item)

    def unfinished(self, charge_point_id: ChargePointId) -> Iterator[Call]:
        """The charge point's calls that have not ended, or whose end may still change something.

        Reads all of its rows, which TTL bounds.
        """
        items = self._table.query_all(
            keys.charge_point_partition(charge_point_id),
            prefix=keys.CALL_PREFIX,
            where=Attr("has_effects_done").not_exists(),
            consistent=True,
        )
        return map(_from_item, items)

    def list(
        self,
        charge_point_id: ChargePointId,
        *,
        limit: int,
        after: Cursor | None = None,
        action: str | None = None,
        state: CallState | None = None,
    ) -> CallPage:
        """The charge point's calls, newest first."""
        conditions = [Attr("action").eq(action)] if action else []
        conditions += [Attr("state").eq(state.value)] if state else []
        where: ConditionBase | None = None
        for condition in conditions:
            where = condition if where is None else where & condition
        page = self._table.query(
            keys.charge_point_partition(charge_point_id),
            prefix=keys.CALL_PREFIX,
            where=where,
            limit=limit,
            newest_first=True,
            after=after,
        )
        return CallPage([_from_item(item) for item in page.items], page.cursor)

    def mark_sent(self, call: Call, attempt: int, answer_by: datetime, now: datetime) -> None:
        """Note that this attempt is about to send the call.

        Raises:
            ConditionFailed: it has ended, has expired, or the attempt was fenced off.
        """
        sent = {
            "state": CallState.SENT.value,
            "attempt": attempt,
            "answer_by": format_timestamp(answer_by),
            "sent_at": format_timestamp(now),
        }
        is_sendable = (
            Attr("state").eq(CallState.QUEUED.value)
            & Attr("fence").lt(attempt)
            & Attr("expires_at_time").gt(format_timestamp(now))
        )
        try:
            self._change(call, sent, is_sendable)
        except ConditionFailed as failed:
            # One dispatcher has the slot in an attempt: what it notes was noted by an earlier try of this very write.
            if not sent.items() <= (failed.item or {}).items():
                raise

    def unsend(self, call: Call, attempt: int) -> None:
        """Note that the attempt did not reach the station; from now on the call is swept."""
        try:
            self._change(call, {"state": CallState.QUEUED.value, **_due(call)}, _is_sent_by(attempt))
        except ConditionFailed:
            return

    def fence_off(self, call: Call, attempt: int) -> bool:
        """Keep this attempt and earlier ones from sending a queued call, and sweep it; whether it is still queued."""
        is_unfenced = Attr("state").eq(CallState.QUEUED.value) & Attr("fence").lt(attempt)
        try:
            self._change(call, {"fence": attempt, **_due(call)}, is_unfenced)
        except ConditionFailed as failed:
            return (failed.item or {}).get("state") == CallState.QUEUED.value
        return True

    def time_out(self, call: Call, attempt: int, answer_by: datetime, now: datetime, *, is_last: bool) -> Call | None:
        """End a sent call that was not answered; None if it was, or was sent again since.

        `is_last`, here and below: nothing follows the end, so there is nothing to repeat if the process dies.
        """
        is_overdue = _is_sent_by(attempt) & Attr("answer_by").eq(format_timestamp(answer_by))
        return self._end(call, Outcome(CallState.TIMED_OUT, "no answer"), now, is_overdue, is_last=is_last)

    def end_sent(self, call: Call, outcome: Outcome, now: datetime, *, is_last: bool) -> Call | None:
        """End a sent call with its answer; None if it has ended before."""
        return self._end(call, outcome, now, Attr("state").eq(CallState.SENT.value), is_last=is_last)

    def end_queued(self, call: Call, outcome: Outcome, now: datetime, *, is_last: bool) -> Call | None:
        """End a call that was never sent; None if it was, or has ended."""
        return self._end(call, outcome, now, Attr("state").eq(CallState.QUEUED.value), is_last=is_last)

    def record_late(self, call: Call, response: Any) -> None:
        """Keep an answer that came after the deadline, for the record."""
        try:
            self._change(call, {"late_response": json.dumps(response)}, Attr("state").eq(CallState.TIMED_OUT.value))
        except ConditionFailed:
            return

    def mark_effects_done(self, call: Call) -> None:
        """Note that what the end of the call changes has been changed."""
        self._change(call, {"has_effects_done": True}, Attr(keys.PARTITION_KEY).exists())

    def _change(self, call: Call, assign: dict[str, Any], condition: ConditionBase) -> None:
        self._table.update(keys.call(call.charge_point_id, call.id), assign=assign, condition=condition)

    def _end(
        self, call: Call, outcome: Outcome, now: datetime, condition: ConditionBase, *, is_last: bool
    ) -> Call | None:
        try:
            item = self._table.update(
                keys.call(call.charge_point_id, call.id),
                assign={
                    "state": outcome.state.value,
                    "status": outcome.status,
                    "response": json.dumps(outcome.response) if outcome.response is not None else None,
                    "is_flagged": outcome.is_flagged or None,
                    "ended_at": format_timestamp(now),
                    "has_effects_done": is_last or None,
                },
                remove=(*keys.index_attributes("GSI4"), "secret"),
                condition=condition,
                returning="ALL_NEW",
            )
        except ConditionFailed:
            return None
        return _from_item(item)


def _is_sent_by(attempt: int) -> ConditionBase:
    return Attr("state").eq(CallState.SENT.value) & Attr("attempt").eq(attempt)


def _due(call: Call) -> dict[str, str]:
    return keys.due(DUE_KIND, call.expires_at, call.charge_point_id, call.id).attributes()


def _to_item(call: Call) -> dict[str, Any]:
    return {
        "charge_point_id": call.charge_point_id,
        "call_id": call.id,
        "action": call.action,
        "payload": json.dumps(call.payload, separators=(",", ":"), ensure_ascii=False),
        "created_at": format_timestamp(call.created_at),
        "expires_at_time": format_timestamp(call.expires_at),
        "requested_by": call.requested_by,
        "is_forced": call.is_forced or None,
        "context": json.dumps(call.context) if call.context is not None else None,
        "task_token": call.task_token,
        "bulk_id": call.bulk_id,
        "has_own_lifetime": call.has_own_lifetime or None,
        "secret": call.secret,
        "state": call.state.value,
        "fence": call.fence,
        keys.TTL_ATTRIBUTE: int((call.created_at + _KEEP).timestamp()),
    }


def _claim_from_item(item: Item) -> Claim:
    return Claim(CallId(item["call_id"]), item["fingerprint"])


def _from_item(item: Item) -> Call:
    return Call(
        charge_point_id=ChargePointId(item["charge_point_id"]),
        id=CallId(item["call_id"]),
        action=item["action"],
        payload=json.loads(item["payload"]),
        created_at=parse_timestamp(item["created_at"]),
        expires_at=parse_timestamp(item["expires_at_time"]),
        requested_by=item["requested_by"],
        is_forced=item.get("is_forced", False),
        context=json.loads(item["context"]) if "context" in item else None,
        task_token=item.get("task_token"),
        bulk_id=item.get("bulk_id"),
        has_own_lifetime=item.get("has_own_lifetime", False),
        secret=item.get("secret"),
        state=CallState(item["state"]),
        fence=item["fence"],
        attempt=item.get("attempt", 0),
        answer_by=parse_timestamp(item["answer_by"]) if "answer_by" in item else None,
        sent_at=parse_timestamp(item["sent_at"]) if "sent_at" in item else None,
        ended_at=parse_timestamp(item["ended_at"]) if "ended_at" in item else None,
        status=item.get("status"),
        response=json.loads(item["response"]) if "response" in item else None,
        late_response=json.loads(item["late_response"]) if "late_response" in item else None,
        is_flagged=item.get("is_flagged", False),
        has_effects_done=item.get("has_effects_done", False),
    )
