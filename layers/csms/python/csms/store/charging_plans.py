"""Charging plans: what one is to do, and how far it has come, step by step.

paused <-> active --> stopping --> stopped     `stopping` gives the connectors back, the paused ones too
             `-----------------------> ended     its last period is over

Executions of a plan follow each other, each named for its step, and each takes its step before it does anything. What
makes a plan go on by another line of executions adds two to the step: none of the old line can take one any more.

A plan that is started with its creation is a draft (`store.drafts`) until then.
"""

import json
import os
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from boto3.dynamodb.conditions import Attr, ConditionBase

from csms.ids import PlanId, SiteId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.smart_charging.limits import LimitPeriod, LimitPlan, Recurrency, SiteLimit
from csms.smart_charging.situation import Policy
from csms.store import drafts, keys
from csms.store.errors import ConditionFailed
from csms.store.listing import READABLE, ListPage, ShardCursor, list_partitions, partitions_of, read_each
from csms.store.sites import PerPhase, per_phase
from csms.store.table import Item, Table

DUE_KIND: Final = "PLAN"
_KIND: Final = "PLAN"
_ANOTHER_LINE: Final = 2
_STARTS_WITHIN: Final = timedelta(minutes=1)
"""A plan that has taken no step by then is found by `sweep`."""


class PlanKind(StrEnum):
    """Whether its periods are moments, or come again."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"


class PlanState(StrEnum):
    """Where a plan is in its life."""

    ACTIVE = "active"
    PAUSED = "paused"
    """It changes nothing, and what it has sent stays as it is."""
    STOPPING = "stopping"
    STOPPED = "stopped"
    ENDED = "ended"

    @property
    def takes_steps(self) -> bool:
        """Whether there is something for it to do."""
        return self in {PlanState.ACTIVE, PlanState.STOPPING}

    @property
    def is_over(self) -> bool:
        """Whether nothing will ever follow."""
        return self in {PlanState.STOPPED, PlanState.ENDED}


class Release(StrEnum):
    """What a stop leaves at the stations."""

    FAILSAFE = "failsafe"
    """The safe limit."""
    CLEAR = "clear"
    """Nothing of what the plan has installed."""


PlanMoment = datetime | timedelta
"""A moment; of a recurring plan, the time on the clock since midnight or since Monday's midnight."""


@dataclass(frozen=True)
class PlanPeriod:
    """A limit of the site from `start` to `end` (exclusive), below its own maximum: on each phase, in all, or both."""

    start: PlanMoment
    end: PlanMoment
    limit_da: PerPhase | None = None
    limit_w: int | None = None


@dataclass(frozen=True)
class Budget:
    """What a step reckoned with: the limit, and what would be drawn at worst, on each phase and in all."""

    step: int
    limit_da: PerPhase
    worst_case_da: PerPhase
    limit_w: int | None = None
    worst_case_w: int | None = None


@dataclass(frozen=True)
class ChargingPlan:
    """One plan."""

    id: PlanId
    site_id: SiteId
    name: str
    policy: Policy
    kind: PlanKind
    periods: tuple[PlanPeriod, ...]
    """Between them the site's own maximum is the limit."""
    created_at: datetime
    created_by: str
    recurrency: Recurrency | None = None
    time_zone: str = "UTC"
    rebalance_s: int = 300
    """After so long it looks again even if nothing has changed."""
    turn_s: int = 900
    """How long a vehicle charges before another one that waits gets its place."""
    state: PlanState = PlanState.PAUSED
    release: Release | None = None
    step: int = 0
    """The last one that was taken, or will not be taken any more."""
    step_at: datetime | None = None
    wake_at: datetime | None = None
    """By when the next step must have been taken."""
    activated_at: datetime | None = None
    """When it was first started."""
    ended_at: datetime | None = None
    budget: Budget | None = None
    site_version: int | None = None
    """Of the site, which the last step decided for."""
    look_again_at: datetime | None = None
    """When to decide again even if nothing changes at the site."""

    @property
    def limits(self) -> LimitPlan:
        """Its periods, for the mathematics."""
        periods = (
            LimitPeriod(period.start, period.end, SiteLimit(period.limit_da, period.limit_w)) for period in self.periods
        )
        return LimitPlan(tuple(periods), self.recurrency, ZoneInfo(self.time_zone))

    @property
    def ends_at(self) -> datetime | None:
        """When its last period is over; a recurring plan has none."""
        ends = [period.end for period in self.periods if isinstance(period.end, datetime)]
        return max(ends, default=None) if self.kind is PlanKind.ABSOLUTE else None

    def is_past(self, now: datetime) -> bool:
        """Whether its last period is over."""
        return self.kind is PlanKind.ABSOLUTE and (self.ends_at is None or self.ends_at <= now)


