"""Sites: charge points behind one grid connection. What each holds by itself follows from its installed profiles.

`version` counts changes that a charging plan must look at. Whoever changes something adds one and completes the task
that waits; a task that is about to wait does so only at the version that was planned for. So no change is lost.

A new site is a draft (`store.drafts`) until its charge points are there. What marks a charge point for a draft that was
discarded, or a site that was deleted, counts for nothing.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from csms.ids import ChargePointId, PlanId, SiteId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import drafts, keys
from csms.store.errors import ConditionFailed
from csms.store.listing import ListPage, ShardCursor, list_partitions, partitions_of
from csms.store.table import Cursor, Item, Table

_KIND: Final = "SITE"
_EXISTS: Final = Attr(keys.PARTITION_KEY).exists()

PerPhase = tuple[int, int, int]
"""Of the phases L1, L2 and L3 of the grid connection, in tenths of an ampere."""


@dataclass(frozen=True)
class WaitingTask:
    """A task of Step Functions that waits for a change."""

    token: str
    plan_id: PlanId
    step: int


@dataclass(frozen=True)
class Site:
    """One grid connection. Currents are in tenths of an ampere (`_da`) on each phase."""

    id: SiteId
    name: str
    maximum_da: PerPhase
    created_at: datetime
    voltage_v: int = 230
    """Between a phase and neutral."""
    maximum_w: int | None = None
    base_load_da: PerPhase = (0, 0, 0)
    """What else draws from the connection and nobody manages."""
    margin_percent: int = 0
    """How much of the maximum nobody gets."""
    safe_limit_da: int = 0
    """What a connector may draw on each phase when it hears nothing from us; 0 pauses it."""
    newcomers: int | None = None
    """For how many vehicles that may arrive any moment there is always room; None: for one at every free connector."""
    plan_id: PlanId | None = None
    """The charging plan that runs it."""
    version: int = 0
    waiting: WaitingTask | None = None


@dataclass(frozen=True)
class ConnectorSettings:
    """What is different at one connector; None where it is as at the others."""

    maximum_da: int | None = None
    phases: int | None = None
    phase_rotation: str | None = None


@dataclass(frozen=True)
class Member:
    """A charge point of a site, as it is wired there."""

    charge_point_id: ChargePointId
    maximum_da: int
    """What the hardware of a connector lets through on each phase."""
    priority: int = 0
    """Where the plan goes by priority, the highest comes first."""
    station_maximum_da: int | None = None
    """What the cable of the whole station lets through on each phase."""
    phases: int = 3
    phase_rotation: str | None = None
    """To which phases of the connection its own are wired, as ConnectorPhaseRotation has it (`RST`) [S 9.1.8]; None:
    as the charge point's configuration says."""
    connectors: Mapping[int, ConnectorSettings] = field(default_factory=dict)


@dataclass(frozen=True)
class MemberPage:
    """Some charge points of a site in order of identity; `cursor` is None when that was all."""

    members: list[Member]
    cursor: Cursor | None


class UnknownChargePoint(Exception):  # noqa: N818  it is an answer, not an error
    """There is no such charge point."""


class AtAnotherSite(Exception):  # noqa: N818
    """The charge point is at another site already."""

    def __init__(self, site_id: SiteId) -> None:
        super().__init__(site_id)
        self.site_id = site_id


def per_phase(values: list[int]) -> PerPhase:
    """The three values, as they are stored."""
    first, second, third = values
    return first, second, third


def new_site_id() -> SiteId:
    """Of random digits."""
    return SiteId(os.urandom(8).hex())


