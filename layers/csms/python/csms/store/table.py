"""The table as plain Python dictionaries: the one place that talks to DynamoDB."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from boto3.dynamodb.conditions import ATTR_NAME_REGEX, And, AttributeBase, ConditionBase, Or
from boto3.dynamodb.conditions import Key as KeyCondition
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from csms import schema
from csms.store.errors import ConditionFailed, DeadlineExceeded, InvalidCursor, KeyTooLong
from csms.store.keys import PARTITION_KEY, SORT_KEY, Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
Cursor = dict[str, str]
"""Where a query goes on: the key attributes of the last item, all of them strings."""

_BATCH_GET_LIMIT: Final = 100
_BATCH_WRITE_LIMIT: Final = 25
_HIGHEST: Final = chr(0x10FFFF)
_LONGEST_PARTITION_KEY: Final = 2048
_LONGEST_SORT_KEY: Final = 1024
"""Bytes that DynamoDB takes."""


@dataclass(frozen=True)
class Page:
    """A page of a query; `cursor` is None on the last one."""

    items: list[Item]
    cursor: Cursor | None


class Table:
    """Reads and writes items; every write is conditional where the caller says so.

    All calls raise botocore's errors untouched, except a failed condition: `ConditionFailed`. An item of a newer schema
    is not read: `NewerSchemaError`. Keys hold what others
    name: under one that is too long there is nothing to read or remove, and nothing is written (`KeyTooLong`).
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self._name = name

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        """One item, eventually consistent (half the price) unless asked otherwise."""
        if not _fits(key):
            return None
        response = self._call("get_item", Key=_key(key), ConsistentRead=consistent)
        return _from_wire(response["Item"]) if "Item" in response else None

    def get_many(self, keys: Sequence[Key], *, consistent: bool = False) -> list[Item]:
        """Those of the items that exist, in no particular order; eventually consistent unless asked otherwise."""
        items: list[Item] = []
        wanted = [_key(key) for key in keys if _fits(key)]
        for first in range(0, len(wanted), _BATCH_GET_LIMIT):
            batch = wanted[first : first + _BATCH_GET_LIMIT]
            requested: Any = {self._name: {"Keys": batch, "ConsistentRead": consistent}}
            while requested:
                response = self._call("batch_get_item", with_table=False, RequestItems=requested)
                items += [_from_wire(item) for item in response["Responses"].get(self._name, [])]
                requested = response.get("UnprocessedKeys")
        return items

    def put(self, key: Key, attributes: Mapping[str, Any], *, condition: ConditionBase | None = None) -> None:
        """Write a whole item; attributes that are None are left out."""
        expression = _Expression(condition)
        self._call("put_item", Item=_new_item(key, attributes), **expression.arguments())

    def put_many(self, items: Mapping[Key, Mapping[str, Any]]) -> None:
        """Write whole items, each as `put` does, without any condition and not all or none of them."""
        self._write_many([{"PutRequest": {"Item": _new_item(key, values)}} for key, values in items.items()])

    def delete_many(self, keys: Sequence[Key]) -> None:
        """Delete items, not all or none of them."""
        self._write_many([{"DeleteRequest": {"Key": _key(key)}} for key in keys if _fits(key)])

    def _write_many(self, requests: Sequence[Any]) -> None:
        for first in range(0, len(requests), _BATCH_WRITE_LIMIT):
            requested: Any = {self._name: requests[first : first + _BATCH_WRITE_LIMIT]}
            while requested:
                response = self._call("batch_write_item", with_table=False, RequestItems=requested)
                requested = response.get("UnprocessedItems")

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
        """Change attributes of an item, creating it unless the condition forbids; returns what `returning` says.

        `assign` leaves out None; `assign_once` keeps a value that is already there; `add` counts up, and joins sets;
        `append` and `prepend` extend lists, which `remove` takes elements from (`waiting[0]`). The schema version of an
        item stays what it was.
        """
        _check_length(key)
        expression = _Expression(condition)
        expression.assign(_present(assign or {}))
        expression.assign_once({"v": schema.VERSION, **_present(assign_once or {})})
        expression.add(add or {})
        expression.extend(append or {}, prepend or {})
        expression.remove(remove)
        response = self._call("update_item", Key=_key(key), ReturnValues=returning, **expression.arguments())
        return _from_wire(response.get("Attributes", {}))

    def delete(self, key: Key, *, condition: ConditionBase | None = None) -> None:
        """Remove an item; removing what is not there is fine."""
        if _fits(key):
            self._call("delete_item", Key=_key(key), **_Expression(condition).arguments())

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
        """One page of a partition in sort key order, `prefix` or `between` narrowing the sort key.

        Eventually consistent unless asked otherwise, which an index cannot be.

        Raises:
            InvalidCursor: `after` is no place in these results.
        """
        if not _fits(Key(partition, prefix)):
            return Page([], None)
        partition_name, sort_name = (f"{index}PK", f"{index}SK") if index else (PARTITION_KEY, SORT_KEY)
        if after:
            _check_cursor(after, {PARTITION_KEY, SORT_KEY, partition_name, sort_name})
            lowest, highest = between or (prefix, f"{prefix}{_HIGHEST}")
            if after[partition_name] != partition or not lowest <= after[sort_name] <= highest:
                raise InvalidCursor("outside of these results")
        condition: ConditionBase = KeyCondition(partition_name).eq(partition)
        if between:
            condition &= KeyCondition(sort_name).between(*between)
        elif prefix:
            condition &= KeyCondition(sort_name).begins_with(prefix)
        expression = _Expression()
        arguments: dict[str, Any] = {"KeyConditionExpression": expression.text(condition)}
        if where is not None:
            arguments["FilterExpression"] = expression.text(where)
        if index:
            arguments["IndexName"] = index
        if consistent:
            arguments["ConsistentRead"] = True
        if limit:
            arguments["Limit"] = limit
        if after:
            arguments["ExclusiveStartKey"] = _to_wire(after)
        response = self._call("query", ScanIndexForward=not newest_first, **arguments, **expression.arguments())
        last = response.get("LastEvaluatedKey")
        return Page([_from_wire(item) for item in response["Items"]], _from_wire(last) if last else None)

    def count(self, partition: str, *, index: str) -> int:
        """How many items a partition of an index has; costs what reading them costs, but for sending them."""
        expression = _Expression()
        condition = expression.text(KeyCondition(f"{index}PK").eq(partition))
        arguments: dict[str, Any] = {"IndexName": index, "Select": "COUNT", "KeyConditionExpression": condition}
        arguments |= expression.arguments()
        total: int = 0
        while True:
            page = self._call("query", **arguments)
            total += int(page["Count"])
            if "LastEvaluatedKey" not in page:
                return total
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def query_all(self, partition: str, **arguments: Any) -> Iterator[Item]:
        """Every item of a query, page after page. For partitions known to be small."""
        page = self.query(partition, **arguments)
        yield from page.items
        while page.cursor:
            page = self.query(partition, **{**arguments, "after": page.cursor})
            yield from page.items

    def _call(self, operation: str, *, with_table: bool = True, **arguments: Any) -> dict[str, Any]:
        _check_deadline()
        if with_table:
            arguments["TableName"] = self._name
        try:
            response: dict[str, Any] = getattr(self._client, operation)(**arguments)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            old: Any = error.response.get("Item")
            raise ConditionFailed(_from_wire(old) if old else None) from error
        return response


