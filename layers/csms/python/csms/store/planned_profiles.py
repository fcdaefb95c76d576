"""What a charging plan wants each charge point to hold, and what became of it; and whose turn it is in a rotation."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from csms.ids import CallId, ChargePointId, PlanId, TransactionId
from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.smart_charging.situation import Turn
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.table import Cursor, Item, Table


class ProfileRole(StrEnum):
    """What a profile is for."""

    FAILSAFE = "failsafe"
    """The safe limit of whatever starts: TxDefaultProfile."""
    MAXIMUM = "maximum"
    """The safe limit of the whole charge point: ChargePointMaxProfile."""
    TRANSACTION = "transaction"
    """What the plan gives a transaction: TxProfile."""


class SendOutcome(StrEnum):
    """What became of it."""

    PLANNED = "planned"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FAILED = "failed"
    """The charge point answered CALLERROR, or the call could not be made."""
    TIMED_OUT = "timed_out"
    OFFLINE = "offline"
    SUPERSEDED = "superseded"
    """A newer one took its place before it was sent."""


@dataclass(frozen=True)
class LimitFrom:
    """A limit on each phase, in tenths of an ampere, from a moment on."""

    start: datetime
    limit_da: int


@dataclass(frozen=True)
class PlannedProfile:
    """One profile of a plan at one connector; 0 is the whole charge point."""

    charge_point_id: ChargePointId
    connector_id: int
    role: ProfileRole
    step: int
    """The step that wanted it; it stays while later steps want the same."""
    as_of: datetime
    """When its outcome became what it is."""
    wave: int = 0
    """In which order of the step it is sent."""
    outcome: SendOutcome = SendOutcome.PLANNED
    reason: str | None = None
    """What the charge point or the call says about the outcome."""
    payload: JsonObject | None = None
    """The request as it is sent, SetChargingProfile or ClearChargingProfile."""
    profile_id: int | None = None
    transaction_id: TransactionId | None = None
    limits: tuple[LimitFrom, ...] = ()
    """What it says, the first from its start on."""
    limits_before: tuple[LimitFrom, ...] = ()
    """What was said before that, as far back as what a vehicle draws is judged by."""
    worst_case_da: int | None = None
    """What the plan reckons with on each phase of the connector: more than the limit until that is acknowledged."""
    note: str | None = None
    """Why it gets that much, in the words of the allocator."""
    call_id: CallId | None = None
    turn: Turn | None = None
    """Since when the vehicle has had its place or waits for one, where there are more vehicles than places."""

    @property
    def is_release(self) -> bool:
        """Whether it takes a profile back instead of installing one."""
        return self.payload is not None and "id" in self.payload

    @property
    def served_since(self) -> datetime | None:
        """Since when the vehicle has its place."""
        return self.turn.since if self.turn and self.turn.is_served else None

    @property
    def waiting_since(self) -> datetime | None:
        """Since when the vehicle waits for one."""
        return self.turn.since if self.turn and not self.turn.is_served else None

    def limit_at(self, now: datetime) -> int | None:
        """The limit it sets then, in tenths of an ampere; None before its first and where there is none."""
        begun = [found.limit_da for found in (*self.limits_before, *self.limits) if found.start <= now]
        return begun[-1] if begun else None

    def highest_limit(self, start: datetime, end: datetime) -> int | None:
        """The highest that it set from one moment to another; None where that is not known of all that time."""
        at_first = self.limit_at(start)
        then = [found.limit_da for found in (*self.limits_before, *self.limits) if start < found.start <= end]
        return None if at_first is None else max(at_first, *then, 0)


@dataclass(frozen=True)
class PlannedProfilePage:
    """Some of what a plan wants; `cursor` is None when that was all."""

    profiles: list[PlannedProfile]
    cursor: Cursor | None


class PlannedProfiles:
    """The rows of what plans want."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put_many(self, plan_id: PlanId, profiles: Iterable[PlannedProfile]) -> None:
        """Want these, each in place of what was wanted in this role at this connector."""
        self._table.put_many({_key(plan_id, profile): _to_item(profile) for profile in profiles})

    def get(
        self, plan_id: PlanId, charge_point_id: ChargePointId, connector_id: int, role: ProfileRole
    ) -> PlannedProfile | None:
        """One of them, strongly consistent."""
        key = keys.planned_profile(plan_id, charge_point_id, connector_id, role.value)
        item = self._table.get(key, consistent=True)
        return _from_item(item) if item else None

    def all(self, plan_id: PlanId, *, consistent: bool = True) -> list[PlannedProfile]:
        """All that the plan wants, in order of charge point, connector and role."""
        items = self._table.query_all(
            keys.charging_plan_partition(plan_id), prefix=keys.TARGET_PREFIX, consistent=consistent
        )
        return sorted(map(_from_item, items), key=lambda found: (found.charge_point_id, found.connector_id, found.role))

    def page(self, plan_id: PlanId, *, limit: int, after: Cursor | None = None) -> PlannedProfilePage:
        """Some of them, in no order that matters."""
        page = self._table.query(
            keys.charging_plan_partition(plan_id), prefix=keys.TARGET_PREFIX, limit=limit, after=after
        )
        return PlannedProfilePage([_from_item(item) for item in page.items], page.cursor)

    def note_outcome(
        self,
        plan_id: PlanId,
        profile: PlannedProfile,
        outcome: SendOutcome,
        at: datetime,
        *,
        call_id: CallId | None = None,
        reason: str | None = None,
    ) -> bool:
        """Note what became of it. The first call that is named is the one; that it was sent comes before all else.

        False if that is no news: a later step wants another, another call is the one, or there was an answer already.
        """
        is_news: ConditionBase = Attr("step").eq(profile.step)
        if call_id is not None:
            is_news &= Attr("call_id").not_exists() | Attr("call_id").eq(call_id)
        if outcome is SendOutcome.SENT:
            is_news &= Attr("outcome").is_in([SendOutcome.PLANNED.value, SendOutcome.SENT.value])
        try:
            self._table.update(
                _key(plan_id, profile),
                assign={"outcome": outcome.value, "as_of": format_timestamp(at), "reason": reason, "call_id": call_id},
                remove=() if reason else ("reason",),
                condition=is_news,
            )
        except ConditionFailed:
            return False
        return True

    def delete(self, plan_id: PlanId, profiles: Iterable[PlannedProfile]) -> None:
        """Want these no more."""
        self._table.delete_many([_key(plan_id, profile) for profile in profiles])