class Sites:
    """The rows of sites and of their charge points."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, site: Site, *, draft_at: datetime | None = None) -> None:
        """Add a site; `draft_at`: as a draft, at that time.

        Raises:
            ConditionFailed: it exists.
        """
        shown = _listed(site.id) if draft_at is None else drafts.marked(draft_at)
        self._table.put(keys.site(site.id), _to_item(site) | shown, condition=Attr(keys.PARTITION_KEY).not_exists())

    def publish(self, site_id: SiteId) -> None:
        """A draft is a site from now on. Safe to run again.

        Raises:
            ConditionFailed: it was discarded.
        """
        self._table.update(keys.site(site_id), assign=_listed(site_id), remove=drafts.MARK, condition=_EXISTS)

    def discard(self, site_id: SiteId) -> bool:
        """Remove the site if it is a draft; whether it is not there (any more)."""
        return drafts.discard(self._table, keys.site(site_id))

    def get(self, site_id: SiteId, *, consistent: bool = False) -> Site | None:
        """One site."""
        item = self._table.get(keys.site(site_id), consistent=consistent)
        return _from_item(item) if item and not drafts.is_draft(item) else None

    def page(self, *, limit: int, cursor: ShardCursor | None = None) -> ListPage[Site]:
        """All sites, a page at a time."""
        return list_partitions(self._table, partitions_of(_KIND), _from_item, limit=limit, cursor=cursor)

    def change(self, site_id: SiteId, changes: Mapping[str, Any]) -> Site:
        """Change these fields of a site and no others, and its version; None clears one.

        Raises:
            ConditionFailed: there is none.
        """
        attributes = {name: _written(value) for name, value in changes.items()}
        item = self._table.update(
            keys.site(site_id),
            assign=attributes,
            remove=[name for name, value in attributes.items() if value is None],
            add={"version": 1},
            condition=_EXISTS,
            returning="ALL_NEW",
        )
        return _from_item(item)

    def delete(self, site: Site) -> None:
        """Remove a site that has no charge points.

        Raises:
            ConditionFailed: it has changed since it was read, or a plan runs it.
        """
        self._table.delete(
            keys.site(site.id), condition=Attr("version").eq(site.version) & Attr("plan_id").not_exists()
        )

    def claim(self, site_id: SiteId, plan_id: PlanId) -> bool:
        """Have the plan run the site; whether it does now. Safe to run again."""
        return self._change_if(
            site_id, _EXISTS & (Attr("plan_id").not_exists() | Attr("plan_id").eq(plan_id)), assign={"plan_id": plan_id}
        )

    def release(self, site_id: SiteId, plan_id: PlanId) -> None:
        """The plan no longer runs the site; another one's claim stays."""
        self._change_if(site_id, Attr("plan_id").eq(plan_id), remove=("plan_id",))

    def bump(self, site_id: SiteId) -> Site | None:
        """Count a change; returns the site, whose waiting task the caller completes. None if there is no such site."""
        try:
            item = self._table.update(keys.site(site_id), add={"version": 1}, condition=_EXISTS, returning="ALL_NEW")
        except ConditionFailed:
            return None
        return _from_item(item)

    def wait(self, site_id: SiteId, task: WaitingTask, version: int) -> bool:
        """Note the task that waits for a change, unless something has changed since that version was planned for."""
        return self._change_if(
            site_id,
            Attr("version").eq(version),
            assign={"waiting_token": task.token, "waiting_plan_id": task.plan_id, "waiting_step": task.step},
        )

    def add_member(self, site_id: SiteId, member: Member, connector_ids: Collection[int]) -> None:
        """Add a charge point and these connectors of it, or change how it is wired. Safe to run again.

        Raises:
            UnknownChargePoint: there is no such charge point.
            AtAnotherSite: it is at another site.
            ConditionFailed: there is no such site (any more).
        """
        charge_point_id = member.charge_point_id
        try:
            self._mark(site_id, charge_point_id)
        except AtAnotherSite as other:
            if not self.discard(other.site_id):
                raise
            self.remove_member(other.site_id, charge_point_id, connector_ids)
            self._mark(site_id, charge_point_id)
        self._table.put(keys.member(site_id, charge_point_id), _member_to_item(member))
        self.adopt_connectors(site_id, charge_point_id, connector_ids)
        if self.bump(site_id) is None:  # deleted meanwhile, which it could be while this one was not there
            self.remove_member(site_id, charge_point_id, connector_ids)
            raise ConditionFailed(None)

    def adopt_connectors(self, site_id: SiteId, charge_point_id: ChargePointId, connector_ids: Iterable[int]) -> None:
        """Mark connectors as the site's: changes of those are what its plan hears of."""
        for connector_id in connector_ids:
            with suppress(ConditionFailed):
                self._table.update(
                    keys.connector(charge_point_id, connector_id), assign={"site_id": site_id}, condition=_EXISTS
                )

    def remove_member(self, site_id: SiteId, charge_point_id: ChargePointId, connector_ids: Collection[int]) -> None:
        """Take a charge point and these connectors of it from the site. Safe to run again."""
        self._table.delete(keys.member(site_id, charge_point_id))
        for connector_id in connector_ids:
            self._unmark(site_id, keys.connector(charge_point_id, connector_id))
        other = self._unmark(site_id, keys.charge_point(charge_point_id))
        if other:  # both were given it at the same moment, and this one may have marked connectors later
            self.adopt_connectors(other, charge_point_id, connector_ids)
        self.bump(site_id)

    def member(self, site_id: SiteId, charge_point_id: ChargePointId) -> Member | None:
        """One charge point of the site."""
        item = self._table.get(keys.member(site_id, charge_point_id), consistent=True)
        return _member_from_item(item) if item else None

    def members(self, site_id: SiteId, *, consistent: bool = False) -> list[Member]:
        """The charge points of the site, in order of identity."""
        items = self._table.query_all(keys.site_partition(site_id), prefix=keys.MEMBER_PREFIX, consistent=consistent)
        return [_member_from_item(item) for item in items]

    def member_page(self, site_id: SiteId, *, limit: int, after: Cursor | None = None) -> MemberPage:
        """Some of them."""
        page = self._table.query(
            keys.site_partition(site_id), prefix=keys.MEMBER_PREFIX, limit=limit, after=after, consistent=True
        )
        return MemberPage([_member_from_item(item) for item in page.items], page.cursor)

    def _mark(self, site_id: SiteId, charge_point_id: ChargePointId) -> None:
        """Give the charge point to the site."""
        try:
            self._table.update(
                keys.charge_point(charge_point_id),
                assign={"site_id": site_id},
                condition=_EXISTS & (Attr("site_id").not_exists() | Attr("site_id").eq(site_id)),
            )
        except ConditionFailed as refused:
            if refused.item is None:
                raise UnknownChargePoint(charge_point_id) from refused
            raise AtAnotherSite(SiteId(refused.item["site_id"])) from refused

    def _unmark(self, site_id: SiteId, key: keys.Key) -> SiteId | None:
        """Take a row from the site; another one that has it keeps it and is returned."""
        try:
            self._table.update(key, remove=("site_id",), condition=Attr("site_id").eq(site_id))
        except ConditionFailed as refused:
            return refused.item.get("site_id") if refused.item else None
        return None

    def _change_if(self, site_id: SiteId, condition: Any, **changes: Any) -> bool:
        try:
            self._table.update(keys.site(site_id), condition=condition, **changes)
        except ConditionFailed:
            return False
        return True