def new_plan_id() -> PlanId:
    """Of random digits."""
    return PlanId(os.urandom(8).hex())


class ChargingPlans:
    """The rows of charging plans."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, plan: ChargingPlan, *, draft_at: datetime | None = None) -> None:
        """Add a plan, which is paused until it is activated; `draft_at`: as a draft until then, at that time.

        Raises:
            ConditionFailed: it exists.
        """
        shown = _listed(plan) if draft_at is None else drafts.marked(draft_at)
        self._table.put(
            keys.charging_plan(plan.id), _to_item(plan) | shown, condition=Attr(keys.PARTITION_KEY).not_exists()
        )

    def discard(self, plan_id: PlanId) -> bool:
        """Remove the plan if it is a draft; whether it is not there (any more)."""
        return drafts.discard(self._table, keys.charging_plan(plan_id))

    def get(self, plan_id: PlanId, *, consistent: bool = False) -> ChargingPlan | None:
        """One plan."""
        item = self._table.get(keys.charging_plan(plan_id), consistent=consistent)
        return _from_item(item) if item and not drafts.is_draft(item) else None

    def page(
        self, *, limit: int, cursor: ShardCursor | None = None, site_id: SiteId | None = None
    ) -> ListPage[ChargingPlan]:
        """All plans, or those of a site, a page at a time."""
        return list_partitions(
            self._table,
            partitions_of(_KIND),
            _from_item,
            limit=limit,
            cursor=cursor,
            matches=lambda plan: site_id in {None, plan.site_id},
        )

    def due(self, now: datetime, shard: int, *, limit: int = 100) -> Iterator[ChargingPlan]:
        """Plans of one shard that should have taken their next step by now."""
        page = self._table.query(
            keys.due_partition(DUE_KIND, shard),
            index="GSI4",
            between=(keys.FIRST_MOMENT, keys.moment_bound(now)),
            where=READABLE,
            limit=limit,
        )
        return read_each(page.items, _from_item)

    def activate(self, plan: ChargingPlan, now: datetime) -> ChargingPlan:
        """Let a plan that is paused, or a draft, take steps, by a new line of executions.

        The caller starts the first, of the next step.

        Raises:
            ConditionFailed: it is not paused (any more), or was discarded.
        """
        return self._go_on(plan, now, {"state": PlanState.ACTIVE.value, **_listed(plan)})

    def pause(self, plan_id: PlanId) -> ChargingPlan:
        """Let an active plan take no step for now.

        Raises:
            ConditionFailed: it is not active.
        """
        item = self._table.update(
            keys.charging_plan(plan_id),
            assign={"state": PlanState.PAUSED.value},
            remove=("wake_at", *keys.index_attributes("GSI4")),
            condition=_is_in(PlanState.ACTIVE),
            returning="ALL_NEW",
        )
        return _from_item(item)

    def stop(self, plan: ChargingPlan, release: Release, now: datetime) -> ChargingPlan:
        """Let a plan take its last steps. Of an active one the present execution goes on, and the caller wakes it; of a
        paused one there is a new line of executions, and the caller starts the first, of the next step.

        Raises:
            ConditionFailed: its state is no longer what was read, or it is over.
        """
        changes = {
            "state": PlanState.STOPPING.value,
            "release": release.value,
            "look_again_at": format_timestamp(now),
        }
        if plan.state is PlanState.PAUSED:
            return self._go_on(plan, now, changes)
        return self._step(plan, changes, now + _STARTS_WITHIN, _is_in(PlanState.ACTIVE))

    def restart(self, plan: ChargingPlan, now: datetime) -> ChargingPlan | None:
        """Have a plan whose executions have failed go on by a new line: the caller starts the first, of the next step.

        None if it has taken a step since it was read, or has none to take.
        """
        is_stuck = _is_in(PlanState.ACTIVE, PlanState.STOPPING) & Attr("step").eq(plan.step)
        try:
            return self._step(plan, {"step": plan.step + _ANOTHER_LINE}, now + _STARTS_WITHIN, is_stuck)
        except ConditionFailed:
            return None

    def take_step(self, plan: ChargingPlan, step: int, now: datetime, wake_at: datetime) -> ChargingPlan | None:
        """Take the next step, or the same once more; None if that is not its turn, or no steps are taken now."""
        is_its_turn = _is_in(PlanState.ACTIVE, PlanState.STOPPING) & Attr("step").is_in([step - 1, step])
        try:
            return self._step(plan, {"step": step, "step_at": format_timestamp(now)}, wake_at, is_its_turn)
        except ConditionFailed:
            return None

    def note_decision(
        self, plan: ChargingPlan, budget: Budget, site_version: int, *, look_again_at: datetime, wake_at: datetime
    ) -> bool:
        """Keep what a step decided and by when the next one must have begun; False if the plan is past that step."""
        return self._note(
            plan,
            wake_at,
            {
                "budget": _budget_to_item(budget),
                "site_version": site_version,
                "look_again_at": format_timestamp(look_again_at),
            },
        )

    def expect_step(self, plan: ChargingPlan, wake_at: datetime, *, look_again_at: datetime | None = None) -> bool:
        """Have `sweep` look after the plan if the next step has not begun by then; False if it is past this one."""
        return self._note(plan, wake_at, {"look_again_at": format_timestamp(look_again_at)} if look_again_at else {})

    def finish(self, plan_id: PlanId, state: PlanState, now: datetime) -> ChargingPlan | None:
        """Note that a plan is stopped or ended; None if it is over already or gone."""
        try:
            item = self._table.update(
                keys.charging_plan(plan_id),
                assign={"state": state.value, "ended_at": format_timestamp(now)},
                remove=("wake_at", *keys.index_attributes("GSI4")),
                condition=_is_in(PlanState.ACTIVE, PlanState.PAUSED, PlanState.STOPPING),
                returning="ALL_NEW",
            )
        except ConditionFailed:
            return None
        return _from_item(item)

    def delete(self, plan_id: PlanId) -> None:
        """Remove a plan that is over or was never activated.

        Raises:
            ConditionFailed: there is none, or it is not.
        """
        is_unused = _is_in(PlanState.PAUSED) & Attr("activated_at").not_exists()
        self._table.delete(
            keys.charging_plan(plan_id), condition=_is_in(PlanState.STOPPED, PlanState.ENDED) | is_unused
        )

    def _note(self, plan: ChargingPlan, wake_at: datetime, changes: Mapping[str, Any]) -> bool:
        is_at_it = _is_in(PlanState.ACTIVE, PlanState.STOPPING) & Attr("step").eq(plan.step)
        try:
            self._step(plan, changes, wake_at, is_at_it)
        except ConditionFailed:
            return False
        return True

    def _go_on(self, plan: ChargingPlan, now: datetime, changes: Mapping[str, Any]) -> ChargingPlan:
        """By a new line of executions, where there has been one."""
        step = plan.step + _ANOTHER_LINE if plan.activated_at else plan.step
        return self._step(
            plan,
            {**changes, "step": step},
            now + _STARTS_WITHIN,
            _is_in(PlanState.PAUSED) & Attr("step").eq(plan.step),
            assign_once={"activated_at": format_timestamp(now)},
            remove=drafts.MARK,
        )

    def _step(
        self,
        plan: ChargingPlan,
        changes: Mapping[str, Any],
        wake_at: datetime,
        condition: ConditionBase,
        *,
        assign_once: Mapping[str, Any] | None = None,
        remove: Collection[str] = (),
    ) -> ChargingPlan:
        entry = keys.due(DUE_KIND, wake_at, plan.site_id, plan.id)
        item = self._table.update(
            keys.charging_plan(plan.id),
            assign={**changes, "wake_at": format_timestamp(wake_at), **entry.attributes()},
            assign_once=assign_once,
            remove=remove,
            condition=condition,
            returning="ALL_NEW",
        )
        return _from_item(item)


def _is_in(*states: PlanState) -> ConditionBase:
    return Attr("state").is_in([state.value for state in states])


def _to_item(plan: ChargingPlan) -> dict[str, Any]:
    return {
        "plan_id": plan.id,
        "site_id": plan.site_id,
        "name": plan.name,
        "policy": plan.policy.value,
        "kind": plan.kind.value,
        "recurrency": plan.recurrency.value if plan.recurrency else None,
        "time_zone": plan.time_zone,
        "periods": _pack(plan.periods),
        "rebalance_s": plan.rebalance_s,
        "turn_s": plan.turn_s,
        "state": plan.state.value,
        "step": plan.step,
        "created_at": format_timestamp(plan.created_at),
        "created_by": plan.created_by,
    }


def _listed(plan: ChargingPlan) -> dict[str, Any]:
    return keys.listed(_KIND, plan.id).attributes()


def _from_item(item: Item) -> ChargingPlan:
    return ChargingPlan(
        id=PlanId(item["plan_id"]),
        site_id=SiteId(item["site_id"]),
        name=item["name"],
        policy=Policy(item["policy"]),
        kind=PlanKind(item["kind"]),
        periods=_unpack(item["periods"]),
        created_at=parse_timestamp(item["created_at"]),
        created_by=item["created_by"],
        recurrency=Recurrency(item["recurrency"]) if "recurrency" in item else None,
        time_zone=item["time_zone"],
        rebalance_s=item["rebalance_s"],
        turn_s=item["turn_s"],
        state=PlanState(item["state"]),
        release=Release(item["release"]) if "release" in item else None,
        step=item["step"],
        step_at=_moment(item, "step_at"),
        wake_at=_moment(item, "wake_at"),
        activated_at=_moment(item, "activated_at"),
        ended_at=_moment(item, "ended_at"),
        budget=_budget_from_item(item["budget"]) if "budget" in item else None,
        site_version=item.get("site_version"),
        look_again_at=_moment(item, "look_again_at"),
    )


def _budget_to_item(budget: Budget) -> dict[str, Any]:
    written = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(budget).items()}
    return {name: value for name, value in written.items() if value is not None}


def _budget_from_item(item: Item) -> Budget:
    return Budget(
        step=item["step"],
        limit_da=per_phase(item["limit_da"]),
        worst_case_da=per_phase(item["worst_case_da"]),
        limit_w=item.get("limit_w"),
        worst_case_w=item.get("worst_case_w"),
    )


def _pack(periods: tuple[PlanPeriod, ...]) -> bytes:
    """Compressed: the row is written at every step, and a plan may have a thousand periods."""
    rows = [[_to_text(found.start), _to_text(found.end), found.limit_da, found.limit_w] for found in periods]
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode())


def _unpack(packed: bytes) -> tuple[PlanPeriod, ...]:
    return tuple(
        PlanPeriod(_from_text(start), _from_text(end), per_phase(limit_da) if limit_da else None, limit_w)
        for start, end, limit_da, limit_w in json.loads(zlib.decompress(packed))
    )


def _to_text(moment: PlanMoment) -> str | int:
    """A time on the clock as its seconds."""
    return format_timestamp(moment) if isinstance(moment, datetime) else int(moment.total_seconds())


def _from_text(text: str | int) -> PlanMoment:
    return parse_timestamp(text) if isinstance(text, str) else timedelta(seconds=text)


def _moment(item: Item, name: str) -> datetime | None:
    return parse_timestamp(item[name]) if name in item else None