def _check_cursor(after: Cursor, names: set[str]) -> None:
    """Clients hand cursors back; DynamoDB fails on one that it could not have made itself."""
    if after.keys() != names or not all(0 < len(value.encode()) <= _LONGEST_SORT_KEY for value in after.values()):
        raise InvalidCursor("not a cursor of this list")


_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Let no call start later than this from now, so that the handler can still answer in OCPP."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def _check_deadline() -> None:
    moment = _deadline.get()
    if moment is not None and time.monotonic() > moment:
        raise DeadlineExceeded("no time left for another call")


_PAIRS: Final = (And, Or)


class _Expression:
    """The expressions of one request and the names and values they share."""

    def __init__(self, condition: ConditionBase | None = None) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self._clauses: dict[str, list[str]] = {}
        self._condition = None if condition is None else self.text(condition)

    def text(self, condition: ConditionBase) -> str:
        """What boto3's own builder makes of a condition, in a third of its time: every message has some."""
        parts = condition.get_expression()
        if isinstance(condition, _PAIRS):
            return f"({self.text(parts['values'][0])} {parts['operator']} {self.text(parts['values'][1])})"
        operands = [self._operand(value, condition) for value in parts["values"]]
        return str(parts["format"].format(*operands, operator=parts["operator"]))

    def _operand(self, value: Any, condition: ConditionBase) -> str:
        if isinstance(value, ConditionBase):
            return self.text(value)
        if isinstance(value, AttributeBase):
            return self._path(value.name)
        if condition.has_grouped_values:
            return f"({', '.join(map(self._value, value))})"
        return self._value(value)

    def assign(self, attributes: Mapping[str, Any]) -> None:
        for name, value in attributes.items():
            self._clause("SET", f"{self._name(name)} = {self._value(value)}")

    def assign_once(self, attributes: Mapping[str, Any]) -> None:
        for name, value in attributes.items():
            placeholder = self._name(name)
            self._clause("SET", f"{placeholder} = if_not_exists({placeholder}, {self._value(value)})")

    def add(self, attributes: Mapping[str, int | Set[str]]) -> None:
        for name, value in attributes.items():
            self._clause("ADD", f"{self._name(name)} {self._value(value)}")

    def extend(self, append: Mapping[str, list[Any]], prepend: Mapping[str, list[Any]]) -> None:
        for name, values in append.items():
            stored, more = f"if_not_exists({self._name(name)}, {self._value([])})", self._value(values)
            self._clause("SET", f"{self._name(name)} = list_append({stored}, {more})")
        for name, values in prepend.items():
            stored, more = f"if_not_exists({self._name(name)}, {self._value([])})", self._value(values)
            self._clause("SET", f"{self._name(name)} = list_append({more}, {stored})")

    def remove(self, attributes: Collection[str]) -> None:
        for path in attributes:
            self._clause("REMOVE", self._path(path))

    def arguments(self) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        if self._clauses:
            arguments["UpdateExpression"] = " ".join(f"{verb} {', '.join(c)}" for verb, c in self._clauses.items())
        if self._condition:
            arguments["ConditionExpression"] = self._condition
            arguments["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if self._names:
            arguments["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in self._names.items()}
        if self._values:
            arguments["ExpressionAttributeValues"] = _to_wire(self._values)
        return arguments

    def _clause(self, verb: str, text: str) -> None:
        self._clauses.setdefault(verb, []).append(text)

    def _path(self, path: str) -> str:
        """Of an attribute, or of what is within (`flight.call_id`, `waiting[0]`)."""
        return self._name(path) if path.isidentifier() else ATTR_NAME_REGEX.sub(lambda name: self._name(name[0]), path)

    def _name(self, name: str) -> str:
        return self._names.setdefault(name, f"#n{len(self._names)}")

    def _value(self, value: object) -> str:
        placeholder = f":v{len(self._values)}"
        self._values[placeholder] = value
        return placeholder


class _Deserializer(TypeDeserializer):
    """Numbers are integers here: energy, counts, epoch seconds. Binaries are bytes."""

    def _deserialize_n(self, value: str) -> int:
        return int(value)

    def _deserialize_b(self, value: bytes) -> bytes:
        return value


_serializer: Final = TypeSerializer()
_deserializer: Final = _Deserializer()


_TOO_LARGE: Final = 10**38
"""For a number of DynamoDB, which boto3 refuses."""


def _to_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """Most values are texts or integers, for which boto3 looks too long."""
    return {name: _wire(value) for name, value in item.items()}


def _wire(value: Any) -> Any:
    if type(value) is str:
        return {"S": value}
    if type(value) is int and abs(value) < _TOO_LARGE:
        return {"N": str(value)}
    return _serializer.serialize(value)


def _from_wire(item: Mapping[str, Any]) -> Item:
    found = {name: _value(wire) for name, wire in item.items()}
    schema.check(found.get("v"))
    return found


def _value(wire: Any) -> Any:
    if "S" in wire:
        return wire["S"]
    return int(wire["N"]) if "N" in wire else _deserializer.deserialize(wire)


def from_image(image: Mapping[str, Any]) -> Item:
    """An item as the table's stream has it, binaries in base64."""
    return _from_wire(image)


def _new_item(key: Key, attributes: Mapping[str, Any]) -> dict[str, Any]:
    _check_length(key)
    return _to_wire({PARTITION_KEY: key.partition, SORT_KEY: key.sort, "v": schema.VERSION, **_present(attributes)})


def _fits(key: Key) -> bool:
    return len(key.partition.encode()) <= _LONGEST_PARTITION_KEY and len(key.sort.encode()) <= _LONGEST_SORT_KEY


def _check_length(key: Key) -> None:
    if not _fits(key):
        raise KeyTooLong("too long to be kept")


def _key(key: Key) -> dict[str, Any]:
    return {PARTITION_KEY: {"S": key.partition}, SORT_KEY: {"S": key.sort}}


def _present(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}
