"""The link row: which connection a charge point is reached by, whether it may speak, when it last did.

Small and hot. Only ever changed by conditional updates, because connect, disconnect and every message race for it.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from boto3.dynamodb.conditions import Attr, ConditionBase

from csms.ids import CallId, ChargePointId, ConnectionId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.table import Item, Table


class Registration(StrEnum):
    """Whether a charge point belongs to us [S 4.2]; the specification's words."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


@dataclass(frozen=True)
class Flight:
    """The one call that may be outstanding: sent, or about to be, in its `attempt` of this charge point."""

    call_id: CallId
    attempt: int
    until: datetime

    def is_overdue(self, now: datetime) -> bool:
        """Whether nobody is at it any more: its deadline is over, and a post that began before as well."""
        return self.until + POST_TIME < now


@dataclass(frozen=True)
class Link:
    """The link of one charge point as it was read."""

    charge_point_id: ChargePointId
    registration: Registration
    connection_id: ConnectionId | None = None
    connected_at_ms: int | None = None
    last_seen: datetime | None = None
    lost_at: datetime | None = None
    """When the last connection was closed."""
    not_before: datetime | None = None
    """No call goes out before this: a station that is spoken to too early after connecting reboots."""
    booted_at: datetime | None = None
    """When it last sent a BootNotification: it is spoken to when it had time to settle."""
    answered_at: datetime | None = None
    """When it last answered a call: the next one keeps a distance."""
    call_settle_s: int | None = None
    """The time its model needs to settle, as it was at the last boot; None: as the deployment has it."""
    call_gap_s: int | None = None
    """The distance between calls that its model needs, likewise."""
    is_quiet: bool = False
    """Only calls that can be sent at once are sent; nothing of our own accord."""
    attempts: int = 0
    """How many times a call was sent, so that each attempt has a number of its own."""
    flight: Flight | None = None
    waiting: tuple[CallId, ...] = ()
    allowed: Mapping[str, datetime] = field(default_factory=dict)
    """Actions we asked for, which a station may send before it is accepted, and until when."""

    def callable_from(self, settle_s: int, gap_s: int) -> datetime | None:
        """From when on a call may go out; what its model does not say is as given. None: at any time."""
        moments = [
            self.not_before,
            self.booted_at and self.booted_at + timedelta(seconds=_or_else(self.call_settle_s, settle_s)),
            self.answered_at and self.answered_at + timedelta(seconds=_or_else(self.call_gap_s, gap_s)),
        ]
        return max(filter(None, moments), default=None)

    def allows(self, action: str, now: datetime) -> bool:
        """Whether we asked the station for this message."""
        return action in self.allowed and now <= self.allowed[action]

    def is_forsaken(self, now: datetime) -> bool:
        """Whether its calls stand still: the outstanding one is overdue, or calls wait and none is outstanding."""
        return bool(self.waiting) if self.flight is None else self.flight.is_overdue(now)

    def holds(self, call_id: CallId) -> bool:
        """Whether the call waits or is in flight."""
        return call_id in self.waiting or (self.flight is not None and self.flight.call_id == call_id)

    def is_online(self, now: datetime, heartbeat_interval_s: int) -> bool:
        """Whether it is connected and spoke lately; `$disconnect` is best effort, so silence counts as well."""
        patience = max(3 * timedelta(seconds=heartbeat_interval_s), _LEAST_PATIENCE)
        return self.connection_id is not None and self.last_seen is not None and now - self.last_seen <= patience


class WaitingListFull(Exception):  # noqa: N818  it is an answer, not an error
    """So many calls wait for the charge point that another one makes no sense."""


LONGEST_WAITING_LIST: Final = 100
POST_TIME: Final = timedelta(seconds=5)
"""A post may take this long; one that could still be under way at the deadline is not begun."""
_LEAST_PATIENCE: Final = timedelta(minutes=15)
_ALLOWED: Final = "allowed_"
_EXISTS: Final = Attr(keys.PARTITION_KEY).exists()


