"""Whose message is this, and may it speak: the session behind a connection, remembered by the process that met it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from csms.gateway import Gateway
from csms.ids import ChargePointId, ConnectionId
from csms.store import Store
from csms.store.errors import ConditionFailed
from csms.store.links import Link, Registration
from csms.store.sessions import OpenedSession

_TOUCH_EVERY: Final = timedelta(minutes=1)
_MOST_REMEMBERED: Final = 10_000
_HANDSHAKE_MS: Final = 10_000
FIRST_WORD: Final = timedelta(seconds=30)
"""How long a new connection is left alone while the station has sent no CALL."""
_ANSWER_FIRST: Final = timedelta(seconds=1)
"""No call overtakes the answer to the station's first CALL."""


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
    is_touched: bool = True
    """Whether the link was touched, and so read, for this very message."""
    has_called: bool = True
    """Whether this process has seen a CALL over it; an answer may be one to a call over the connection before."""
    life: str | None = None
    """Which charge point of its identity proved to be itself; None: opened before that was noted."""

    @property
    def is_left_over(self) -> bool:
        """Whether a newer connection has had the link for a while: this one should have been closed."""
        link, mine = self.link, self.connection
        return (
            link.connection_id not in {None, mine.id}
            and (link.connected_at_ms or 0) > mine.connected_at_ms
            and self.touched_at.timestamp() * 1000 - (link.connected_at_ms or 0) > _HANDSHAKE_MS
        )

    def is_fresh(self, now: datetime) -> bool:
        """Whether the link need not be touched."""
        return now - self.touched_at < _TOUCH_EVERY and self.link.registration is Registration.ACCEPTED


class LiveSessions:
    """Finds sessions; the link is touched at most once a minute and process, and whenever a station boots."""

    def __init__(self, store: Store, gateway: Callable[[], Gateway]) -> None:
        self._gateway = gateway
        self._store = store
        self._remembered: dict[ConnectionId, Session] = {}

    def resume(
        self, connection: Connection, now: datetime, *, is_boot: bool = False, is_answer: bool = False
    ) -> Session:
        """The session a message came over, its link no older than a minute.

        A charge point that is not accepted is read afresh each time, so that an operator's decision counts at once.
        With its first CALL a station may be called soon, after a boot when it had time to settle.

        Raises:
            UnknownSessionError: the connection has no session, or its charge point is gone.
        """
        session = self._remembered.get(connection.id)
        has_called = session is not None and session.has_called
        if session and not is_boot and (has_called or is_answer) and session.is_fresh(now):
            return session
        opened = session or self._opened(connection)
        not_before = now + _ANSWER_FIRST if is_boot or not (has_called or is_answer) else None
        link = self._touch(opened, connection, now, not_before, is_boot=is_boot)
        has_called = has_called or not is_answer
        resumed = Session(connection, opened.charge_point_id, link, now, has_called=has_called, life=opened.life)
        if resumed.is_left_over:  # it was not to be closed when the newer one came; the station comes again
            self._gateway().close(connection.id)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[connection.id] = replace(resumed, is_touched=False)
        return resumed

    def forget(self, connection_id: ConnectionId) -> None:
        """Read the session afresh next time."""
        self._remembered.pop(connection_id, None)

    def _touch(
        self,
        opened: Session | OpenedSession,
        connection: Connection,
        now: datetime,
        not_before: datetime | None,
        *,
        is_boot: bool,
    ) -> Link:
        try:
            return self._store.links.touch(
                opened.charge_point_id,
                connection.id,
                connection.connected_at_ms,
                now,
                not_before=not_before,
                is_boot=is_boot,
                life=opened.life,
            )
        except ConditionFailed as gone:
            self._turn_away(connection)
            raise UnknownSessionError(connection.id) from gone

    def _opened(self, connection: Connection) -> OpenedSession:
        opened = self._store.sessions.get(connection.id)
        if opened is None:
            self._turn_away(connection)
            raise UnknownSessionError(connection.id)
        return opened

    def _turn_away(self, connection: Connection) -> None:
        """Close a connection that belongs to no charge point (any more): the next `connect` decides."""
        self.forget(connection.id)
        self._gateway().close(connection.id)