def _written(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _to_item(site: Site) -> dict[str, Any]:
    return {
        "site_id": site.id,
        "name": site.name,
        "maximum_da": list(site.maximum_da),
        "created_at": format_timestamp(site.created_at),
        "voltage_v": site.voltage_v,
        "maximum_w": site.maximum_w,
        "base_load_da": list(site.base_load_da),
        "margin_percent": site.margin_percent,
        "safe_limit_da": site.safe_limit_da,
        "newcomers": site.newcomers,
        "version": site.version,
    }


def _listed(site_id: SiteId) -> dict[str, Any]:
    return keys.listed(_KIND, site_id).attributes()


def _from_item(item: Item) -> Site:
    return Site(
        id=SiteId(item["site_id"]),
        name=item["name"],
        maximum_da=per_phase(item["maximum_da"]),
        created_at=parse_timestamp(item["created_at"]),
        voltage_v=item["voltage_v"],
        maximum_w=item.get("maximum_w"),
        base_load_da=per_phase(item["base_load_da"]),
        margin_percent=item["margin_percent"],
        safe_limit_da=item["safe_limit_da"],
        newcomers=item.get("newcomers"),
        plan_id=item.get("plan_id"),
        version=item["version"],
        waiting=WaitingTask(item["waiting_token"], PlanId(item["waiting_plan_id"]), item["waiting_step"])
        if "waiting_token" in item
        else None,
    )


def _member_to_item(member: Member) -> dict[str, Any]:
    return {
        "charge_point_id": member.charge_point_id,
        "maximum_da": member.maximum_da,
        "priority": member.priority,
        "station_maximum_da": member.station_maximum_da,
        "phases": member.phases,
        "phase_rotation": member.phase_rotation,
        "connectors": {
            str(connector_id): {name: value for name, value in vars(settings).items() if value is not None}
            for connector_id, settings in member.connectors.items()
        },
    }


def _member_from_item(item: Item) -> Member:
    return Member(
        charge_point_id=ChargePointId(item["charge_point_id"]),
        maximum_da=item["maximum_da"],
        priority=item["priority"],
        station_maximum_da=item.get("station_maximum_da"),
        phases=item["phases"],
        phase_rotation=item.get("phase_rotation"),
        connectors={
            int(connector_id): ConnectorSettings(**settings)
            for connector_id, settings in sorted(item["connectors"].items(), key=lambda entry: int(entry[0]))
        },
    )
