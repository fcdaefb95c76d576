"""What a handler may know of the exchange it answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from csms.authorization import AuthorizationStatus, IdTag
from csms.ids import ChargePointId
from csms.ocpp.json_types import JsonObject
from csms.settings import Settings
from csms.store import Store
from csms.store.history import Event, EventKind
from csms.store.links import Link
from csms.v16.types import IdTagInfo

_DRIFT: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Exchange:
    """One CALL of a known, authenticated charge point, while it is being answered."""

    charge_point_id: ChargePointId
    message_id: str
    payload: JsonObject
    """The payload as it came, for what is kept verbatim."""
    received_at: datetime
    link: Link
    store: Store
    settings: Settings

    def info_of(self, tag: IdTag | None, status: AuthorizationStatus) -> IdTagInfo:
        """What to tell the station of a tag; it may keep that in its cache, which is noted if it is a yes [S 3.5.1]."""
        if tag is not None and status is AuthorizationStatus.ACCEPTED:
            self.store.id_tags.note_cached(tag, self.charge_point_id)
        return IdTagInfo.of(tag, status, self._cached_until)

    def record(self, kind: EventKind, details: JsonObject, occurred_at: datetime | None = None) -> None:
        """Put what the station said into its history, at the time it gave or at its arrival."""
        event = Event(kind, occurred_at or self.received_at, self.received_at, details)
        self.store.history.record(self.charge_point_id, event)

    @property
    def _cached_until(self) -> datetime | None:
        """When the station should ask again about a tag that is accepted now; None leaves it to the tag."""
        hours = self.settings.authorization_cache_hours
        return self.received_at + timedelta(hours=hours) if hours and not self.link.is_quiet else None

    def clock_flags(self, event: str, timestamp: datetime) -> tuple[str, ...]:
        """What is odd about the time the station gives for an event: it arrived much later, or not yet."""
        if timestamp > self.received_at + _DRIFT:
            return (f"{event} in the future",)
        return (f"{event} reported late",) if timestamp < self.received_at - _DRIFT else ()

    def believed(self, timestamp: datetime | None, *, for_at_most: timedelta) -> datetime:
        """The station's time if it is that recent and not in the future, else the arrival."""
        if timestamp and self.received_at - for_at_most <= timestamp <= self.received_at:
            return timestamp
        return self.received_at
