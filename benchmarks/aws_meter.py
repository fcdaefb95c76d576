"""Counts and times AWS calls from outside the production code: CPU time, capacity units, operations."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from csms.store.keys import PARTITION_KEY, SORT_KEY

_READS: Final = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})
_FAILED_WRITE: Final = {"CapacityUnits": 1.0}
"""A failed condition is charged and its error does not say how much; our items on condition are below 1 KB."""


@dataclass
class Spent:
    """What one invocation spent on AWS."""

    aws_cpu_ns: int = 0
    write_units: float = 0.0
    read_units: float = 0.0
    operations: Counter[str] = field(default_factory=Counter)
    units_by_place: Counter[str] = field(default_factory=Counter)
    """Write units by what they were spent on: the kind of item, as `place_of` tells it, or the index."""
    reads_by_place: Counter[str] = field(default_factory=Counter)
    """Read units of single items, likewise."""
    item_bytes: dict[str, int] = field(default_factory=dict)
    """How large the items of a kind are that were written, where the call tells."""
    calls_by_thread: Counter[int] = field(default_factory=Counter)
    meter_cpu_ns: int = 0
    """What counting it cost: nobody's."""
    cpu_ns: int = 0
    """All of it, where whoever invokes takes it."""

    @property
    def own_cpu_ns(self) -> int:
        """Outside of botocore's clients."""
        return self.cpu_ns - self.aws_cpu_ns - self.meter_cpu_ns

    @property
    def calls_in_a_row(self) -> int:
        """How many calls one after the other it comes to, where threads share some of them."""
        own = self.calls_by_thread[threading.get_ident()]
        return own + max((n for ident, n in self.calls_by_thread.items() if ident != threading.get_ident()), default=0)


class AwsMeter:
    """Sees every call that a botocore client of this process makes while it is installed."""

    def __init__(self, *, counts_units: bool = False) -> None:
        self.counts_units = counts_units
        """Asking for the units costs CPU time: they are counted in laps of their own."""
        self.spent = Spent()
        self._lock = threading.Lock()

    def reset(self) -> None:
        """Begin with the next invocation."""
        self.spent = Spent()

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Watch; clients must be made while installed for their units to be counted."""
        call = vars(BaseClient)["_make_api_call"]

        def metered(client: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
            started = time.thread_time_ns()
            try:
                response = call(client, operation, arguments)
            except ClientError as error:
                ended = time.thread_time_ns()
                failed = error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException"
                self._count(operation, arguments, _FAILED_WRITE if failed else [], ended - started)
                self._take_off_since(ended)
                raise
            ended = time.thread_time_ns()
            consumed = response.get("ConsumedCapacity", _unreported(operation, arguments))
            self._count(operation, arguments, consumed, ended - started)
            self._weigh(arguments, response)
            self._take_off_since(ended)
            return response

        boto3.setup_default_session()
        assert boto3.DEFAULT_SESSION is not None
        ask: Any = self._ask_for_units  # the stubs know no hook that returns something
        boto3.DEFAULT_SESSION.events.register("provide-client-params.dynamodb", ask)
        patched: Any = BaseClient
        patched._make_api_call = metered
        try:
            yield
        finally:
            patched._make_api_call = call
            boto3.DEFAULT_SESSION = None

    def _ask_for_units(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**params, "ReturnConsumedCapacity": "INDEXES"} if self.counts_units else params

    def _take_off_since(self, ended_ns: int) -> None:
        with self._lock:
            self.spent.meter_cpu_ns += time.thread_time_ns() - ended_ns

    def _weigh(self, arguments: dict[str, Any], response: dict[str, Any]) -> None:
        item = arguments.get("Item") or response.get("Attributes")
        if item and PARTITION_KEY in item and arguments.get("ReturnValues") != "ALL_OLD":
            self.spent.item_bytes[place_of(item)] = item_bytes(item)

    def _count(self, operation: str, arguments: dict[str, Any], consumed: Any, cpu_ns: int) -> None:
        spent, units, places = self.spent, _units(consumed), _units_by_place(arguments, consumed)
        with self._lock:
            spent.aws_cpu_ns += cpu_ns
            spent.operations[operation] += 1
            spent.calls_by_thread[threading.get_ident()] += 1
            if operation in _READS:
                spent.read_units += units
                spent.reads_by_place.update(places)
            else:
                spent.write_units += units
                spent.units_by_place.update(places)


def _unreported(operation: str, arguments: dict[str, Any]) -> list[dict[str, float]]:
    """MiniStack tells no units of a BatchGetItem: half a unit per key, found or not; twice that if consistent."""
    if operation != "BatchGetItem":
        return []
    tables = arguments["RequestItems"].values()
    return [{"CapacityUnits": len(one["Keys"]) * (1.0 if one.get("ConsistentRead") else 0.5)} for one in tables]


def _units(consumed: Any) -> float:
    """`CapacityUnits` is the total: the table and every index touched. BatchGetItem has a list, one per table."""
    tables = consumed if isinstance(consumed, list) else [consumed]
    return float(sum(table["CapacityUnits"] for table in tables))


def place_of(key: Mapping[str, Any]) -> str:
    """The kind of an item: what its two keys begin with, `CP/LINK` or `TX`; a time in the sort key says nothing."""
    partition, sort = (key[name]["S"].partition("#")[0] for name in (PARTITION_KEY, SORT_KEY))
    return partition if partition == sort or not sort.isalpha() else f"{partition}/{sort}"


def item_bytes(item: Mapping[str, Any]) -> int:
    """What DynamoDB stores and bills for an item: names and values, and 100 bytes of its own."""
    return 100 + sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    (kind, content), *_ = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return len(content) // 2 + 2
        case "B":
            return len(content)
        case "L":
            return 3 + sum(1 + _value_bytes(each) for each in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_bytes(each) for name, each in content.items())
        case _:
            return 1


def _units_by_place(arguments: Mapping[str, Any], consumed: Any) -> dict[str, float]:
    key = arguments.get("Key") or arguments.get("Item")
    if key is None or not isinstance(consumed, dict):
        return {}
    indexes = {name: one["CapacityUnits"] for name, one in consumed.get("GlobalSecondaryIndexes", {}).items()}
    return {place_of(key): consumed.get("Table", consumed)["CapacityUnits"], **indexes}
