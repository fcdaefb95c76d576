"""Id tags: who may charge."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from csms.authorization import LONGEST_ID_TAG, AuthorizationStatus, IdTag
from csms.ids import ChargePointId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.listing import ListPage, ShardCursor, list_partitions, partitions_of
from csms.store.table import Item, Table

MOST_CACHED_BY: Final = 50
_KIND: Final = "TAG"
_EXISTS: Final = Attr(keys.PARTITION_KEY).exists()


class IdTags:
    """The id tag rows, found whatever the case of the tag."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, id_tag: str) -> IdTag | None:
        """The tag, or None when nobody knows it; longer than the specification allows, nobody can."""
        if not 0 < len(id_tag) <= LONGEST_ID_TAG:
            return None
        item = self._table.get(keys.tag(id_tag))
        return _from_item(item) if item else None

    def create(self, tag: IdTag) -> None:
        """Add a tag.

        Raises:
            ConditionFailed: it exists, in this or another case.
        """
        self._table.put(keys.tag(tag.id_tag), _to_item(tag), condition=Attr(keys.PARTITION_KEY).not_exists())

    def put(self, tag: IdTag) -> IdTag | None:
        """Add a tag or replace what it was; returns that, None if it is new. Untold groups stay noted."""
        attributes = _to_item(tag)
        old = self._table.update(
            keys.tag(tag.id_tag), assign=attributes, remove=_absent(attributes), returning="ALL_OLD"
        )
        return _from_item(old) if old else None

    def change(self, id_tag: str, changes: Mapping[str, Any]) -> IdTag:
        """Change these fields of a tag and no others; None clears one. Returns the tag as it is then.

        Raises:
            ConditionFailed: there is none.
        """
        attributes = _attributes_of(changes)
        item = self._table.update(
            keys.tag(id_tag), assign=attributes, remove=_absent(attributes), condition=_EXISTS, returning="ALL_NEW"
        )
        return _from_item(item)

    def delete(self, id_tag: str) -> None:
        """Remove a tag.

        Raises:
            ConditionFailed: there is none.
        """
        self._table.delete(keys.tag(id_tag), condition=_EXISTS)

    def note_cached(self, tag: IdTag, charge_point_id: ChargePointId) -> None:
        """Note that a charge point was told that the tag is accepted; what is known already costs nothing.

        So many are kept: from then on it may be any charge point.
        """
        if charge_point_id in tag.cached_by or is_cached_anywhere(tag):
            return
        with suppress(ConditionFailed):  # deleted meanwhile
            self._table.update(keys.tag(tag.id_tag), add={"cached_by": {charge_point_id}}, condition=_EXISTS)

    def note_told(self, id_tag: str) -> None:
        """Note that nobody is left to be told that it was withdrawn."""
        with suppress(ConditionFailed):  # deleted meanwhile
            self._table.update(keys.tag(id_tag), remove=("untold_groups",), condition=_EXISTS)

    def list(self, *, limit: int, cursor: ShardCursor | None = None) -> ListPage[IdTag]:
        """All tags, a page at a time."""
        return list_partitions(self._table, partitions_of(_KIND), _from_item, limit=limit, cursor=cursor)


def is_cached_anywhere(tag: IdTag) -> bool:
    """Whether too many charge points may have cached the tag to say which."""
    return len(tag.cached_by) >= MOST_CACHED_BY


def _absent(attributes: Mapping[str, Any]) -> list[str]:
    return [name for name, value in attributes.items() if value is None]


def _to_item(tag: IdTag) -> dict[str, Any]:
    fields = {name: value for name, value in vars(tag).items() if name not in {"cached_by", "untold_groups"}}
    noted = {} if tag.untold_groups is None else {"untold_groups": list(tag.untold_groups)}
    return _attributes_of(fields) | noted | keys.listed(_KIND, tag.id_tag.upper()).attributes()


def _attributes_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an `IdTag`, all or some, as they are stored; None where there is nothing to store."""
    return {name: _written(value) for name, value in fields.items()}


def _written(value: Any) -> Any:
    match value:
        case AuthorizationStatus():
            return value.value
        case datetime():
            return format_timestamp(value)
        case tuple():
            return list(value) or None
        case _:
            return value


def _from_item(item: Item) -> IdTag:
    return IdTag(
        id_tag=item["id_tag"],
        status=AuthorizationStatus(item["status"]),
        expiry_date=parse_timestamp(item["expiry_date"]) if "expiry_date" in item else None,
        parent_id_tag=item.get("parent_id_tag"),
        groups=tuple(item.get("groups", ())),
        max_active_transactions=item.get("max_active_transactions"),
        note=item.get("note"),
        cached_by=frozenset(item.get("cached_by", ())),
        untold_groups=tuple(item["untold_groups"]) if "untold_groups" in item else None,
    )
