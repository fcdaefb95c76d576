"""The table's stream where there is none: what every write through `Table` changed, as records of the real shape."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import finish_calls.handler
from csms.store.table import Table
from infra.definitions import CHANGES_STREAM
from local.event_sources.patterns import matches

_KEY = ("PK", "SK")


@dataclass
class TableStream:
    """Records in the order of the writes; `deliver` hands them to `finish_calls` as its event-source mapping would."""

    records: list[dict[str, Any]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def deliver(self) -> dict[str, Any]:
        """Hand over what passes the filters, all at once; returns what the function answered."""
        wanted = [record for record in self.records if any(matches(each, record) for each in CHANGES_STREAM.patterns)]
        self.records.clear()
        answer: dict[str, Any] = finish_calls.handler.lambda_handler({"Records": wanted}, None)
        return answer

    def note(self, key: dict[str, Any], old: dict[str, Any] | None, new: dict[str, Any] | None, at: float) -> None:
        """Enter a change; DynamoDB enters none where nothing has changed."""
        if old == new:
            return
        self.records.append(record_of(next(self._numbers), key, old, new, at))


def record_of(
    number: int, key: dict[str, Any], old: dict[str, Any] | None, new: dict[str, Any] | None, at: float
) -> dict[str, Any]:
    """A change as the stream has it; everything with its types."""
    images = {"OldImage": old, "NewImage": new}
    return {
        "eventID": f"{number:032x}",
        "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": at,
            "Keys": key,
            **{name: image for name, image in images.items() if image is not None},
            "SequenceNumber": str(number),
            "SizeBytes": 1,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }


@contextmanager
def table_stream(now: Callable[[], float]) -> Iterator[TableStream]:
    """Record what is put and updated; batches of writes are left out."""
    stream = TableStream()
    call = vars(Table)["_call"]

    def recorded(table: Table, operation: str, **arguments: Any) -> dict[str, Any]:
        if operation not in {"put_item", "update_item", "delete_item"}:
            result: dict[str, Any] = call(table, operation, **arguments)
            return result
        item = arguments.get("Key") or arguments["Item"]
        key = {name: item[name] for name in _KEY}
        old = call(table, "get_item", Key=key).get("Item")
        result = call(table, operation, **arguments)
        stream.note(key, old, call(table, "get_item", Key=key).get("Item"), now())
        return result

    setattr(Table, "_call", recorded)  # noqa: B010
    try:
        yield stream
    finally:
        setattr(Table, "_call", call)  # noqa: B010
