"""Lists of transactions, with the open ones of a single charge point taken from its connectors."""

from typing import Final

from csms.api.request import CurrentRequest
from csms.store.errors import InvalidCursor
from csms.store.listing import ENOUGH_BYTES, MOST_QUERIES, ListPage, ShardCursor
from csms.store.transactions import Transaction, TransactionFilter, TransactionState

_CSV_QUERIES: Final = 600
"""Half a year of days: some seconds."""
_CSV_BYTES: Final = 2_000_000
"""A row is shorter than what is stored."""


def list_matching(
    current: CurrentRequest, wanted: TransactionFilter, limit: int, place: ShardCursor | None
) -> ListPage[Transaction]:
    """A page of the transactions that fit.

    Raises:
        InvalidCursor: the place is not in this list.
    """
    if wanted.charge_point_id is None or wanted.state not in {None, TransactionState.OPEN}:
        return _list(current, wanted, limit, place)
    # Part 0 of this list are the open ones, the parts after it those of the store's.
    if place and place.partition:
        return _after_open(_list(current, wanted, limit, ShardCursor(place.partition - 1, place.after)), [])
    return _open_first(current, wanted, limit, _last_open(place))


def _open_first(
    current: CurrentRequest, wanted: TransactionFilter, limit: int, last_open: int
) -> ListPage[Transaction]:
    running = current.open_transactions(wanted.charge_point_id) if wanted.charge_point_id else []
    matching = [each for each in running if each.id > last_open and wanted.matches(each)]
    if len(matching) > limit:
        page = matching[:limit]
        return ListPage(page, ShardCursor(0, {"id": str(page[-1].id)}))
    if wanted.state is TransactionState.OPEN:
        return ListPage(matching, None)
    if len(matching) == limit:
        return ListPage(matching, ShardCursor(1, None))
    return _after_open(_list(current, wanted, limit - len(matching), None), matching)


def _after_open(page: ListPage[Transaction], before: list[Transaction]) -> ListPage[Transaction]:
    cursor = ShardCursor(page.cursor.partition + 1, page.cursor.after) if page.cursor else None
    return ListPage(before + page.things, cursor)


def _last_open(place: ShardCursor | None) -> int:
    if place is None:
        return 0
    try:
        return int((place.after or {})["id"])
    except (KeyError, ValueError) as error:
        raise InvalidCursor("not a cursor of this list") from error


def _list(
    current: CurrentRequest, wanted: TransactionFilter, limit: int, place: ShardCursor | None
) -> ListPage[Transaction]:
    most_queries, enough_bytes = (_CSV_QUERIES, _CSV_BYTES) if current.wants_csv else (MOST_QUERIES, ENOUGH_BYTES)
    return current.store.transactions.list(
        wanted, limit=limit, cursor=place, most_queries=most_queries, enough_bytes=enough_bytes
    )
