"""Whose message is this, and may it speak: the session behind a connection, remembered by the process that met it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from csms.ids import ChargePointId, ConnectionId
from csms.store import Store
from csms.store.errors import ConditionFailed
from csms.store.links import Link, Registration

_TOUCH_EVERY: Final = timedelta(minutes=1)
_MOST_REMEMBERED: Final = 10_000


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


class LiveSessions:
    """Finds sessions; the link is touched at most once a minute and process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._remembered: dict[ConnectionId, Session] = {}

    def resume(self, connection: Connection, now: datetime) -> Session:
        """The session a message came over, its link no older than a minute.

        A charge point that is not accepted is read afresh each time, so that an operator's decision counts at once.

        Raises:
            UnknownSessionError: the connection has no session, or its charge point is gone.
        """
        session = self._remembered.get(connection.id)
        if session and now - session.touched_at < _TOUCH_EVERY and session.link.registration is Registration.ACCEPTED:
            return session
        charge_point_id = session.charge_point_id if session else self._store.sessions.charge_point_of(connection.id)
        if charge_point_id is None:
            raise UnknownSessionError(connection.id)
        resumed = Session(connection, charge_point_id, self._touch(charge_point_id, connection, now), now)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[connection.id] = resumed
        return resumed

    def forget(self, connection_id: ConnectionId) -> None:
        """Read the session afresh next time."""
        self._remembered.pop(connection_id, None)

    def _touch(self, charge_point_id: ChargePointId, connection: Connection, now: datetime) -> Link:
        try:
            return self._store.links.touch(charge_point_id, connection.id, connection.connected_at_ms, now)
        except ConditionFailed as gone:
            raise UnknownSessionError(connection.id) from gone
