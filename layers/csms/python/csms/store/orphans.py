"""Orphans: charge data that belongs to no transaction yet, kept until an operator assigns or dismisses it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from csms.digest import digest
from csms.ids import ChargePointId, TransactionId
from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.listing import ListPage, ShardCursor, list_partitions, partitions_of
from csms.store.table import Item, Table

_KIND: Final = "ORPHAN"
_UNRESOLVED: Final = Attr("resolution").not_exists()


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
    resolution: str | None = None
    """How an operator dealt with it: `assigned` or `dismissed`."""
    resolved_by: str | None = None
    assigned_to: TransactionId | None = None


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
        """
        orphan_id = digest([action, payload if same_as is None else same_as])
        sort = f"{format_timestamp(received_at)}#{charge_point_id}#{orphan_id}"
        entry = keys.IndexKey("GSI1", keys.list_partition(_KIND, keys.shard_of(charge_point_id)), sort)
        try:
            item = self._table.update(
                keys.orphan(charge_point_id, orphan_id),
                assign_once={
                    "charge_point_id": charge_point_id,
                    "orphan_id": orphan_id,
                    "action": action,
                    "reason": reason,
                    "payload": json.dumps(payload, separators=(",", ":"), ensure_ascii=False),
                    "received_at": format_timestamp(received_at),
                    "transaction_id": transaction_id,
                    **entry.attributes(),
                },
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

    def resolve(
        self,
        orphan: Orphan,
        resolution: str,
        *,
        by: str,
        at: datetime,
        assigned_to: TransactionId | None = None,
        reason: str | None = None,
    ) -> None:
        """Note who dealt with it and how; it leaves the list and stays on record.

        Raises:
            ConditionFailed: somebody has already.
        """
        self._table.update(
            keys.orphan(orphan.charge_point_id, orphan.id),
            assign={
                "resolution": resolution,
                "resolved_by": by,
                "resolved_at": format_timestamp(at),
                "assigned_to": assigned_to,
                "resolved_reason": reason,
            },
            remove=keys.index_attributes("GSI1"),
            condition=Attr(keys.PARTITION_KEY).exists() & _UNRESOLVED,
        )


def _from_item(item: Item) -> Orphan:
    return Orphan(
        charge_point_id=ChargePointId(item["charge_point_id"]),
        id=item["orphan_id"],
        action=item["action"],
        reason=item["reason"],
        payload=json.loads(item["payload"]),
        received_at=parse_timestamp(item["received_at"]),
        transaction_id=item.get("transaction_id"),
        resolution=item.get("resolution"),
        resolved_by=item.get("resolved_by"),
        assigned_to=item.get("assigned_to"),
    )
