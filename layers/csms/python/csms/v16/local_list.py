"""What a station's local authorization list should hold, and what to send to get there [S 3.5.2, 5.15, 9.2]. Pure.

A tag belongs to a station's list if one of its groups is the station's site or one of the station's groups. Tags that
may not charge belong to it too: by them a station refuses while it is offline.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from csms.authorization import IdTag, authorize
from csms.ocpp import frames
from csms.ocpp.json_types import JsonObject
from csms.store.charge_points import ChargePoint
from csms.store.local_lists import Entries, LocalList
from csms.v16.types import IdTagInfo

_FRAME_BYTES: Final = 256
"""What a SendLocalList needs around its entries."""


class UpdateType(StrEnum):
    """How a list changes [S 7.47]."""

    DIFFERENTIAL = "Differential"
    FULL = "Full"


@dataclass(frozen=True)
class Limits:
    """What one message may hold."""

    message_bytes: int
    entries: int | None = None
    """SendLocalListMaxLength [S 9.2]; None if the station never reported it."""


@dataclass(frozen=True)
class Update:
    """One SendLocalList."""

    update_type: UpdateType
    entries: Entries

    def payload(self, version: int) -> JsonObject:
        """The request."""
        return {
            "listVersion": version,
            "localAuthorizationList": list(self.entries),
            "updateType": self.update_type.value,
        }


def wanted_entries(charge_point: ChargePoint, tags: Iterable[IdTag], now: datetime) -> Entries:
    """The list of a station, by tag."""
    groups = {charge_point.site, *charge_point.groups} - {None}
    own = [tag for tag in tags if groups.intersection(tag.groups)]
    return tuple(_entry(tag, now) for tag in sorted(own, key=lambda tag: tag.id_tag.upper()))


def merged(held: Entries, changes: Entries) -> Entries:
    """The list after a differential update: without idTagInfo an entry is removed."""
    result = _by_tag(held) | _by_tag(changes)
    return tuple(entry for entry in result.values() if "idTagInfo" in entry)


def difference(held: Entries, wanted: Entries) -> Entries:
    """The differential update that makes one list of the other. Removals come first: they make room."""
    before, after = _by_tag(held), _by_tag(wanted)
    removed = [{"idTag": before[tag]["idTag"]} for tag in before if tag not in after]
    return (*removed, *(entry for tag, entry in after.items() if before.get(tag) != entry))


def next_update(known: LocalList, wanted: Entries, limits: Limits) -> Update | None:
    """What to send next; None if the station holds what it should.

    A Full starts a list that is new or doubtful, or whose versions begin anew, and it does for changes as many as the
    list is long. What does not fit into one message follows as Differential.
    """
    held = known.entries or ()
    changes = difference(held, wanted)
    first = _head(wanted, limits)
    if known.is_trusted and not changes:
        return None
    is_shorter = len(first) == len(wanted) <= len(changes)
    if not known.is_trusted or not held or is_shorter or known.next_version <= (known.version or 0):
        return Update(UpdateType.FULL, first)
    return Update(UpdateType.DIFFERENTIAL, _head(changes, limits))


def repeated_tags(id_tags: Iterable[str]) -> list[str]:
    """The tags that are there more than once, whatever their case."""
    return [tag for tag, number in Counter(id_tag.upper() for id_tag in id_tags).items() if number > 1]


def _entry(tag: IdTag, now: datetime) -> JsonObject:
    return {"idTag": tag.id_tag, "idTagInfo": IdTagInfo.of(tag, authorize(tag, now)).write()}


def _by_tag(entries: Entries) -> dict[str, JsonObject]:
    return {entry["idTag"].upper(): entry for entry in entries}


def _head(entries: Entries, limits: Limits) -> Entries:
    """As many as fit into one message, at least one."""
    room, number = limits.message_bytes - _FRAME_BYTES, 0
    for entry in entries[: limits.entries]:
        room -= len(frames.dumps(entry).encode()) + 1
        if room < 0:
            break
        number += 1
    return entries[: max(number, 1)]
