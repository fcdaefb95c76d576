"""The table and the clients of the other services, over an AWS in memory; what `csms` uses of them, and no more."""

import io
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from csms import schema
from csms.store.keys import Key
from csms.store.table import _to_wire
from proof.fuzz.table import StoringTable
from proof.memory_table import Item
from tests.faulty.aws import BrokenAws, refusal
from tests.table_stream import TableStream


class RequestedTable:
    """In the place of `csms.store.table.Table`: each use of it is a request. Batches go out item by item."""

    def __init__(self, aws: BrokenAws) -> None:
        self._aws = aws

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def use(*arguments: Any, **named: Any) -> Any:
            return self._aws.request(lambda: getattr(_RecordingTable(self._aws), name)(*arguments, **named))

        return use

    def query_all(self, partition: str, **named: Any) -> Iterator[Item]:
        """Every item of a query."""
        yield from self.query(partition, **named).items

    def put_many(self, items: Mapping[Key, Item]) -> None:
        """Write whole items."""
        for key, item in items.items():
            self.put(key, item)

    def delete_many(self, keys: Sequence[Key]) -> None:
        """Remove items."""
        for key in keys:
            self.delete(key)


class _RecordingTable(StoringTable):
    """The items, whose stream has every change."""

    def __init__(self, aws: BrokenAws) -> None:
        super().__init__()
        self.items = aws.contents.items
        self._aws = aws

    def put(self, key: Key, attributes: Mapping[str, Any], **named: Any) -> None:
        old = self.items.get(key)
        super().put(key, {"v": schema.VERSION, **attributes}, **named)
        self._enter(key, old)

    def update(self, key: Key, **named: Any) -> Item:
        old = self.items.get(key)
        once = {"v": schema.VERSION, **(named.pop("assign_once", None) or {})}
        found = super().update(key, assign_once=once, **named)
        self._enter(key, old)
        return found

    def delete(self, key: Key, **named: Any) -> None:
        old = self.items.get(key)
        super().delete(key, **named)
        self._enter(key, old)

    def _enter(self, key: Key, old: Item | None) -> None:
        contents, new = self._aws.contents, self.items.get(key)
        if old == new:
            return
        wire_key = {"PK": {"S": key.partition}, "SK": {"S": key.sort}}
        stream = TableStream(contents.records, itertools.count(contents.number()))
        stream.note(wire_key, _image(old), _image(new), self._aws.now().timestamp())


def _image(item: Item | None) -> dict[str, Any] | None:
    return _to_wire(item) if item else None


class Sqs:
    """Queues; their URLs are their names."""

    def __init__(self, aws: BrokenAws) -> None:
        self._aws = aws

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> None:  # noqa: N803
        """One message."""
        self._aws.request(lambda: self._aws.send(QueueUrl, MessageBody, DelaySeconds))

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        """Up to ten."""
        assert 0 < len(Entries) <= _AT_ONCE

        def send(entries: list[dict[str, str]]) -> dict[str, Any]:
            for entry in entries:
                self._aws.send(QueueUrl, entry["MessageBody"])
            failed = [{"Id": entry["Id"]} for entry in Entries if entry not in entries]
            return {"Failed": failed} if failed else {}

        answer: dict[str, Any] = self._aws.request(lambda: send(Entries), half=lambda: send(Entries[::2][1:]))
        return answer


class Connections:
    """@connections of API Gateway, whose client makes one attempt."""

    def __init__(self, aws: BrokenAws) -> None:
        self._aws = aws

    def post_to_connection(self, *, ConnectionId: str, Data: bytes) -> None:  # noqa: N803
        """One frame."""
        self._aws.request(lambda: self._aws.post(ConnectionId, Data.decode()), is_repeatable=False)

    def delete_connection(self, *, ConnectionId: str) -> None:  # noqa: N803
        """Close it."""
        self._aws.request(lambda: self._aws.close(ConnectionId), is_repeatable=False)


class Events:
    """EventBridge, whose client makes one attempt."""

    def __init__(self, aws: BrokenAws) -> None:
        self._aws = aws

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        """Up to ten."""
        assert 0 < len(Entries) <= _AT_ONCE

        def put(entries: list[dict[str, Any]]) -> dict[str, Any]:
            self._aws.contents.bus.extend(entries)
            return {"Entries": [{"EventId": "e"} if each in entries else {"ErrorCode": "x"} for each in Entries]}

        answer: dict[str, Any] = self._aws.request(
            lambda: put(Entries), is_repeatable=False, half=lambda: put(Entries[1::2])
        )
        return answer


class StepFunctions:
    """Executions, and tasks that wait."""

    def __init__(self, aws: BrokenAws) -> None:
        self._aws = aws

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> None:  # noqa: A002, N803
        """Once under its name."""

        def start() -> None:
            if name in dict(self._aws.contents.executions):
                raise refusal(400, "ExecutionAlreadyExists")
            self._aws.contents.executions.append((name, input))

        self._aws.request(start)

    def send_task_success(self, *, taskToken: str, output: str) -> None:  # noqa: N803
        """End a task."""

        def complete() -> None:
            if self._aws.contents.tasks.get(taskToken, "no such task") is not None:
                raise refusal(400, "TaskTimedOut")
            self._aws.contents.tasks[taskToken] = json.loads(output)

        self._aws.request(complete)


class S3:
    """The objects of the one bucket."""

    def __init__(self, aws: BrokenAws) -> None:
        self._aws = aws

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> None:  # noqa: N803
        """Store it."""
        self._aws.request(lambda: self._aws.contents.objects.update({Key: Body}))

    def get_object(self, *, Key: str, Range: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Some bytes of it."""
        first, last = Range.removeprefix("bytes=").split("-")
        return {"Body": io.BytesIO(self._aws.request(lambda: self._find(Key))[int(first) : int(last) + 1])}

    def head_object(self, *, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        """How long it is."""
        return {"ContentLength": len(self._aws.request(lambda: self._find(Key)))}

    def delete_object(self, *, Key: str, **_: Any) -> None:  # noqa: N803
        """Remove it."""
        self._aws.request(lambda: self._aws.contents.objects.pop(Key, None))

    def generate_presigned_url(self, _operation: str, *, Params: Mapping[str, Any], **_: Any) -> str:  # noqa: N803
        """No request."""
        return f"https://files.example/{Params['Key']}"

    def _find(self, key: str) -> bytes:
        if key not in self._aws.contents.objects:
            raise refusal(404, "NoSuchKey")
        return self._aws.contents.objects[key]


class Kms:
    """One key, which hides nothing."""

    def __init__(self, aws: BrokenAws) -> None:
        self._aws = aws

    def encrypt(self, *, Plaintext: bytes, **_: Any) -> dict[str, bytes]:  # noqa: N803
        """Backwards."""
        return {"CiphertextBlob": self._aws.request(lambda: Plaintext[::-1])}

    def decrypt(self, *, CiphertextBlob: bytes, **_: Any) -> dict[str, bytes]:  # noqa: N803
        """Forwards."""
        return {"Plaintext": self._aws.request(lambda: CiphertextBlob[::-1])}


_AT_ONCE: Final = 10
