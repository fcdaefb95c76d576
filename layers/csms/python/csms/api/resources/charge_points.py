"""Charge points: the ones an operator has, and adding and removing them."""

import logging
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import Field

from csms import profile_upgrade
from csms.api.commanding import withdraw_all
from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_place, encode_place
from csms.api.identities import NewIdentity
from csms.api.models import (
    ChangesModel,
    Flag,
    Groups,
    LongText,
    Moment,
    Page,
    PathIdentity,
    RequestModel,
    ShortText,
    View,
)
from csms.api.passwords import PasswordText, new_secret
from csms.api.problems import Conflict, NotFound
from csms.api.request import Current, CurrentRequest
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.api.site_claims import wake_plan
from csms.ids import ChargePointId, SiteId
from csms.removal import remove
from csms.store.charge_points import ChargePoint, IdentityTaken, SecurityProfile
from csms.store.errors import ConditionFailed
from csms.store.links import Link, Registration

routes = Routes("Charge points")
_logger = logging.getLogger(__name__)


class NewChargePoint(RequestModel):
    """A charge point to add."""

    id: NewIdentity = Field(description="Its identity, the last part of its OCPP URL.")
    security_profile: int = Field(
        default=1,
        strict=True,
        ge=0,
        le=3,
        description="0: no password; 1: Basic authentication; 2: Basic authentication over TLS only; 3: a client"
        " certificate, through the distribution that verifies them.",
    )
    password: PasswordText | None = Field(
        default=None, description="Made and returned once if left out (profiles 1, 2)."
    )
    description: LongText | None = None
    site: ShortText | None = None
    groups: Groups = Field(default=(), description="Its local list has the id tags of these groups and of its site.")
    allows_missing_subprotocol: Flag = False
    registration: Registration = Registration.ACCEPTED


class ChargePointChanges(ChangesModel):
    """What to change; a field left out stays, null removes it."""

    description: LongText | None = None
    site: ShortText | None = None
    groups: Groups | None = None
    allows_missing_subprotocol: Flag | None = None


class RegistrationChange(RequestModel):
    """What BootNotification is to be answered with."""

    status: Registration


class QuietChange(RequestModel):
    """Whether quiet mode is on."""

    quiet: Flag


class BootView(View):
    """What the station says of itself in BootNotification."""

    charge_point_vendor: str | None = None
    charge_point_model: str | None = None
    charge_point_serial_number: str | None = None
    charge_box_serial_number: str | None = None
    firmware_version: str | None = None
    iccid: str | None = None
    imsi: str | None = None
    meter_type: str | None = None
    meter_serial_number: str | None = None


class SecurityProfileUpgradeView(View):
    """A higher security profile that a charge point was told and has not come with yet."""

    security_profile: int
    told_at: Moment
    status: str | None = Field(description="What it answered; null if it has not, or not clearly.")


class ChargePointView(View):
    """A charge point."""

    id: str
    security_profile: int = Field(description="The lowest that it may connect with.")
    security_profile_upgrade: SecurityProfileUpgradeView | None = Field(
        description="A higher one that it may connect with, too; the first time it does leaves only this."
    )
    has_password: bool
    registration: Registration
    online: bool
    quiet: bool
    last_seen: Moment | None
    description: str | None
    site: str | None = Field(description="A name of the operator's own.")
    site_id: str | None = Field(description="The site (`/sites`) that it shares a grid connection at.")
    groups: list[str]
    allows_missing_subprotocol: bool
    created_at: Moment
    booted_at: Moment | None
    boot: BootView | None


class CreatedChargePointView(ChargePointView):
    """A new charge point."""

    password: str | None = Field(description="The password that was made, in hexadecimal digits. Shown only here.")