def _key(plan_id: PlanId, profile: PlannedProfile) -> keys.Key:
    return keys.planned_profile(plan_id, profile.charge_point_id, profile.connector_id, profile.role.value)


def _to_item(profile: PlannedProfile) -> dict[str, Any]:
    return {
        "charge_point_id": profile.charge_point_id,
        "connector_id": profile.connector_id,
        "role": profile.role.value,
        "step": profile.step,
        "as_of": format_timestamp(profile.as_of),
        "wave": profile.wave,
        "outcome": profile.outcome.value,
        "reason": profile.reason,
        "payload": json.dumps(profile.payload, separators=(",", ":")) if profile.payload is not None else None,
        "profile_id": profile.profile_id,
        "transaction_id": profile.transaction_id,
        "limits": _limits_to_text(profile.limits),
        "limits_before": _limits_to_text(profile.limits_before),
        "worst_case_da": profile.worst_case_da,
        "note": profile.note,
        "call_id": profile.call_id,
        "turn": _turn_to_item(profile.turn) if profile.turn else None,
    }


def _from_item(item: Item) -> PlannedProfile:
    return PlannedProfile(
        charge_point_id=ChargePointId(item["charge_point_id"]),
        connector_id=item["connector_id"],
        role=ProfileRole(item["role"]),
        step=item["step"],
        as_of=parse_timestamp(item["as_of"]),
        wave=item["wave"],
        outcome=SendOutcome(item["outcome"]),
        reason=item.get("reason"),
        payload=json.loads(item["payload"]) if "payload" in item else None,
        profile_id=item.get("profile_id"),
        transaction_id=item.get("transaction_id"),
        limits=_limits_from_text(item.get("limits")),
        limits_before=_limits_from_text(item.get("limits_before")),
        worst_case_da=item.get("worst_case_da"),
        note=item.get("note"),
        call_id=item.get("call_id"),
        turn=_turn_from_item(item["turn"]) if "turn" in item else None,
    )


def _limits_to_text(limits: tuple[LimitFrom, ...]) -> str | None:
    rows = [[format_timestamp(found.start), found.limit_da] for found in limits]
    return json.dumps(rows, separators=(",", ":")) if rows else None


def _limits_from_text(text: str | None) -> tuple[LimitFrom, ...]:
    return tuple(LimitFrom(parse_timestamp(start), limit_da) for start, limit_da in json.loads(text or "[]"))


def _turn_to_item(turn: Turn) -> Item:
    return {"is_served": turn.is_served, "since": format_timestamp(turn.since), "rested": turn.rested}


def _turn_from_item(item: Item) -> Turn:
    return Turn(item["is_served"], parse_timestamp(item["since"]), rested=item["rested"])
