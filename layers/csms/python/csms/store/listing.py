"""Lists of all things of a kind, page by page over the shards of an index."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from boto3.dynamodb.conditions import ConditionBase

from csms.store import keys
from csms.store.table import Cursor, Item, Table

T = TypeVar("T")


@dataclass(frozen=True)
class ShardCursor:
    """Where a list goes on: in which partition, after which item."""

    partition: int
    after: Cursor | None


@dataclass(frozen=True)
class ListPage(Generic[T]):
    """Some things of a list; `cursor` is None when that was all."""

    things: list[T]
    cursor: ShardCursor | None


def list_partitions(
    table: Table,
    partitions: Sequence[str],
    read: Callable[[Item], T],
    *,
    index: str | None = "GSI1",
    limit: int,
    cursor: ShardCursor | None = None,
    prefix: str = "",
    between: tuple[str, str] | None = None,
    where: ConditionBase | None = None,
    newest_first: bool = False,
) -> ListPage[T]:
    """Up to `limit` things from several partitions, one partition after the other."""
    things: list[T] = []
    number, after = (cursor.partition, cursor.after) if cursor else (0, None)
    while number < len(partitions):
        page = table.query(
            partitions[number],
            index=index,
            prefix=prefix,
            between=between,
            where=where,
            limit=limit - len(things),
            newest_first=newest_first,
            after=after,
        )
        things += map(read, page.items)
        number, after = (number, page.cursor) if page.cursor else (number + 1, None)
        if len(things) >= limit:
            break
    return ListPage(things, ShardCursor(number, after) if number < len(partitions) else None)


def partitions_of(kind: str) -> list[str]:
    """The partitions that hold the list of a kind."""
    return [keys.list_partition(kind, shard) for shard in range(keys.SHARDS)]
