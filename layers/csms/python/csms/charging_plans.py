"""Running charging plans: what each part of a step does (DESIGN §7). The state machine only says in which order.

A step looks at the site, decides, sends decreases, waits for their answers, decides again, sends increases, and waits
for a change or a boundary. Each part may be run twice or die anywhere: what a step wants is in rows under its number, a
call goes out once for each of them, and a part whose step is not the plan's present one does nothing. What was not
acknowledged is budgeted at its worst case, so a wave that ends early or half sent is never unsafe.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from csms.boundary_queue import Boundary, BoundaryQueue
from csms.calls import CallEngine, CallRefused, Order
from csms.ids import PlanId, SiteId
from csms.ocpp.json_types import JsonObject
from csms.site_survey import Survey, survey
from csms.smart_charging.sharing import plan as share
from csms.smart_charging.situation import Decision
from csms.store import Store
from csms.store.charging_plans import ChargingPlan, PlanState, Release
from csms.store.history import Event, EventKind
from csms.store.links import WaitingListFull
from csms.store.planned_profiles import PlannedProfile, SendOutcome
from csms.store.sites import Site, WaitingTask
from csms.wanted_profiles import TargetId, Wanted, awaits_release, releases
from csms.workflows import StepFunctions

logger = logging.getLogger(__name__)

MOST_IN_A_WAVE: Final = 1000
"""An execution may have 25,000 events, and each of these costs eight; the rest goes with the next step."""
_SIDE_BY_SIDE: Final = 40
_ANSWERED_WITHIN: Final = timedelta(seconds=15)
_SOON: Final = timedelta(seconds=5)
_SLACK: Final = timedelta(minutes=2)
_LIFETIME: Final = timedelta(seconds=20)
"""A profile that was not sent by then would be sent by a later step anyway."""
_NOT_FOLLOWED: Final = (
    "it is told again and reckoned with at its maximum: compare GET .../composite-schedule with what it answers, "
    "and see whether another system limits it, or its meter or wiring is not what the site says"
)
_OVER: Final = {"next": "end", "decreases": [], "increases": [], "version": 0}


class ChargingPlans:
    """Starts, steps and stops plans."""

    def __init__(
        self,
        store: Store,
        engine: CallEngine,
        workflows: Callable[[], StepFunctions],
        boundaries: Callable[[], BoundaryQueue],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._engine = engine
        self._workflows = workflows
        self._boundaries = boundaries
        self._clock = clock

    def start(self, plan: ChargingPlan) -> None:
        """Start the next step of a plan that takes steps; one that was started before counts."""
        self._workflows().start(plan.id, plan.step + 1)

    def next_step(self, plan_id: PlanId, step: int) -> None:
        """Start the step after this one."""
        self._workflows().start(plan_id, step + 1)

    def restart(self, plan: ChargingPlan) -> None:
        """Go on with a plan that should have taken a step by now: its execution died."""
        now = self._clock()
        if plan.wake_at is None or plan.wake_at > now:
            return
        restarted = self._store.charging_plans.restart(plan, now)
        if restarted:
            logger.warning("a charging plan had no execution", extra={"plan_id": plan.id, "step": plan.step})
            self.start(restarted)

    def wake(self, site_id: SiteId) -> None:
        """Note a change at a site and wake the step that waits for one."""
        site = self._store.sites.bump(site_id)
        if site and site.waiting:
            self._workflows().complete(site.waiting.token, {"woken": "change"})

    def reach_boundary(self, boundary: Boundary) -> None:
        """Wake a step that still waits when its time has come; one that does not wait yet is looked for again."""
        now = self._clock()
        plan = self._store.charging_plans.get(boundary.plan_id)
        if plan is None or plan.step != boundary.step or not plan.state.takes_steps:
            return
        if now < boundary.at:
            self._boundaries().send(boundary, now)
            return
        site = self._store.sites.get(plan.site_id, consistent=True)
        waiting = site.waiting if site else None
        if waiting and (waiting.plan_id, waiting.step) == (boundary.plan_id, boundary.step):
            self._workflows().complete(waiting.token, {"woken": "boundary"})
        else:
            self._boundaries().send(replace(boundary, at=now + _SOON), now)

    def take_step(self, plan_id: PlanId, step: int) -> JsonObject:
        """Begin a step: what has to decrease, or what may increase if nothing has to.

        Returns:
            `next`: "send", "wait" or "end"; `decreases` and `increases`: ids of planned profiles; `version`: of the
            site, which the step decided for.
        """
        now = self._clock()
        plan = self._store.charging_plans.get(plan_id, consistent=True)
        site = self._store.sites.get(plan.site_id, consistent=True) if plan else None
        if plan is None or site is None or site.plan_id != plan.id:
            if plan is not None and (plan.state is PlanState.STOPPING or plan.is_past(now)):
                self._finish(plan, None, now)  # the site was given up before
            return _OVER
        taken = self._store.charging_plans.take_step(plan, step, now, now + _SLACK)
        if taken is None:
            return _OVER
        if taken.state is PlanState.STOPPING or taken.is_past(now):
            return self._release(taken, site, now)
        return self._decide(taken, site, now, wave=1)

    def rebudget(self, plan_id: PlanId, step: int) -> JsonObject:
        """After the decreases: what may increase now. Returns what `take_step` does."""
        now = self._clock()
        plan = self._store.charging_plans.get(plan_id, consistent=True)
        site = self._store.sites.get(plan.site_id, consistent=True) if plan else None
        if plan is None or site is None or plan.step != step or not plan.state.takes_steps:
            return _OVER
        if plan.state is PlanState.STOPPING or plan.is_past(now):
            return _part([], site.version, is_first=False)  # the next step takes back what is left
        return self._decide(plan, site, now, wave=2)

    def send(self, plan_id: PlanId, step: int, target: str, task_token: str) -> None:
        """Place the call for a planned profile, with the token; where nothing is to be sent the task ends at once."""
        reason = self._send(plan_id, step, TargetId.read(target), task_token)
        if reason:
            self._workflows().complete(task_token, {"sent": False, "reason": reason})

    def wait(self, plan_id: PlanId, step: int, version: int, task_token: str) -> None:
        """Have the task wait for a change or a boundary; if something has changed already, it ends at once."""
        now = self._clock()
        plan = self._store.charging_plans.get(plan_id, consistent=True)
        if plan is None or plan.step != step or not self._wait(plan, version, task_token, now):
            self._workflows().complete(task_token, {"woken": "at once"})

    def preview(self, plan: ChargingPlan, site: Site, now: datetime) -> tuple[Survey, Decision]:
        """What a plan would want now; nothing is stored or sent."""
        found = survey(self._store, site, plan, now)
        return found, share(found.situation)

    def _wait(self, plan: ChargingPlan, version: int, task_token: str, now: datetime) -> bool:
        at_the_latest = now + _SOON if plan.state is PlanState.STOPPING else plan.look_again_at
        boundary = Boundary(plan.id, plan.step, min(plan.look_again_at or now, at_the_latest or now))
        if boundary.at <= now:
            return False
        if not self._store.charging_plans.expect_step(plan, boundary.at + _SLACK):
            return False
        # The message first: a token that is stored without one would wait for its timeout.
        self._boundaries().send(boundary, now)
        return self._store.sites.wait(plan.site_id, WaitingTask(task_token, plan.id, plan.step), version)

    def _decide(self, plan: ChargingPlan, site: Site, now: datetime, *, wave: int) -> JsonObject:
        found = survey(self._store, site, plan, now)
        self._adopt(found)
        self._notice(found)
        wanted = Wanted(found, share(found.situation), wave)
        everything = wanted.to_send()
        chosen = everything[:MOST_IN_A_WAVE]
        self._withdraw(found, chosen)
        self._store.planned_profiles.put_many(plan.id, [*chosen, *wanted.unsent(chosen)])
        self._store.planned_profiles.delete(plan.id, wanted.obsolete())
        self._store.charging_plans.note_decision(
            plan,
            wanted.budget(),
            site.version,
            look_again_at=wanted.look_again_at() if len(chosen) == len(everything) else now,
            wake_at=_busy_until(now, len(chosen)),
        )
        return _part(chosen, site.version, is_first=wave == 1 and wanted.has_decreases)

    def _adopt(self, found: Survey) -> None:
        """Connectors that appeared since their charge point joined the site belong to it as well."""
        for station in found.stations.values():
            strange = [number for number, row in station.connectors.items() if row.site_id != found.site.id]
            if strange:
                self._store.sites.adopt_connectors(found.site.id, station.id, strange)

    def _notice(self, found: Survey) -> None:
        """Enter who does not follow in the history of its charge point: once for a transaction, as it was seen last."""
        for key in found.disobedient:
            transaction = found.stations[key.charge_point_id].transactions[key.connector_id]
            details = {
                "code": "LimitNotFollowed",
                "problem": found.faults[key],
                "fix": _NOT_FOLLOWED,
                "connectorId": key.connector_id,
                "transactionId": transaction.id,
                "planId": found.plan.id,
            }
            event = Event(EventKind.NOTICE, transaction.started_at, found.now, details)
            self._store.history.record(key.charge_point_id, event, identity=f"{found.plan.id}#{transaction.id}")

    def _release(self, plan: ChargingPlan, site: Site, now: datetime) -> JsonObject:
        """Take back what the plan has installed; the failsafe only if it is to be cleared."""
        found = survey(self._store, site, plan, now)
        chosen = list(releases(found, plan, clears_failsafe=plan.release is Release.CLEAR))[:MOST_IN_A_WAVE]
        if not (chosen or awaits_release(found)):
            self._finish(plan, site, now)
            return _OVER
        self._store.planned_profiles.put_many(plan.id, chosen)
        look_again_at = now if chosen else now + _SOON
        self._store.charging_plans.expect_step(plan, _busy_until(now, len(chosen)), look_again_at=look_again_at)
        return _part(chosen, site.version, is_first=True)

    def _finish(self, plan: ChargingPlan, site: Site | None, now: datetime) -> None:
        """The site first: a plan that is over is never looked at again."""
        if site is not None:
            self._store.sites.release(site.id, plan.id)
        is_stopped = plan.state is PlanState.STOPPING
        self._store.charging_plans.finish(plan.id, PlanState.STOPPED if is_stopped else PlanState.ENDED, now)

    def _withdraw(self, found: Survey, chosen: Iterable[PlannedProfile]) -> None:
        """A newer profile takes the place of one that still waits to be sent."""
        for profile in chosen:
            earlier = found.planned.get(TargetId.of(profile))
            if earlier and earlier.call_id and earlier.outcome is SendOutcome.SENT:
                self._engine.cancel(earlier.charge_point_id, earlier.call_id)

    def _send(self, plan_id: PlanId, step: int, target: TargetId, task_token: str) -> str | None:
        """Place the call; why not, where it was not."""
        plan = self._store.charging_plans.get(plan_id, consistent=True)
        profile = self._store.planned_profiles.get(plan_id, *target)
        if plan is None or profile is None or profile.payload is None or (plan.step, profile.step) != (step, step):
            return "superseded"
        if profile.outcome not in {SendOutcome.PLANNED, SendOutcome.SENT}:
            return "sent before"
        if not profile.is_release and (plan.state is not PlanState.ACTIVE or self._has_changed(plan)):
            return self._note(plan, profile, SendOutcome.SUPERSEDED, "the site or the plan has changed")
        return self._place(plan, profile, task_token)

    def _has_changed(self, plan: ChargingPlan) -> bool:
        site = self._store.sites.get(plan.site_id, consistent=True)
        return site is None or site.version != plan.site_version

    def _place(self, plan: ChargingPlan, profile: PlannedProfile, task_token: str) -> str | None:
        """What takes a profile back waits for a station that is away, as an operator's command would."""
        link = self._store.links.get(profile.charge_point_id, consistent=True)
        is_there = link is not None and link.connection_id is not None
        if not is_there and not profile.is_release:
            return self._note(plan, profile, SendOutcome.OFFLINE, "the charge point is offline")
        order = Order(
            profile.charge_point_id,
            "ClearChargingProfile" if profile.is_release else "SetChargingProfile",
            profile.payload or {},
            requested_by=f"charging plan {plan.id}",
            lifetime=None if profile.is_release else _LIFETIME,
            idempotency_key=f"{plan.id}#{profile.step}#{profile.wave}#{TargetId.of(profile)}",
            task_token=task_token if is_there else None,
        )
        try:
            call = self._engine.place(order, link)
        except WaitingListFull:
            return self._note(plan, profile, SendOutcome.FAILED, "too many calls wait for the charge point")
        except (CallRefused, LookupError) as refused:
            return self._note(plan, profile, SendOutcome.FAILED, str(refused))
        now = self._clock()
        self._store.planned_profiles.note_outcome(plan.id, profile, SendOutcome.SENT, now, call_id=call.id)
        return None if is_there else "sent when the charge point is back"

    def _note(self, plan: ChargingPlan, profile: PlannedProfile, outcome: SendOutcome, reason: str) -> str:
        self._store.planned_profiles.note_outcome(plan.id, profile, outcome, self._clock(), reason=reason)
        return reason


def _busy_until(now: datetime, sends: int) -> datetime:
    """By when a wave is over, at worst."""
    return now + _SLACK + _ANSWERED_WITHIN * (1 + sends // _SIDE_BY_SIDE)


def _part(chosen: Sequence[PlannedProfile], version: int, *, is_first: bool) -> JsonObject:
    """What the state machine goes on with. After a first part the rest is decided anew."""
    names = [str(TargetId.of(profile)) for profile in chosen]
    return {
        "next": "send" if names else "wait",
        "decreases": names if is_first else [],
        "increases": [] if is_first else names,
        "version": version,
    }
