"""Whose connection it is: written once by connect, read once per function instance."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from csms.ids import ChargePointId, ConnectionId
from csms.store import keys
from csms.store.table import Table

_LIFETIME: Final = timedelta(hours=2, minutes=15)
"""A little over the 2 h API Gateway keeps a connection open."""


@dataclass(frozen=True)
class OpenedSession:
    """What `connect` knew of a connection."""

    charge_point_id: ChargePointId
    source_ip: str | None
    life: str | None = None
    """Which charge point of this identity: another one may have been made since. None: from before that was noted."""


class Sessions:
    """The session rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def open(
        self,
        connection_id: ConnectionId,
        charge_point_id: ChargePointId,
        source_ip: str | None,
        now: datetime,
        *,
        life: str,
    ) -> None:
        """Remember whose connection this is. It expires by itself: `$disconnect` is best effort."""
        self._table.put(
            keys.session(connection_id),
            {
                "charge_point_id": charge_point_id,
                "source_ip": source_ip,
                "life": life,
                keys.TTL_ATTRIBUTE: int((now + _LIFETIME).timestamp()),
            },
        )

    def get(self, connection_id: ConnectionId) -> OpenedSession | None:
        """Whose connection it is. Strongly consistent: the first message may follow at once."""
        item = self._table.get(keys.session(connection_id), consistent=True)
        if item is None:
            return None
        return OpenedSession(ChargePointId(item["charge_point_id"]), item.get("source_ip"), item.get("life"))
