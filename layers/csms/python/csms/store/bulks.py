"""Bulk commands: one command to many charge points, and what became of it at each of them."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from csms.ids import CallId, ChargePointId
from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.charge_points import ChargePoint
from csms.store.errors import ConditionFailed
from csms.store.table import Cursor, Item, Table

LIST_SYNC: Final = "SyncLocalList"
"""Stands where an action of OCPP does: each charge point's local list is synchronised, in as many calls as it takes."""
_KEEP: Final = timedelta(days=90)
"""As long as the calls themselves."""


@dataclass(frozen=True)
class Selection:
    """Which charge points: those named, and those that fit every condition given, or simply all."""

    charge_point_ids: tuple[ChargePointId, ...] = ()
    site: str | None = None
    vendor: str | None = None
    model: str | None = None
    is_everything: bool = False
    groups: tuple[str, ...] = ()
    """Those that are in one of the groups, or at the site of that name: whose local list has the tags of the groups."""

    @property
    def is_search(self) -> bool:
        """Whether it takes a look at all charge points."""
        return self.is_everything or any((self.site, self.vendor, self.model, self.groups))

    def names(self, charge_point_id: ChargePointId) -> bool:
        """Whether the charge point is named, in whatever case."""
        return charge_point_id.casefold() in {named.casefold() for named in self.charge_point_ids}

    def fits(self, charge_point: ChargePoint) -> bool:
        """Whether the charge point meets the conditions."""
        boot = charge_point.boot or {}
        found = (charge_point.site, boot.get("charge_point_vendor"), boot.get("charge_point_model"))
        wanted = (self.site, self.vendor, self.model)
        is_in_group = not self.groups or not {charge_point.site, *charge_point.groups}.isdisjoint(self.groups)
        return is_in_group and all(value in {None, have} for value, have in zip(wanted, found, strict=True))


@dataclass(frozen=True)
class Bulk:
    """One command to many. `payload` is what the operator said; each charge point's call may be completed."""

    id: str
    action: str
    payload: JsonObject
    selection: Selection
    requested_by: str
    created_at: datetime
    is_forced: bool = False
    lifetime: timedelta | None = None
    expected: int | None = None
    """For how many charge points it is, once all of them have been found."""

    def asks_the_same_as(self, other: "Bulk") -> bool:
        """Whether the other one is a repetition."""
        return _wish(self) == _wish(other)


@dataclass(frozen=True)
class BulkResult:
    """What became of it at one charge point: a call, or the reason why there is none."""

    charge_point_id: ChargePointId
    call_id: CallId | None = None
    refusal: str | None = None


@dataclass(frozen=True)
class BulkResultPage:
    """Some results in order of identity; `cursor` is None when that was all."""

    results: list[BulkResult]
    cursor: Cursor | None


class Bulks:
    """The rows of bulk commands."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, bulk: Bulk) -> Bulk:
        """Store a bulk command once; returns the stored one if it was there."""
        try:
            self._table.put(keys.bulk(bulk.id), _to_item(bulk), condition=Attr(keys.PARTITION_KEY).not_exists())
        except ConditionFailed as existing:
            return _from_item(existing.item or {})
        return bulk

    def get(self, bulk_id: str) -> Bulk | None:
        """One bulk command."""
        item = self._table.get(keys.bulk(bulk_id), consistent=True)
        return _from_item(item) if item else None

    def expect(self, bulk: Bulk, number: int) -> None:
        """Note for how many charge points it is."""
        self._table.update(keys.bulk(bulk.id), assign={"expected": number}, condition=Attr(keys.PARTITION_KEY).exists())

    def record(self, bulk: Bulk, result: BulkResult) -> None:
        """Note what became of it at one charge point; a repetition says it again."""
        self._table.put(
            keys.bulk_result(bulk.id, result.charge_point_id),
            {
                "charge_point_id": result.charge_point_id,
                "call_id": result.call_id,
                "refusal": result.refusal,
                keys.TTL_ATTRIBUTE: _expiry(bulk),
            },
        )

    def results(self, bulk_id: str, *, limit: int, after: Cursor | None = None) -> BulkResultPage:
        """What became of it so far."""
        page = self._table.query(keys.bulk_partition(bulk_id), prefix=keys.BULK_RESULT_PREFIX, limit=limit, after=after)
        return BulkResultPage([_result_from_item(item) for item in page.items], page.cursor)


def _expiry(bulk: Bulk) -> int:
    return int((bulk.created_at + _KEEP).timestamp())


def _wish(bulk: Bulk) -> tuple[object, ...]:
    return bulk.action, bulk.payload, bulk.selection, bulk.is_forced, bulk.lifetime


def _to_item(bulk: Bulk) -> dict[str, Any]:
    selection = bulk.selection
    return {
        "bulk_id": bulk.id,
        "action": bulk.action,
        "payload": json.dumps(bulk.payload, separators=(",", ":"), ensure_ascii=False),
        "charge_point_ids": list(selection.charge_point_ids) or None,
        "site": selection.site,
        "vendor": selection.vendor,
        "model": selection.model,
        "is_everything": selection.is_everything or None,
        "groups": list(selection.groups) or None,
        "requested_by": bulk.requested_by,
        "created_at": format_timestamp(bulk.created_at),
        "is_forced": bulk.is_forced or None,
        "lifetime_s": int(bulk.lifetime.total_seconds()) if bulk.lifetime else None,
        "expected": bulk.expected,
        keys.TTL_ATTRIBUTE: _expiry(bulk),
    }


def _from_item(item: Item) -> Bulk:
    return Bulk(
        id=item["bulk_id"],
        action=item["action"],
        payload=json.loads(item["payload"]),
        selection=Selection(
            tuple(map(ChargePointId, item.get("charge_point_ids", ()))),
            item.get("site"),
            item.get("vendor"),
            item.get("model"),
            item.get("is_everything", False),
            tuple(item.get("groups", ())),
        ),
        requested_by=item["requested_by"],
        created_at=parse_timestamp(item["created_at"]),
        is_forced=item.get("is_forced", False),
        lifetime=timedelta(seconds=item["lifetime_s"]) if "lifetime_s" in item else None,
        expected=item.get("expected"),
    )


def _result_from_item(item: Item) -> BulkResult:
    return BulkResult(ChargePointId(item["charge_point_id"]), item.get("call_id"), item.get("refusal"))
