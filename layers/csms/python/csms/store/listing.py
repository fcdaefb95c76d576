"""Lists of all things of a kind, page by page over the partitions of an index."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from boto3.dynamodb.conditions import Attr

from csms import schema
from csms.store import keys
from csms.store.errors import InvalidCursor
from csms.store.table import Cursor, Item, Table

T = TypeVar("T")

MOST_QUERIES: Final = 160
"""A page whose filter leaves little stays short rather than keep its reader waiting."""
ENOUGH_BYTES: Final = 250_000
"""A page of long items stays short: with what one more query may bring, and written as JSON within JSON, it must fit
the 6 MB that a function may answer."""


READABLE: Final = Attr("v").not_exists() | Attr("v").lte(schema.VERSION)
"""Of a schema that is known here; the others wait for who knows them, and keep nobody waiting."""


def read_each(items: Iterable[Item], read: Callable[[Item], T]) -> Iterator[T]:
    """Each item that can be read, before the others are complained about: they keep nobody waiting.

    Raises:
        ExceptionGroup: in the end, what went wrong with those that cannot.
    """
    failures = []
    for item in items:
        try:
            thing = read(item)
        except Exception as error:  # noqa: BLE001  whatever it is, it concerns this item alone
            error.add_note(f"{item[keys.PARTITION_KEY]} {item[keys.SORT_KEY]}")
            failures.append(error)
        else:
            yield thing
    if failures:
        raise ExceptionGroup("items that cannot be read", failures)


@dataclass(frozen=True)
class Partition:
    """A part of a list, in one partition of an index."""

    name: str
    index: str = "GSI1"
    prefix: str = ""
    between: tuple[str, str] | None = None
    newest_first: bool = False


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
    partitions: Sequence[Partition],
    read: Callable[[Item], T],
    *,
    limit: int,
    cursor: ShardCursor | None = None,
    matches: Callable[[T], bool] | None = None,
    most_queries: int = MOST_QUERIES,
    enough_bytes: int = ENOUGH_BYTES,
) -> ListPage[T]:
    """Up to `limit` things from several partitions, one partition after the other; fewer where they are long.

    Raises:
        InvalidCursor: the cursor is not one of this list.
    """
    things: list[T] = []
    size = 0
    number, after = (cursor.partition, cursor.after) if cursor else (0, None)
    if cursor and number not in range(len(partitions)):
        raise InvalidCursor("no such part of the list")
    while number < len(partitions) and len(things) < limit and size < enough_bytes and most_queries > 0:
        partition = partitions[number]
        page = table.query(
            partition.name,
            index=partition.index,
            prefix=partition.prefix,
            between=partition.between,
            newest_first=partition.newest_first,
            limit=limit - len(things),
            after=after,
        )
        for item in page.items:
            thing = read(item)
            if matches is None or matches(thing):
                things.append(thing)
                size += size_of(item)
        number, after = (number, page.cursor) if page.cursor else (number + 1, None)
        most_queries -= 1
    return ListPage(things, ShardCursor(number, after) if number < len(partitions) else None)


def size_of(thing: object) -> int:
    """About how many bytes it is, whatever it is."""
    return len(repr(thing).encode(errors="replace"))


def partitions_of(kind: str) -> list[Partition]:
    """The partitions that hold the list of a kind."""
    return [Partition(keys.list_partition(kind, shard)) for shard in range(keys.SHARDS)]
