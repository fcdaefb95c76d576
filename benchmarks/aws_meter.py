"""Counts and times AWS calls from outside the production code: CPU time, capacity units, operations."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
from botocore.client import BaseClient
from botocore.exceptions import ClientError

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
    calls_by_thread: Counter[int] = field(default_factory=Counter)

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
                failed = error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException"
                self._count(operation, _FAILED_WRITE if failed else [], time.thread_time_ns() - started)
                raise
            consumed = response.get("ConsumedCapacity", _unreported(operation, arguments))
            self._count(operation, consumed, time.thread_time_ns() - started)
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

    def _count(self, operation: str, consumed: Any, cpu_ns: int) -> None:
        spent, units = self.spent, _units(consumed)
        with self._lock:
            spent.aws_cpu_ns += cpu_ns
            spent.operations[operation] += 1
            spent.calls_by_thread[threading.get_ident()] += 1
            if operation in _READS:
                spent.read_units += units
            else:
                spent.write_units += units


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
