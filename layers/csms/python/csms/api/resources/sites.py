"""Sites: grid connections, and the charge points that share them."""

import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Final, TypeVar

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_key, decode_place, encode_key, encode_place
from csms.api.models import Page, PathIdentity
from csms.api.problems import Conflict, Finding, InvalidRequest, NotFound
from csms.api.request import Current, CurrentRequest
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.api.site_claims import running_plan, wake_plan
from csms.api.site_models import (
    MemberSettings,
    MemberView,
    NewMember,
    NewSite,
    SiteChanges,
    SiteView,
    findings_in,
    member_view_of,
    view_of,
)
from csms.ids import ChargePointId, SiteId
from csms.store.errors import ConditionFailed
from csms.store.sites import AtAnotherSite, Member, Site, UnknownChargePoint, new_site_id

routes = Routes("Sites")
_logger = logging.getLogger(__name__)
T = TypeVar("T")
R = TypeVar("R")

_WORKERS: Final = 16
PathSite = Annotated[str, Path(description="`id` of the site.")]


@routes.get("/sites", Scope.READ)
def list_sites(current: Current, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None) -> Page[SiteView]:
    """All sites, in no particular order."""
    page = current.store.sites.page(limit=limit, cursor=decode_place(cursor))
    return Page[SiteView](items=[view_of(site) for site in page.things], cursor=encode_place(page.cursor))


@routes.post("/sites", Scope.ADMIN, status=HTTPStatus.CREATED)
def create_site(current: Current, new: Annotated[NewSite, Body()]) -> Response[SiteView]:
    """Add a site, with its charge points if they are given.

    Nothing is sent to them before a charging plan runs the site. 409 if one of them is at another site.
    """
    site = new.to_site(new_site_id(), current.now)
    _refuse_contradictions(site, NewSite.model_fields.keys())
    members = _members_of(current, new.charge_points)
    with suppress(ConditionFailed):  # its id is random: an earlier try of this very write took effect
        current.store.sites.create(site, draft_at=current.now)
    try:
        _complete(current, site, members)
    except Conflict:
        _discard(current, site, members)
        raise
    _logger.info("site created", extra={"site_id": site.id, "caller": current.caller})
    return Response(201, "application/json", view_of(site), headers={"Location": f"/sites/{site.id}"})


@routes.get("/sites/<site>", Scope.READ)
def read_site(current: Current, site: PathSite) -> SiteView:
    """One site."""
    return view_of(_find(current, site))


@routes.patch("/sites/<site>", Scope.ADMIN)
def change_site(current: Current, site: PathSite, changes: Annotated[SiteChanges, Body()]) -> SiteView:
    """Change a site; the plan that runs it looks again at once."""
    found = _find(current, site)
    given = changes.model_fields_set
    if not given:
        return view_of(found)
    assignments = changes.assignments()
    _refuse_contradictions(replace(found, **assignments), given)
    try:
        changed = current.store.sites.change(found.id, assignments)
    except ConditionFailed as gone:
        raise _unknown(site) from gone
    wake_plan(current, found.id)
    _logger.info("site changed", extra={"site_id": found.id, "fields": sorted(given), "caller": current.caller})
    return view_of(changed)


@routes.delete("/sites/<site>", Scope.ADMIN, status=HTTPStatus.NO_CONTENT)
def delete_site(current: Current, site: PathSite) -> Response[None]:
    """Remove a site. 409 while it has charge points or a charging plan runs it."""
    found = _find(current, site)
    plan_id = running_plan(current, found)
    if plan_id:
        raise Conflict(f"the charging plan {plan_id} runs it: stop that first")
    if current.store.sites.member_page(found.id, limit=1).members:
        raise Conflict("it has charge points: remove those first")
    try:
        current.store.sites.delete(found)
    except ConditionFailed as changed:
        raise Conflict("it was changed at this moment; look again") from changed
    _logger.info("site deleted", extra={"site_id": found.id, "caller": current.caller})
    return Response(204)


