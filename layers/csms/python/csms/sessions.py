"""Whose message is this, and may it speak: the session behind a connection, remembered by the process that met it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from csms.ids import ChargePointId, ConnectionId
from csms.settings import Settings
from csms.store import Store
from csms.store.errors import ConditionFailed
from csms.store.links import Link, Registration

_TOUCH_EVERY: Final = timedelta(minutes=1)
_MOST_REMEMBERED: Final = 10_000
_ANSWER_FIRST: Final = timedelta(seconds=1)
"""No call overtakes the answer to the station's first message."""


class UnknownSessionError(Exception):
    """No charge point is known behind this connection."""


@dataclass(frozen=True)
class Connection:
    """One WebSocket connection as API Gateway names it."""

    id: ConnectionId
    connected_at_ms: int


@dataclass(frozen=True)
class Session:
    """A connection whose charge point is known."""

    connection: Connection
    charge_point_id: ChargePointId
    link: Link
    touched_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Whether the link need not be touched."""
        return now - self.touched_at < _TOUCH_EVERY and self.link.registration is Registration.ACCEPTED


class LiveSessions:
    """Finds sessions; the link is touched at most once a minute and process, and whenever a station boots."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settle = timedelta(seconds=settings.call_settle_s)
        self._store = store
        self._remembered: dict[ConnectionId, Session] = {}

    def resume(self, connection: Connection, now: datetime, *, is_boot: bool = False) -> Session:
        """The session a message came over, its link no older than a minute.

        A charge point that is not accepted is read afresh each time, so that an operator's decision counts at once.
        With its first message a station may be called soon, after a boot when it had time to settle.

        Raises:
            UnknownSessionError: the connection has no session, or its charge point is gone.
        """
        session = self._remembered.get(connection.id)
        if session and not is_boot and session.is_fresh(now):
            return session
        charge_point_id = session.charge_point_id if session else self._store.sessions.charge_point_of(connection.id)
        if charge_point_id is None:
            raise UnknownSessionError(connection.id)
        not_before = now + max(self._settle if is_boot else _ANSWER_FIRST, _ANSWER_FIRST)
        link = self._touch(charge_point_id, connection, now, None if session and not is_boot else not_before)
        resumed = Session(connection, charge_point_id, link, now)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[connection.id] = resumed
        return resumed

    def forget(self, connection_id: ConnectionId) -> None:
        """Read the session afresh next time."""
        self._remembered.pop(connection_id, None)

    def _touch(
        self, charge_point_id: ChargePointId, connection: Connection, now: datetime, not_before: datetime | None
    ) -> Link:
        try:
            return self._store.links.touch(charge_point_id, connection.id, connection.connected_at_ms, now, not_before)
        except ConditionFailed as gone:
            raise UnknownSessionError(connection.id) from gone
