"""A whole table in memory: what an item becomes when it is stored, what is refused, and what a query finds."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, Final

from boto3.dynamodb.conditions import ConditionBase

from csms.store.errors import InvalidCursor
from csms.store.keys import INDEXES, PARTITION_KEY, SORT_KEY, Key
from csms.store.table import Cursor, Page, _check_cursor, _check_length, _fits, _from_wire, _to_wire
from proof.memory_table import Item, MemoryTable, holds

_LARGEST_ITEM: Final = 400 * 1024
_KEYS: Final = (PARTITION_KEY, SORT_KEY, *(f"{index}{part}" for index in INDEXES for part in ("PK", "SK")))
_HIGHEST: Final = chr(0x10FFFF)


class StoringTable(MemoryTable):
    """Stands in for `csms.store.table.Table`; `written` has the keys of all that was written or removed."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[Key] = []
        self.changes: list[tuple[Key, Item | None, Item | None]] = []
        """What single writes changed, from what to what: as the table's stream would have it."""

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        return super().get(key) if _fits(key) else None

    def get_many(self, keys: Sequence[Key], *, consistent: bool = False) -> list[Item]:
        return [item for key in dict.fromkeys(keys) if (item := self.get(key))]

    def put(self, key: Key, attributes: Mapping[str, Any], *, condition: ConditionBase | None = None) -> None:
        self._note(key)
        old = self.items.get(key)
        super().put(key, _stored(attributes), condition=condition)
        _check_item(self.items[key])
        self.changes.append((key, old, self.items[key]))

    def put_many(self, items: Mapping[Key, Mapping[str, Any]]) -> None:
        for key, attributes in items.items():
            self.put(key, attributes)

    def delete(self, key: Key, *, condition: ConditionBase | None = None) -> None:
        if _fits(key):
            self.written.append(key)
            super().delete(key, condition=condition)

    def delete_many(self, keys: Sequence[Key]) -> None:
        for key in keys:
            self.delete(key)

    def update(
        self, key: Key, *, add: Mapping[str, int | Set[str]] | None = None, remove: Any = (), **changes: Any
    ) -> Item:
        self._note(key)
        paths = [path.partition("[")[0] for path in remove] + list(add or {})
        for kind in ("assign", "assign_once", "append", "prepend"):
            changes[kind] = _stored(changes.get(kind) or {})
            paths += changes[kind]
        assert len(paths) == len(set(paths)), f"two document paths overlap: {paths}"
        old = self.items.get(key)
        if add:
            self._check(key, changes.get("condition"))
            changes["assign"] |= {name: _sum((old or {}).get(name), more) for name, more in add.items()}
        found = super().update(key, remove=remove, **changes)
        _check_item(self.items[key])
        self.changes.append((key, old, self.items[key]))
        return found

    def query(
        self,
        partition: str,
        *,
        prefix: str = "",
        between: tuple[str, str] | None = None,
        index: str | None = None,
        where: ConditionBase | None = None,
        limit: int | None = None,
        newest_first: bool = False,
        after: Cursor | None = None,
        consistent: bool = False,
    ) -> Page:
        if not _fits(Key(partition, prefix)):
            return Page([], None)
        assert not (index and consistent)
        pk, sk = (f"{index}PK", f"{index}SK") if index else (PARTITION_KEY, SORT_KEY)
        lowest, highest = between or (prefix, f"{prefix}{_HIGHEST}")
        assert lowest <= highest, "DynamoDB refuses bounds the wrong way round"
        if after:
            _check_cursor(after, {PARTITION_KEY, SORT_KEY, pk, sk})
            if after[pk] != partition or not lowest <= after[sk] <= highest:
                raise InvalidCursor("outside of these results")

        def place(item: Mapping[str, Any]) -> tuple[bytes, ...]:
            return tuple(item[name].encode() for name in (sk, PARTITION_KEY, SORT_KEY))

        found = [item for item in [*self.items.values()] if item.get(pk) == partition and lowest <= item[sk] <= highest]
        found.sort(key=place, reverse=newest_first)
        if after:
            found = [one for one in found if (place(one) < place(after)) == newest_first and place(one) != place(after)]
        page = found[: limit or None]
        is_cut = len(page) == limit
        cursor = {name: page[-1][name] for name in (PARTITION_KEY, SORT_KEY, pk, sk)} if is_cut else None
        return Page([item for item in page if where is None or holds(where, item)], cursor)

    def query_all(self, partition: str, **arguments: Any) -> Iterator[Item]:
        yield from self.query(partition, **arguments).items

    def count(self, partition: str, *, index: str) -> int:
        return len(self.query(partition, index=index).items)

    def _note(self, key: Key) -> None:
        _check_length(key)
        assert all(key), f"an empty key: {key}"
        self.written.append(key)


def _stored(attributes: Mapping[str, Any]) -> Item:
    """As boto3 writes and reads it; a value that it cannot write raises as it does there."""
    wire = _to_wire({name: value for name, value in attributes.items() if value is not None})
    return _from_wire(wire)


def _check_item(item: Item) -> None:
    for name in _KEYS:
        assert item.get(name, "-"), f"{name} is empty"
    size = len(repr(item).encode())  # lone surrogates raise, as they do on the way to DynamoDB
    assert size < _LARGEST_ITEM, f"an item of {size} bytes"


def _sum(stored: Any, more: int | Set[str]) -> Any:
    if isinstance(more, int):
        return (stored or 0) + more
    return set(stored or ()) | more