@routes.get("/charge-points", Scope.READ)
def list_charge_points(
    current: Current, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[ChargePointView]:
    """All charge points, in no particular order."""
    page = current.store.charge_points.list(limit=limit, cursor=decode_place(cursor))
    links = current.store.links.get_many([charge_point.id for charge_point in page.things])
    views = [_view(current, charge_point, links.get(charge_point.id)) for charge_point in page.things]
    return Page[ChargePointView](items=views, cursor=encode_place(page.cursor))


@routes.post("/charge-points", Scope.ADMIN, status=HTTPStatus.CREATED)
def create_charge_point(current: Current, new: Annotated[NewChargePoint, Body()]) -> Response[CreatedChargePointView]:
    """Add a charge point.

    Safe to repeat after a failure. 409 if there is one of this identity, in this or another case.
    """
    profile = SecurityProfile(new.security_profile)
    needs_password = profile in {SecurityProfile.BASIC, SecurityProfile.BASIC_TLS}
    secret = new_secret(new.password) if new.password or needs_password else None
    charge_point = ChargePoint(
        id=ChargePointId(new.id),
        security_profile=profile,
        created_at=current.now,
        secrets=(secret.hash,) if secret else (),
        allows_missing_subprotocol=new.allows_missing_subprotocol,
        description=new.description,
        site=new.site,
        groups=new.groups,
    )
    _create(current, charge_point, new.registration)
    _logger.info("charge point created", extra={"charge_point_id": new.id, "caller": current.caller})
    view = CreatedChargePointView(
        **_view(current, charge_point, Link(charge_point.id, new.registration)).model_dump(),
        password=secret.revealed if secret else None,
    )
    return Response(
        201,
        "application/json",
        view,
        headers={"Location": f"/charge-points/{quote(new.id, safe='')}", "Cache-Control": "no-store"},
    )


@routes.get("/charge-points/<identity>", Scope.READ)
def read_charge_point(current: Current, identity: PathIdentity) -> ChargePointView:
    """One charge point."""
    return _read(current, current.charge_point(identity))


@routes.patch("/charge-points/<identity>", Scope.ADMIN)
def change_charge_point(
    current: Current, identity: PathIdentity, changes: Annotated[ChargePointChanges, Body()]
) -> ChargePointView:
    """Change what is noted about a charge point."""
    charge_point = current.charge_point(identity)
    if changes.model_fields_set:
        try:
            charge_point = current.store.charge_points.change(charge_point.id, changes.model_dump(exclude_unset=True))
        except ConditionFailed as gone:
            raise NotFound(f"there is no charge point {identity}") from gone
    return _read(current, charge_point)


@routes.put("/charge-points/<identity>/registration", Scope.ADMIN)
def set_registration(
    current: Current, identity: PathIdentity, change: Annotated[RegistrationChange, Body()]
) -> ChargePointView:
    """Accept, hold or reject a charge point.

    It learns of it with its next BootNotification. Accepting counts from its next message on. Rejecting closes its
    connection, and whatever it opens next is treated accordingly; holding one that was accepted takes up to a minute.
    """
    charge_point = current.charge_point(identity)
    current.store.links.create(charge_point.id, change.status)
    current.store.links.set_registration(charge_point.id, change.status)
    if change.status is Registration.REJECTED:
        _disconnect(current, current.store.links.get(charge_point.id, consistent=True))
    _logger.info(
        "registration set",
        extra={"charge_point_id": charge_point.id, "registration": change.status.value, "caller": current.caller},
    )
    return _read(current, charge_point)


@routes.put("/charge-points/<identity>/quiet", Scope.ADMIN)
def set_quiet(current: Current, identity: PathIdentity, change: Annotated[QuietChange, Body()]) -> ChargePointView:
    """Switch quiet mode, for certification: nothing is sent to the charge point of our own accord.

    A command goes out at once, or is refused; what waits when it is switched on is taken back.
    """
    charge_point = current.charge_point(identity)
    current.store.links.create(charge_point.id, Registration.PENDING)
    current.store.links.set_quiet(charge_point.id, is_quiet=change.quiet)
    if change.quiet:
        withdraw_all(current, charge_point.id)
    _logger.info(
        "quiet mode set",
        extra={"charge_point_id": charge_point.id, "quiet": change.quiet, "caller": current.caller},
    )
    return _read(current, charge_point)


@routes.delete("/charge-points/<identity>", Scope.ADMIN, status=HTTPStatus.NO_CONTENT)
def delete_charge_point(
    current: Current,
    identity: PathIdentity,
    force: Annotated[bool, Query(description="Even while it is at a site or a transaction is open.")] = False,
) -> Response[None]:
    """Remove a charge point and close its connection; what it charged, said and was asked stays on record.

    Commands that wait are taken back, and nothing is left to the next charge point of this identity: neither
    configuration, desired or reported, nor profiles, reservations, its local list or URLs for files. Safe to repeat.

    409 while it is at a site, because what it draws there would be forgotten, or a transaction is open, unless forced.
    """
    charge_point = current.charge_point(identity)
    if charge_point.site_id:
        _leave_site(current, charge_point, charge_point.site_id, is_forced=force)
    if not force and current.open_transactions(charge_point.id):
        raise Conflict("a transaction is open: close it, or delete with force=true")
    link = current.store.links.get(charge_point.id)
    remove(current.store, current.calls, charge_point.id, current.now)
    _logger.info("charge point deleted", extra={"charge_point_id": charge_point.id, "caller": current.caller})
    _disconnect(current, link)
    return Response(204)


def _create(current: CurrentRequest, charge_point: ChargePoint, registration: Registration) -> None:
    """The link before the charge point, which therefore always has one; both may be there from a failed attempt."""
    store = current.store
    if store.charge_points.find(charge_point.id):
        raise Conflict(f"there is a charge point {charge_point.id} already")
    store.links.create(charge_point.id, registration)
    try:
        store.charge_points.create(charge_point)
    except IdentityTaken as taken:
        store.links.delete(charge_point.id)
        raise Conflict("there is a charge point of this identity in another case") from taken
    except ConditionFailed as exists:
        raise Conflict(f"there is a charge point {charge_point.id} already") from exists
    with suppress(ConditionFailed):
        store.links.set_registration(charge_point.id, registration)


def _leave_site(current: CurrentRequest, charge_point: ChargePoint, site_id: SiteId, *, is_forced: bool) -> None:
    if not is_forced:
        raise Conflict(f"it is at the site {site_id}: remove it there first, or delete with force=true")
    connectors = [connector.connector_id for connector in current.store.connectors.all(charge_point.id)]
    current.store.sites.remove_member(site_id, charge_point.id, connectors)
    wake_plan(current, site_id)


def _disconnect(current: CurrentRequest, link: Link | None) -> None:
    if link and link.connection_id and current.gateway:
        current.gateway.close(link.connection_id)


def _read(current: CurrentRequest, charge_point: ChargePoint) -> ChargePointView:
    return _view(current, charge_point, current.store.links.get(charge_point.id))


def _upgrade(charge_point: ChargePoint) -> SecurityProfileUpgradeView | None:
    told = profile_upgrade.pending(charge_point)
    if told is None:
        return None
    return SecurityProfileUpgradeView(security_profile=told.profile.value, told_at=told.told_at, status=told.status)


def _view(current: CurrentRequest, charge_point: ChargePoint, link: Link | None) -> ChargePointView:
    link = link or Link(charge_point.id, Registration.PENDING)
    return ChargePointView(
        id=charge_point.id,
        security_profile=charge_point.security_profile.value,
        security_profile_upgrade=_upgrade(charge_point),
        has_password=bool(charge_point.secrets),
        registration=link.registration,
        quiet=link.is_quiet,
        online=link.is_online(current.now, current.settings.heartbeat_interval_s),
        last_seen=link.last_seen,
        description=charge_point.description,
        site=charge_point.site,
        site_id=charge_point.site_id,
        groups=list(charge_point.groups),
        allows_missing_subprotocol=charge_point.allows_missing_subprotocol,
        created_at=charge_point.created_at,
        booted_at=charge_point.booted_at,
        boot=BootView(**charge_point.boot) if charge_point.boot else None,
    )
