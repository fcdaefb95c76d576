"""A table in memory that judges the real conditions: fast enough for a million states.

What it knows of DynamoDB is what `csms.store` uses of it, and moto is asked whether it is so (`test_memory_table.py`).
"""

import operator
import re
from collections.abc import Callable, Collection, Mapping, Set
from typing import Any, Final, Literal

from boto3.dynamodb import conditions
from boto3.dynamodb.conditions import AttributeBase, ConditionBase

from csms.store.errors import ConditionFailed
from csms.store.keys import PARTITION_KEY, SORT_KEY, Key

Item = dict[str, Any]
_ABSENT: Final = object()
_ELEMENT: Final = re.compile(r"(.+)\[(\d+)\]")
_COMPARISONS: Final[dict[type[ConditionBase], Callable[[Any, Any], bool]]] = {
    conditions.Equals: operator.eq,
    conditions.NotEquals: operator.ne,
    conditions.LessThan: operator.lt,
    conditions.LessThanEquals: operator.le,
    conditions.GreaterThan: operator.gt,
    conditions.GreaterThanEquals: operator.ge,
    conditions.Contains: operator.contains,
    conditions.In: lambda a, b: a in b,
}


class MemoryTable:
    """Items are never changed in place: a copy of the dictionary is a copy of the table."""

    def __init__(self, items: dict[Key, Item] | None = None) -> None:
        self.items = {} if items is None else items

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        """One item; every read is consistent here."""
        return self.items.get(key)

    def put(self, key: Key, attributes: Mapping[str, Any], *, condition: ConditionBase | None = None) -> None:
        """Write a whole item."""
        self._check(key, condition)
        self.items[key] = _keyed(key) | _present(attributes)

    def update(
        self,
        key: Key,
        *,
        assign: Mapping[str, Any] | None = None,
        assign_once: Mapping[str, Any] | None = None,
        add: Mapping[str, int | Set[str]] | None = None,
        append: Mapping[str, list[Any]] | None = None,
        prepend: Mapping[str, list[Any]] | None = None,
        remove: Collection[str] = (),
        condition: ConditionBase | None = None,
        returning: Literal["NONE", "ALL_NEW", "ALL_OLD"] = "NONE",
    ) -> Item:
        """Change attributes of an item."""
        assert not add, "not needed here"
        self._check(key, condition)
        old = self.items.get(key, {})
        new = _present(assign_once or {}) | _keyed(key) | old | _present(assign or {})
        for name, values in (append or {}).items():
            new[name] = [*old.get(name, []), *values]
        for name, values in (prepend or {}).items():
            new[name] = [*values, *old.get(name, [])]
        for path in remove:
            _remove(new, path)
        self.items[key] = new
        return {"NONE": {}, "ALL_NEW": new, "ALL_OLD": old}[returning]

    def delete(self, key: Key, *, condition: ConditionBase | None = None) -> None:
        """Remove an item."""
        self._check(key, condition)
        self.items.pop(key, None)

    def _check(self, key: Key, condition: ConditionBase | None) -> None:
        item = self.items.get(key)
        if condition is not None and not holds(condition, item or {}):
            raise ConditionFailed(item)


def holds(condition: ConditionBase, item: Item) -> bool:
    """Whether an item fulfils a condition. A comparison with what is not there is false; that it differs is true."""
    first, *rest = condition._values  # type: ignore[attr-defined]
    match condition:
        case conditions.And():
            return holds(first, item) and holds(rest[0], item)
        case conditions.Or():
            return holds(first, item) or holds(rest[0], item)
        case conditions.Not():
            return not holds(first, item)
        case conditions.AttributeExists() | conditions.AttributeNotExists():
            return (_value(first, item) is _ABSENT) == isinstance(condition, conditions.AttributeNotExists)
    left, right = _value(first, item), _value(rest[0], item)
    if left is _ABSENT or right is _ABSENT:
        return isinstance(condition, conditions.NotEquals)
    return _COMPARISONS[type(condition)](left, right)


def _value(operand: Any, item: Item) -> Any:
    if isinstance(operand, conditions.Size):
        found = _value(operand._values[0], item)  # type: ignore[attr-defined]
        return found if found is _ABSENT else len(found)
    return _at(item, operand.name) if isinstance(operand, AttributeBase) else operand


def _at(item: Any, path: str) -> Any:
    for name in path.split("."):
        element = _ELEMENT.fullmatch(name)
        item = item.get(element[1] if element else name, _ABSENT) if isinstance(item, dict) else _ABSENT
        if element and item is not _ABSENT:
            number = int(element[2])
            item = item[number] if number < len(item) else _ABSENT
        if item is _ABSENT:
            return _ABSENT
    return item


def _remove(item: Item, path: str) -> None:
    element = _ELEMENT.fullmatch(path)
    if element is None:
        item.pop(path, None)
        return
    values, number = list(item.get(element[1], [])), int(element[2])
    item[element[1]] = values[:number] + values[number + 1 :]


def _keyed(key: Key) -> Item:
    return {PARTITION_KEY: key.partition, SORT_KEY: key.sort}


def _present(attributes: Mapping[str, Any]) -> Item:
    return {name: value for name, value in attributes.items() if value is not None}