class Links:
    """The link rows of all charge points."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, charge_point_id: ChargePointId, registration: Registration) -> None:
        """Make the row of a new charge point; an existing one stays as it is."""
        self._table.update(
            keys.link(charge_point_id),
            assign_once={"charge_point_id": charge_point_id, "registration": registration.value},
        )

    def get(self, charge_point_id: ChargePointId, *, consistent: bool = False) -> Link | None:
        """The link, or None for an unknown charge point."""
        item = self._table.get(keys.link(charge_point_id), consistent=consistent)
        return _from_item(item) if item else None

    def get_many(self, charge_point_ids: list[ChargePointId]) -> dict[ChargePointId, Link]:
        """The links of those that exist."""
        items = self._table.get_many([keys.link(charge_point_id) for charge_point_id in charge_point_ids])
        return {link.charge_point_id: link for link in map(_from_item, items)}

    def take(
        self,
        charge_point_id: ChargePointId,
        connection_id: ConnectionId,
        connected_at_ms: int,
        now: datetime,
        not_before: datetime,
        *,
        life: str | None = None,
    ) -> Link:
        """Make this the charge point's connection; returns the link as it was before.

        The call in flight on the old one loses its slot; its deadline settles it. `life` is the charge point's, whose
        proof was seen: connections to an earlier one of its identity get nowhere from now on.

        Raises:
            ConditionFailed: a newer connection has the link, or the charge point is gone.
        """
        is_newest = Attr("connected_at_ms").not_exists() | Attr("connected_at_ms").lt(connected_at_ms)
        is_repetition = Attr("connection_id").eq(connection_id)
        old = self._table.update(
            keys.link(charge_point_id),
            assign=_connection(connection_id, connected_at_ms, now)
            | {"not_before": format_timestamp(not_before), "life": life},
            remove=("flight",),
            condition=_EXISTS & (is_newest | is_repetition),
            returning="ALL_OLD",
        )
        return _from_item(old)

    def touch(
        self,
        charge_point_id: ChargePointId,
        connection_id: ConnectionId,
        connected_at_ms: int,
        now: datetime,
        *,
        not_before: datetime | None = None,
        is_boot: bool = False,
        life: str | None = None,
    ) -> Link:
        """Note that the station spoke, re-asserting its connection if the link lost it; returns the whole link.

        A superseded or closed connection changes nothing and gets the link as it is: it may still finish speaking.

        Raises:
            ConditionFailed: the charge point is gone, or it is another one than the one of this `life`.
        """
        # An older connection may have the link when no other has: the newer one is closed or was never finished.
        is_free = Attr("connection_id").not_exists()
        is_not_older = Attr("connected_at_ms").not_exists() | Attr("connected_at_ms").lte(connected_at_ms)
        try:
            item = self._table.update(
                keys.link(charge_point_id),
                assign=_connection(connection_id, connected_at_ms, now)
                | {
                    "not_before": format_timestamp(not_before) if not_before else None,
                    "booted_at": format_timestamp(now) if is_boot else None,
                },
                condition=_is_of(life) & (is_not_older | is_free) & _is_not_closed(connection_id),
                returning="ALL_NEW",
            )
        except ConditionFailed as failed:
            if failed.item is None or (life and failed.item.get("life") != life):
                raise
            item = failed.item
        return _from_item(item)

    def release(self, charge_point_id: ChargePointId, connection_id: ConnectionId, now: datetime) -> None:
        """Note that the connection is closed for good; another one that has the link stays."""
        with suppress(ConditionFailed):
            self._table.update(
                keys.link(charge_point_id),
                assign={"closed_connection_id": connection_id, "lost_at": format_timestamp(now)},
                remove=("connection_id",),
                condition=Attr("connection_id").eq(connection_id),
            )

    def lose(self, charge_point_id: ChargePointId, connection_id: ConnectionId, now: datetime) -> None:
        """Note that the connection cannot be reached; if it is alive after all, its next message restores it."""
        with suppress(ConditionFailed):
            self._table.update(
                keys.link(charge_point_id),
                assign={"lost_at": format_timestamp(now)},
                remove=("connection_id",),
                condition=Attr("connection_id").eq(connection_id),
            )

    def enqueue(
        self,
        charge_point_id: ChargePointId,
        call_id: CallId,
        *,
        in_front: bool = False,
        most: int = LONGEST_WAITING_LIST,
    ) -> Link:
        """Put a call on the waiting list unless it is there or in flight; in front, where it was, there is room.

        Raises:
            WaitingListFull: the list has no room.
            ConditionFailed: there is no such charge point.
        """
        is_not_held = (Attr("waiting").not_exists() | ~Attr("waiting").contains(call_id)) & (
            Attr("flight").not_exists() | Attr("flight.call_id").ne(call_id)
        )
        has_room = Attr("waiting").not_exists() | Attr("waiting").size().lt(most)
        try:
            item = self._table.update(
                keys.link(charge_point_id),
                append={} if in_front else {"waiting": [call_id]},
                prepend={"waiting": [call_id]} if in_front else {},
                condition=_EXISTS & is_not_held & (_EXISTS if in_front else has_room),
                returning="ALL_NEW",
            )
        except ConditionFailed as failed:
            if failed.item is None:
                raise
            link = _from_item(failed.item)
            if not link.holds(call_id):
                raise WaitingListFull(charge_point_id) from failed
            return link
        return _from_item(item)

    def dequeue(self, link: Link, call_id: CallId) -> None:
        """Take a call off the waiting list it was seen on; if the list moved meanwhile, it stays and does no harm."""
        position = link.waiting.index(call_id)
        with suppress(ConditionFailed):
            self._table.update(
                keys.link(link.charge_point_id),
                remove=(f"waiting[{position}]",),
                condition=Attr(f"waiting[{position}]").eq(call_id),
            )

    def take_off(self, link: Link, flight: Flight) -> None:
        """Give the call the charge point's one slot, from the head of the waiting list or straight past an empty one.

        The slot was free when the link was read, and whoever takes it counts an attempt: so it is free still.

        Raises:
            ConditionFailed: another dispatcher was faster, or the connection is not the one that was read.
        """
        is_waiting = flight.call_id in link.waiting[:1]
        is_next = (
            Attr("waiting[0]").eq(flight.call_id)
            if is_waiting
            else Attr("waiting").not_exists() | Attr("waiting").size().eq(0)
        )
        nobody_did_since = Attr("attempts").not_exists() if link.attempts == 0 else Attr("attempts").eq(link.attempts)
        self._table.update(
            keys.link(link.charge_point_id),
            assign={"flight": _flight_to_item(flight), "attempts": flight.attempt},
            remove=("waiting[0]",) if is_waiting else (),
            condition=Attr("connection_id").eq(link.connection_id) & is_next & nobody_did_since,
        )

    def land(
        self, charge_point_id: ChargePointId, flight: Flight, *, answered_at: datetime | None = None
    ) -> Link | None:
        """Free the slot that this very flight holds; None if it does not hold it."""
        return self._free(charge_point_id, flight, answered_at=answered_at)

    def put_back(self, charge_point_id: ChargePointId, flight: Flight) -> Link | None:
        """Free the slot that this very flight holds and put its call in front again; None if it does not hold it."""
        return self._free(charge_point_id, flight, in_front=[flight.call_id])

    def _free(
        self,
        charge_point_id: ChargePointId,
        flight: Flight,
        *,
        in_front: list[CallId] | None = None,
        answered_at: datetime | None = None,
    ) -> Link | None:
        try:
            item = self._table.update(
                keys.link(charge_point_id),
                assign={"answered_at": format_timestamp(answered_at) if answered_at else None},
                prepend={"waiting": in_front} if in_front else {},
                remove=("flight",),
                # All of it: a dispatcher that lost the race, or died before it took the slot, leaves a deadline
                # message with the attempt number of the one that got it.
                condition=Attr("flight").eq(_flight_to_item(flight)),
                returning="ALL_NEW",
            )
        except ConditionFailed:
            return None
        return _from_item(item)

    def allow(self, charge_point_id: ChargePointId, action: str, until: datetime) -> None:
        """Let the station send this until then, accepted or not.

        Raises:
            ConditionFailed: there is no such charge point.
        """
        self._table.update(
            keys.link(charge_point_id), assign={f"{_ALLOWED}{action}": format_timestamp(until)}, condition=_EXISTS
        )

    def set_pace(self, charge_point_id: ChargePointId, settle_s: int | None, gap_s: int | None) -> None:
        """Note what the model of the charge point says of when it may be called.

        Raises:
            ConditionFailed: there is no such charge point.
        """
        pace = {"call_settle_s": settle_s, "call_gap_s": gap_s}
        self._table.update(
            keys.link(charge_point_id),
            assign=pace,
            remove=[name for name, value in pace.items() if value is None],
            condition=_EXISTS,
        )

    def set_quiet(self, charge_point_id: ChargePointId, *, is_quiet: bool) -> None:
        """Switch quiet mode.

        Raises:
            ConditionFailed: there is no such charge point.
        """
        self._table.update(keys.link(charge_point_id), assign={"is_quiet": is_quiet}, condition=_EXISTS)

    def set_registration(self, charge_point_id: ChargePointId, registration: Registration) -> None:
        """Accept, hold or reject a charge point.

        Raises:
            ConditionFailed: there is no such charge point.
        """
        self._table.update(keys.link(charge_point_id), assign={"registration": registration.value}, condition=_EXISTS)

    def delete(self, charge_point_id: ChargePointId) -> None:
        """Forget the link together with its charge point."""
        self._table.delete(keys.link(charge_point_id))


def _is_not_closed(connection_id: ConnectionId) -> ConditionBase:
    return Attr("closed_connection_id").not_exists() | Attr("closed_connection_id").ne(connection_id)


def _is_of(life: str | None) -> ConditionBase:
    return Attr("life").eq(life) if life else _EXISTS


def _connection(connection_id: ConnectionId, connected_at_ms: int, now: datetime) -> Item:
    return {
        "connection_id": connection_id,
        "connected_at_ms": connected_at_ms,
        "last_seen": format_timestamp(now),
    }


def _from_item(item: Item) -> Link:
    return Link(
        charge_point_id=ChargePointId(item["charge_point_id"]),
        registration=Registration(item["registration"]),
        connection_id=item.get("connection_id"),
        connected_at_ms=item.get("connected_at_ms"),
        last_seen=_moment(item, "last_seen"),
        lost_at=_moment(item, "lost_at"),
        not_before=_moment(item, "not_before"),
        booted_at=_moment(item, "booted_at"),
        answered_at=_moment(item, "answered_at"),
        call_settle_s=item.get("call_settle_s"),
        call_gap_s=item.get("call_gap_s"),
        is_quiet=item.get("is_quiet", False),
        attempts=item.get("attempts", 0),
        flight=_flight_from_item(item["flight"]) if "flight" in item else None,
        waiting=tuple(item.get("waiting", ())),
        allowed={
            name.removeprefix(_ALLOWED): parse_timestamp(until)
            for name, until in item.items()
            if name.startswith(_ALLOWED)
        },
    )


def _or_else(value: int | None, default: int) -> int:
    return default if value is None else value


def _moment(item: Item, name: str) -> datetime | None:
    return parse_timestamp(item[name]) if name in item else None


def _flight_to_item(flight: Flight) -> Item:
    return {"call_id": flight.call_id, "attempt": flight.attempt, "until": format_timestamp(flight.until)}


def _flight_from_item(item: Item) -> Flight:
    return Flight(CallId(item["call_id"]), item["attempt"], parse_timestamp(item["until"]))
