"""Reservations: each from the charge point's acceptance to whatever ended it [S 5.13].

accepted | unknown --> used | cancelled | expired | ended
                          ^ a start reported late       |
                          `------ expired --------------'
"""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from csms.ids import CallId, ChargePointId, ReservationId, TransactionId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.listing import READABLE, ListPage, Partition, ShardCursor, list_partitions, read_each
from csms.store.table import Cursor, Item, Table

DUE_KIND: Final = "RESERVATION"
_KEEP: Final = timedelta(days=90)
_LATEST: Final = datetime.max.replace(tzinfo=UTC) - _KEEP


class ReservationState(StrEnum):
    """Where a reservation is in its life."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    """The charge point did not say whether it accepted."""
    USED = "used"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    ENDED = "ended"
    """By a fault, or the charge point does not know of it."""


OPEN_STATES: Final = frozenset({ReservationState.ACCEPTED, ReservationState.UNKNOWN})


@dataclass(frozen=True)
class Reservation:
    """One reservation. Connector 0: any connector of the charge point."""

    charge_point_id: ChargePointId
    id: ReservationId
    connector_id: int
    id_tag: str
    expiry_date: datetime
    reserved_at: datetime
    """When the station was asked."""
    call_id: CallId
    """The call that made it; a later call with the same reservation id makes another."""
    parent_id_tag: str | None = None
    state: ReservationState = ReservationState.ACCEPTED
    ended_at: datetime | None = None
    reason: str | None = None
    """What ended it, where the state does not say."""
    transaction_id: TransactionId | None = None
    """The transaction that used it."""

    def state_at(self, now: datetime) -> ReservationState:
        """The state, also before somebody has noticed that its time is up."""
        return ReservationState.EXPIRED if self.state in OPEN_STATES and self.expiry_date <= now else self.state

    def is_open(self, now: datetime) -> bool:
        """Whether it may still be held."""
        return self.state_at(now) in OPEN_STATES


@dataclass(frozen=True)
class Ending:
    """How a reservation ends."""

    state: ReservationState
    at: datetime
    reason: str | None = None
    transaction_id: TransactionId | None = None


@dataclass(frozen=True)
class ReservationPage:
    """Some reservations; `cursor` is None when that was all."""

    reservations: list[Reservation]
    cursor: Cursor | None


class Reservations:
    """The reservation rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(self, reservation: Reservation) -> None:
        """Record a reservation in place of an earlier one of the same id; one of this call or a later stays."""
        is_earlier = Attr("reserved_at").not_exists() | Attr("reserved_at").lt(
            format_timestamp(reservation.reserved_at)
        )
        with suppress(ConditionFailed):
            self._table.put(
                keys.reservation(reservation.charge_point_id, reservation.id),
                _to_item(reservation),
                condition=is_earlier,
            )

    def get(self, charge_point_id: ChargePointId, reservation_id: ReservationId) -> Reservation | None:
        """One reservation, strongly consistent."""
        item = self._table.get(keys.reservation(charge_point_id, reservation_id), consistent=True)
        return _from_item(item) if item else None

    def open_of(self, charge_point_id: ChargePointId) -> list[Reservation]:
        """The reservations of a charge point that nothing has ended, the first to expire first."""
        items = self._table.query_all(
            keys.charge_point_partition(charge_point_id),
            prefix=keys.RESERVATION_PREFIX,
            where=Attr("state").is_in([state.value for state in OPEN_STATES]),
        )
        return sorted(map(_from_item, items), key=lambda reservation: reservation.expiry_date)

    def of_charge_point(
        self, charge_point_id: ChargePointId, *, limit: int, after: Cursor | None = None
    ) -> ReservationPage:
        """The charge point's reservations, ended ones too, in no particular order."""
        page = self._table.query(
            keys.charge_point_partition(charge_point_id), prefix=keys.RESERVATION_PREFIX, limit=limit, after=after
        )
        return ReservationPage([_from_item(item) for item in page.items], page.cursor)

    def list_open(self, *, limit: int, cursor: ShardCursor | None = None) -> ListPage[Reservation]:
        """The reservations of all charge points that nothing has ended."""
        shards = range(keys.SHARDS)
        partitions = [Partition(keys.due_partition(DUE_KIND, shard), index="GSI4") for shard in shards]
        return list_partitions(self._table, partitions, _from_item, limit=limit, cursor=cursor)

    def due(self, now: datetime, shard: int, *, limit: int = 100) -> Iterator[Reservation]:
        """Reservations of one shard whose time is up."""
        page = self._table.query(
            keys.due_partition(DUE_KIND, shard),
            index="GSI4",
            between=(keys.FIRST_MOMENT, keys.moment_bound(now)),
            where=READABLE,
            limit=limit,
        )
        return read_each(page.items, _from_item)

    def expire(self, reservation: Reservation) -> None:
        """End a reservation whose time is up."""
        self.end(reservation, Ending(ReservationState.EXPIRED, reservation.expiry_date))

    def use(self, reservation: Reservation, transaction_id: TransactionId, at: datetime) -> None:
        """End a reservation with the transaction it was for, which may be reported after the time was up."""
        self.end(
            reservation,
            Ending(ReservationState.USED, at, transaction_id=transaction_id),
            of=OPEN_STATES | {ReservationState.EXPIRED},
        )

    def give_up(self, reservation: Reservation, at: datetime, reason: str) -> None:
        """End a reservation that the charge point no longer keeps."""
        self.end(reservation, Ending(ReservationState.ENDED, at, reason))

    def end(self, reservation: Reservation, ending: Ending, *, of: Collection[ReservationState] = OPEN_STATES) -> None:
        """End a reservation, unless it is in none of these states any more or was replaced."""
        with suppress(ConditionFailed):
            self._table.update(
                keys.reservation(reservation.charge_point_id, reservation.id),
                assign={
                    "state": ending.state.value,
                    "ended_at": format_timestamp(ending.at),
                    "reason": ending.reason,
                    "transaction_id": ending.transaction_id,
                },
                remove=keys.index_attributes("GSI4"),
                condition=Attr("call_id").eq(reservation.call_id) & Attr("state").is_in([state.value for state in of]),
            )


