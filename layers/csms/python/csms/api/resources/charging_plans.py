"""Charging plans: what a site may draw over time, and sharing it out."""

import logging
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from csms.api.charging_plan_charts import plan_chart
from csms.api.charging_plan_models import NewPlan, PlanDraft, StopRequest
from csms.api.charging_plan_previews import PreviewView, preview_of
from csms.api.charging_plan_views import PlanDetailView, PlanView, detail_of, fields_of
from csms.api.charts import MEDIA_TYPE, chart_response
from csms.api.cursors import (
    DEFAULT_LIMIT,
    LARGEST_LIMIT,
    CursorText,
    Limit,
    decode_key,
    decode_place,
    encode_key,
    encode_place,
)
from csms.api.models import Page, ShortText
from csms.api.problems import Conflict, Finding, InvalidRequest, NotFound
from csms.api.request import Current, CurrentRequest
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.api.site_claims import claim
from csms.ids import PlanId, SiteId
from csms.site_survey import answered
from csms.store.charging_plans import ChargingPlan, PlanState, new_plan_id
from csms.store.errors import ConditionFailed
from csms.store.sites import Site

routes = Routes("Charging plans")
_logger = logging.getLogger(__name__)

_CHART: Final[dict[int, Any]] = {200: {MEDIA_TYPE: {"schema": {"type": "string"}}}}
PathPlan = Annotated[str, Path(description="`id` of the charging plan.")]


