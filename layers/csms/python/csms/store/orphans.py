"""Orphans: charge data that belongs to no transaction yet, kept until an operator assigns or dismisses it."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from csms.digest import digest
from csms.ids import ChargePointId, TransactionId
from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.json_text import read_object
from csms.store.listing import ListPage, ShardCursor, list_partitions, partitions_of
from csms.store.table import Item, Table

_KIND: Final = "ORPHAN"
_EXISTS: Final = Attr(keys.PARTITION_KEY).exists()
_UNRESOLVED: Final = Attr("resolution").not_exists()
_UNCLAIMED: Final = Attr("assigned_to").not_exists()


class Resolution(StrEnum):
    """How an operator dealt with an orphan."""

    ASSIGNED = "assigned"
    DISMISSED = "dismissed"


@dataclass(frozen=True)
class Orphan:
    """One message nobody could place."""

    charge_point_id: ChargePointId
    id: str
    action: str
    reason: str
    payload: JsonObject
    received_at: datetime
    transaction_id: TransactionId | None = None
    """The unknown transaction the message names, if it names one."""
    resolution: Resolution | None = None
    resolved_by: str | None = None
    resolved_at: datetime | None = None
    assigned_to: TransactionId | None = None
    """The transaction it goes to and no other; without a resolution somebody is about it, or died over it."""
    follows: datetime | None = None
    """When an earlier case of the same was dismissed, with all that had been received by then."""


class Orphans:
    """The orphan rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(
        self,
        charge_point_id: ChargePointId,
        action: str,
        reason: str,
        payload: JsonObject,
        received_at: datetime,
        *,
        transaction_id: int | None = None,
        same_as: Any = None,
    ) -> Orphan:
        """Keep a message; returns the orphan as it is stored, perhaps resolved already.

        A repetition finds itself: the id is a digest of the payload, or of `same_as` where many messages are one case.
        What comes after such a case was dismissed is another one.
        """
        attributes = {
            "charge_point_id": charge_point_id,
            "action": action,
            "reason": reason,
            "payload": json.dumps(payload, separators=(",", ":"), ensure_ascii=False),
            "received_at": format_timestamp(received_at),
            "transaction_id": transaction_id,
        }
        orphan_id, follows = digest([action, payload if same_as is None else same_as]), None
        while True:
            orphan = self._keep(charge_point_id, orphan_id, attributes | {"follows": follows})
            if same_as is None or orphan.resolved_at is None or orphan.resolution is not Resolution.DISMISSED:
                return orphan
            orphan_id, follows = digest([orphan_id, "followed"]), format_timestamp(orphan.resolved_at)

    def _keep(self, charge_point_id: ChargePointId, orphan_id: str, attributes: Item) -> Orphan:
        sort = f"{attributes['received_at']}#{charge_point_id}#{orphan_id}"
        entry = keys.IndexKey("GSI1", keys.list_partition(_KIND, keys.shard_of(charge_point_id)), sort)
        try:
            item = self._table.update(
                keys.orphan(charge_point_id, orphan_id),
                assign_once={**attributes, "orphan_id": orphan_id, **entry.attributes()},
                condition=_UNRESOLVED,
                returning="ALL_NEW",
            )
        except ConditionFailed as resolved:
            item = resolved.item or {}
        return _from_item(item)

    def get(self, charge_point_id: ChargePointId, orphan_id: str) -> Orphan | None:
        """One orphan."""
        item = self._table.get(keys.orphan(charge_point_id, orphan_id), consistent=True)
        return _from_item(item) if item else None

    def list(self, *, limit: int, cursor: ShardCursor | None = None) -> ListPage[Orphan]:
        """The orphans nobody has dealt with."""
        return list_partitions(self._table, partitions_of(_KIND), _from_item, limit=limit, cursor=cursor)

    def claim(self, orphan: Orphan, transaction_id: TransactionId) -> None:
        """Make it this transaction's before anything is done about it; once more is fine.

        Raises:
            ConditionFailed: it was dismissed, or is another transaction's.
        """
        self._table.update(
            keys.orphan(orphan.charge_point_id, orphan.id),
            assign={"assigned_to": transaction_id},
            condition=_EXISTS & ((_UNRESOLVED & _UNCLAIMED) | Attr("assigned_to").eq(transaction_id)),
        )

    def release(self, orphan: Orphan, transaction_id: TransactionId) -> None:
        """Take the claim back: nothing could be done for this transaction."""
        with suppress(ConditionFailed):
            self._table.update(
                keys.orphan(orphan.charge_point_id, orphan.id),
                remove=("assigned_to",),
                condition=_UNRESOLVED & Attr("assigned_to").eq(transaction_id),
            )

    def finish(self, orphan: Orphan, transaction_id: TransactionId, *, by: str, at: datetime) -> None:
        """Note that all is done for the transaction that has the claim; it leaves the list and stays on record.

        Raises:
            ConditionFailed: the transaction does not have it.
        """
        self._table.update(
            keys.orphan(orphan.charge_point_id, orphan.id),
            assign_once=_resolution(Resolution.ASSIGNED, by, at),
            remove=keys.index_attributes("GSI1"),
            condition=Attr("assigned_to").eq(transaction_id),
        )

    def dismiss(self, orphan: Orphan, *, by: str, at: datetime, reason: str) -> None:
        """Note that it belongs nowhere; it leaves the list and stays on record.

        Raises:
            ConditionFailed: it was dismissed, or goes to a transaction.
        """
        self._table.update(
            keys.orphan(orphan.charge_point_id, orphan.id),
            assign=_resolution(Resolution.DISMISSED, by, at) | {"resolved_reason": reason},
            remove=keys.index_attributes("GSI1"),
            condition=_EXISTS & _UNRESOLVED & _UNCLAIMED,
        )


def _resolution(resolution: Resolution, by: str, at: datetime) -> Item:
    return {"resolution": resolution.value, "resolved_by": by, "resolved_at": format_timestamp(at)}


def _from_item(item: Item) -> Orphan:
    return Orphan(
        charge_point_id=ChargePointId(item["charge_point_id"]),
        id=item["orphan_id"],
        action=item["action"],
        reason=item["reason"],
        payload=read_object(item["payload"]),
        received_at=parse_timestamp(item["received_at"]),
        transaction_id=item.get("transaction_id"),
        resolution=Resolution(item["resolution"]) if "resolution" in item else None,
        resolved_by=item.get("resolved_by"),
        resolved_at=_moment(item, "resolved_at"),
        assigned_to=item.get("assigned_to"),
        follows=_moment(item, "follows"),
    )


def _moment(item: Item, name: str) -> datetime | None:
    return parse_timestamp(item[name]) if name in item else None