@routes.get("/sites/<site>/charge-points", Scope.READ)
def list_charge_points_of_site(
    current: Current, site: PathSite, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[MemberView]:
    """The charge points of a site, in order of identity."""
    page = current.store.sites.member_page(_find(current, site).id, limit=limit, after=decode_key(cursor))
    return Page[MemberView](items=[member_view_of(member) for member in page.members], cursor=encode_key(page.cursor))


@routes.put("/sites/<site>/charge-points/<identity>", Scope.ADMIN)
def set_charge_point_of_site(
    current: Current, site: PathSite, identity: PathIdentity, settings: Annotated[MemberSettings, Body()]
) -> MemberView:
    """Add a charge point to a site, or change how it is wired there.

    409 if it is at another site.
    """
    found = _find(current, site)
    member = settings.to_member(current.charge_point(identity).id)
    try:
        _add(current, found.id, member)
    except ConditionFailed as gone:
        raise _unknown(site) from gone
    wake_plan(current, found.id)
    _logger.info(
        "charge point is at a site",
        extra={"site_id": found.id, "charge_point_id": member.charge_point_id, "caller": current.caller},
    )
    return member_view_of(member)


@routes.delete("/sites/<site>/charge-points/<identity>", Scope.ADMIN, status=HTTPStatus.NO_CONTENT)
def remove_charge_point_from_site(current: Current, site: PathSite, identity: PathIdentity) -> Response[None]:
    """Take a charge point from a site: it keeps the limits it was sent, and no plan reckons with it any more."""
    charge_point_id, site_id = current.identity(identity), SiteId(site)
    charge_point = current.store.charge_points.get(charge_point_id)
    is_marked = charge_point is not None and charge_point.site_id == site_id
    if not is_marked and current.store.sites.member(site_id, charge_point_id) is None:
        raise NotFound(f"{identity} is not at this site")
    current.store.sites.remove_member(site_id, charge_point_id, _connectors(current, charge_point_id))
    wake_plan(current, site_id)
    _logger.info(
        "charge point is no longer at a site",
        extra={"site_id": site_id, "charge_point_id": charge_point_id, "caller": current.caller},
    )
    return Response(204)


def _find(current: CurrentRequest, site_id: str) -> Site:
    """The site a path names, strongly consistent.

    Raises:
        NotFound: there is none.
    """
    found = current.store.sites.get(SiteId(site_id), consistent=True)
    if found is None:
        raise _unknown(site_id)
    return found


def _unknown(site_id: str) -> NotFound:
    return NotFound(f"there is no site {site_id}")


def _refuse_contradictions(site: Site, given: Collection[str]) -> None:
    findings = findings_in(site, given)
    if findings:
        raise InvalidRequest(*findings)


def _members_of(current: CurrentRequest, new: Sequence[NewMember]) -> list[Member]:
    """The charge points that a new site is to have, as their stations spell themselves."""
    members: dict[ChargePointId, Member] = {}
    findings = []
    known = _side_by_side(lambda each: current.store.charge_points.find(each.charge_point_id), new)
    for number, (each, found) in enumerate(zip(new, known, strict=True)):
        if found is None:
            findings.append(Finding(_field(number), f"there is no charge point {each.charge_point_id}"))
        elif found.id in members:
            findings.append(Finding(_field(number), "it is named before"))
        else:
            members[found.id] = each.to_member(found.id)
    if findings:
        raise InvalidRequest(*findings)
    return list(members.values())


def _complete(current: CurrentRequest, site: Site, members: Sequence[Member]) -> None:
    """Give a draft its charge points, and let everybody see it.

    Raises:
        Conflict: one of them cannot be had, or another request wanted it at this moment and has discarded the draft.
    """
    try:
        _side_by_side(lambda member: _add(current, site.id, member), members)
        current.store.sites.publish(site.id)
    except ConditionFailed as discarded:
        raise Conflict("another site was given its charge points at this moment; look again") from discarded


def _discard(current: CurrentRequest, site: Site, members: Sequence[Member]) -> None:
    """Undo what was made of a draft."""
    current.store.sites.discard(site.id)
    identities = [member.charge_point_id for member in members]
    _side_by_side(lambda each: current.store.sites.remove_member(site.id, each, _connectors(current, each)), identities)


def _side_by_side(do: Callable[[T], R], things: Sequence[T]) -> list[R]:
    """Do it for each; all of them are over when this raises what one of them did."""
    with ThreadPoolExecutor(_WORKERS) as workers:
        return list(workers.map(do, things))


def _field(number: int) -> str:
    return f"chargePoints.{number}.chargePointId"


def _add(current: CurrentRequest, site_id: SiteId, member: Member) -> None:
    """Add a charge point to a site.

    Raises:
        Conflict: it is at another one, or is being deleted.
        ConditionFailed: there is no such site (any more).
    """
    connector_ids = _connectors(current, member.charge_point_id)
    try:
        current.store.sites.add_member(site_id, member, connector_ids)
    except AtAnotherSite as other:
        raise Conflict(f"{member.charge_point_id} is at the site {other.site_id}: remove it there first") from other
    except UnknownChargePoint as gone:
        raise Conflict(f"{member.charge_point_id} is being deleted") from gone


def _connectors(current: CurrentRequest, charge_point_id: ChargePointId) -> list[int]:
    return [connector.connector_id for connector in current.store.connectors.all(charge_point_id)]