@routes.get("/charging-plans", Scope.READ)
def list_charging_plans(
    current: Current,
    site_id: Annotated[ShortText | None, Query(alias="siteId")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[PlanView]:
    """All charging plans, or those of a site, in no particular order."""
    place = decode_place(cursor)
    page = current.store.charging_plans.page(limit=limit, cursor=place, site_id=SiteId(site_id) if site_id else None)
    return Page[PlanView](items=[_view(plan) for plan in page.things], cursor=encode_place(page.cursor))


@routes.post("/charging-plans", Scope.ADMIN, status=HTTPStatus.CREATED)
def create_charging_plan(current: Current, new: Annotated[NewPlan, Body()]) -> Response[PlanView]:
    """Add a charging plan, and start it unless it is to be paused.

    From then on the plan limits what the charge points of the site draw: first each of them gets the safe limit of the
    site for good, then every transaction its share, anew whenever something changes. 409 if another plan runs the site.
    """
    plan = new.to_plan(new_plan_id(), current.caller, current.now)
    _site_of(current, plan)
    with suppress(ConditionFailed):  # its id is random: an earlier try of this very write took effect
        current.store.charging_plans.create(plan, draft_at=current.now if new.state == "active" else None)
    if new.state == "active":
        try:
            plan = _activate(current, plan)
        except Conflict:
            current.store.charging_plans.discard(plan.id)
            raise
    _log("charging plan created", current, plan)
    return Response(201, "application/json", _view(plan), headers={"Location": f"/charging-plans/{plan.id}"})


@routes.post("/charging-plans/preview", Scope.READ)
def preview_charging_plan(current: Current, draft: Annotated[PlanDraft, Body()]) -> PreviewView:
    """What a charging plan would do at its site now. Nothing is kept or sent, and another plan may run the site."""
    plan = draft.to_plan(new_plan_id(), current.caller, current.now)
    site = _site_of(current, plan)
    return preview_of(*current.runtime.charging_plans.preview(plan, site, current.now))


@routes.get("/charging-plans/<plan>", Scope.READ)
def read_charging_plan(
    current: Current, plan: PathPlan, limit: Limit = LARGEST_LIMIT, cursor: CursorText = None
) -> PlanDetailView:
    """One charging plan: its periods, what it reckons with, and a page of what it wants at each connector."""
    found = _find(current, plan)
    page = current.store.planned_profiles.page(found.id, limit=limit, after=decode_key(cursor))
    profiles = answered(current.store, found, page.profiles)
    return detail_of(found, profiles, encode_key(page.cursor), current.now)


@routes.get("/charging-plans/<plan>/chart", Scope.READ, answers=_CHART)
def draw_charging_plan(
    current: Current,
    plan: PathPlan,
    hours: Annotated[int, Query(ge=1, le=48, description="How far it reaches.")] = 24,
) -> Response[str]:
    """A chart (SVG) of what charging may use from now on, of what is planned and of what is acknowledged.

    The limit is drawn for all the hours, the rest as far as it has been planned.
    """
    found = _find(current, plan)
    site = current.store.sites.get(found.site_id)
    if site is None:
        raise NotFound("its site is gone")
    decided = current.runtime.charging_plans.preview(found, site, current.now)
    return chart_response(plan_chart(*decided, current.now + timedelta(hours=hours)))


@routes.post("/charging-plans/<plan>/pause", Scope.OPERATE)
def pause_charging_plan(current: Current, plan: PathPlan) -> PlanView:
    """Have a plan change nothing for now.

    Limits that were sent stay until they run out, within hours; then the safe limit holds. The site stays the plan's.
    """
    found = _find(current, plan)
    if found.state is PlanState.PAUSED:
        return _view(found)
    try:
        paused = current.store.charging_plans.pause(found.id)
    except ConditionFailed as refused:
        paused = _as_wanted(current, found, PlanState.PAUSED, refused)
    _log("charging plan paused", current, paused)
    return _view(paused)


@routes.post("/charging-plans/<plan>/resume", Scope.OPERATE)
def resume_charging_plan(current: Current, plan: PathPlan) -> PlanView:
    """Start a plan that is paused, for the first time or again. 409 if another plan runs the site."""
    found = _find(current, plan)
    if found.state is PlanState.ACTIVE:
        return _view(found)
    if found.state is not PlanState.PAUSED:
        raise _not_now(found)
    if found.is_past(current.now):
        raise Conflict("its last period is over")
    active = _activate(current, found)
    _log("charging plan resumed", current, active)
    return _view(active)


@routes.post("/charging-plans/<plan>/stop", Scope.OPERATE)
def stop_charging_plan(current: Current, plan: PathPlan, request: Annotated[StopRequest, Body()]) -> PlanView:
    """Stop a plan for good: the stations are given back with the safe limit, or with nothing that the plan installed.

    It is `stopping` until that is done, and then leaves the site to another plan. One that never started is just over.
    """
    found = _find(current, plan)
    if found.state.is_over:
        return _view(found)
    if found.activated_at is None:
        return _view(_finish(current, found))
    stopping = found if found.state is PlanState.STOPPING else _stop(current, found, request)
    _log("charging plan stopped", current, stopping)
    if found.state is PlanState.PAUSED:
        current.runtime.charging_plans.start(stopping)
    else:
        current.runtime.charging_plans.wake(found.site_id)
    return _view(stopping)


@routes.delete("/charging-plans/<plan>", Scope.ADMIN, status=HTTPStatus.NO_CONTENT)
def delete_charging_plan(current: Current, plan: PathPlan) -> Response[None]:
    """Remove a plan that is over or was never started. 409 otherwise: stop it first."""
    found = _find(current, plan)
    if not found.state.is_over and found.activated_at is not None:
        raise _not_now(found)
    if found.state.is_over:  # one that is not may be started at this moment
        current.store.planned_profiles.delete(found.id, current.store.planned_profiles.all(found.id))
        current.store.sites.release(found.site_id, found.id)
    try:
        current.store.charging_plans.delete(found.id)
    except ConditionFailed as refused:
        if refused.item is not None:  # else it is gone, perhaps by an earlier try of this very request
            raise _not_now(found) from refused
    current.store.sites.release(found.site_id, found.id)
    _log("charging plan deleted", current, found)
    return Response(204)


def _activate(current: CurrentRequest, plan: ChargingPlan) -> ChargingPlan:
    """Give the site to the plan and start it.

    If this dies half way, `sweep` goes on with what is active, a repetition with what is paused. A draft is in nobody's
    way.
    """
    runs = claim(current, plan)
    if runs != plan.id:
        raise Conflict(f"the charging plan {runs} runs the site: stop that first" if runs else "its site is gone")
    try:
        active = current.store.charging_plans.activate(plan, current.now)
    except ConditionFailed as refused:
        return _as_it_is(current, plan, refused)
    current.runtime.charging_plans.start(active)
    return active


def _stop(current: CurrentRequest, plan: ChargingPlan, request: StopRequest) -> ChargingPlan:
    try:
        return current.store.charging_plans.stop(plan, request.release, current.now)
    except ConditionFailed as refused:
        return _as_wanted(current, plan, PlanState.STOPPING, refused)


def _as_wanted(current: CurrentRequest, plan: ChargingPlan, state: PlanState, refused: ConditionFailed) -> ChargingPlan:
    """The plan, if it has come to this state meanwhile: by somebody else, or an earlier try of this very write.

    Raises:
        Conflict: it has not.
    """
    changed = current.store.charging_plans.get(plan.id, consistent=True)
    if changed is None or changed.state is not state:
        raise _not_now(plan) from refused
    return changed


def _as_it_is(current: CurrentRequest, plan: ChargingPlan, refused: ConditionFailed) -> ChargingPlan:
    """The plan, if somebody else has started it meanwhile; one that is over has no site."""
    changed = current.store.charging_plans.get(plan.id, consistent=True)
    if changed and changed.state is PlanState.ACTIVE:
        return changed
    if changed is None or changed.state.is_over:
        current.store.sites.release(plan.site_id, plan.id)
    raise _not_now(changed or plan) from refused


def _finish(current: CurrentRequest, plan: ChargingPlan) -> ChargingPlan:
    """End a plan that has nothing to give back."""
    finished = current.store.charging_plans.finish(plan.id, PlanState.STOPPED, current.now)
    if finished is None:
        raise _not_now(plan)
    current.store.sites.release(plan.site_id, plan.id)
    return finished


def _find(current: CurrentRequest, plan_id: str) -> ChargingPlan:
    found = current.store.charging_plans.get(PlanId(plan_id), consistent=True)
    if found is None:
        raise NotFound(f"there is no charging plan {plan_id}")
    return found


def _site_of(current: CurrentRequest, plan: ChargingPlan) -> Site:
    site = current.store.sites.get(plan.site_id, consistent=True)
    if site is None:
        raise InvalidRequest(Finding("siteId", f"there is no site {plan.site_id}"))
    return site


def _not_now(plan: ChargingPlan) -> Conflict:
    return Conflict(f"the charging plan is {plan.state.value}, or was changed at this moment; look again")


def _log(message: str, current: CurrentRequest, plan: ChargingPlan) -> None:
    _logger.info(message, extra={"plan_id": plan.id, "site_id": plan.site_id, "caller": current.caller})


def _view(plan: ChargingPlan) -> PlanView:
    return PlanView(**fields_of(plan))