def _to_item(reservation: Reservation) -> dict[str, Any]:
    charge_point_id, number = reservation.charge_point_id, reservation.id
    return {
        "charge_point_id": charge_point_id,
        "reservation_id": number,
        "connector_id": reservation.connector_id,
        "id_tag": reservation.id_tag,
        "parent_id_tag": reservation.parent_id_tag,
        "expiry_date": format_timestamp(reservation.expiry_date),
        "reserved_at": format_timestamp(reservation.reserved_at),
        "call_id": reservation.call_id,
        "state": reservation.state.value,
        **keys.due(DUE_KIND, reservation.expiry_date, charge_point_id, str(number)).attributes(),
        keys.TTL_ATTRIBUTE: int((min(reservation.expiry_date, _LATEST) + _KEEP).timestamp()),
    }


def _from_item(item: Item) -> Reservation:
    return Reservation(
        charge_point_id=ChargePointId(item["charge_point_id"]),
        id=ReservationId(item["reservation_id"]),
        connector_id=item["connector_id"],
        id_tag=item["id_tag"],
        expiry_date=parse_timestamp(item["expiry_date"]),
        reserved_at=parse_timestamp(item["reserved_at"]),
        call_id=CallId(item["call_id"]),
        parent_id_tag=item.get("parent_id_tag"),
        state=ReservationState(item["state"]),
        ended_at=parse_timestamp(item["ended_at"]) if "ended_at" in item else None,
        reason=item.get("reason"),
        transaction_id=TransactionId(item["transaction_id"]) if "transaction_id" in item else None,
    )
