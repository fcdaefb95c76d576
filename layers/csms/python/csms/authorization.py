"""Who may charge: pure decisions over tags that were loaded elsewhere [S 3.9, 3.10, 4.1, 7.2]."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from csms.ids import ChargePointId

LONGEST_ID_TAG: Final = 20


class AuthorizationStatus(StrEnum):
    """The status of an id tag [S 7.2]."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    CONCURRENT_TX = "ConcurrentTx"


@dataclass(frozen=True)
class IdTag:
    """An id tag as the operator keeps it."""

    id_tag: str
    status: AuthorizationStatus = AuthorizationStatus.ACCEPTED
    expiry_date: datetime | None = None
    parent_id_tag: str | None = None
    groups: tuple[str, ...] = ()
    """Names of the operator's own; a station's local list is made of groups."""
    max_active_transactions: int | None = 1
    """None: as many as it likes."""
    note: str | None = None
    cached_by: frozenset[ChargePointId] = frozenset()
    """Charge points that were told that it is accepted: their authorization caches may hold it [S 3.5.1]."""
    untold_groups: tuple[str, ...] | None = None
    """Groups it was in when it was withdrawn, while their charge points, and those of `cached_by`, are to be told."""


def authorize(tag: IdTag | None, now: datetime) -> AuthorizationStatus:
    """What the tag is worth right now. Never ConcurrentTx, which only a start can be [S 7.2]."""
    if tag is None:
        return AuthorizationStatus.INVALID
    if tag.status is AuthorizationStatus.ACCEPTED and tag.expiry_date is not None and tag.expiry_date <= now:
        return AuthorizationStatus.EXPIRED
    return tag.status


def may_charge(tag: IdTag, now: datetime) -> bool:
    """Whether the tag is worth anything right now."""
    return authorize(tag, now) is AuthorizationStatus.ACCEPTED


def authorize_start(tag: IdTag | None, now: datetime, running: int) -> AuthorizationStatus:
    """What the tag is worth for one more transaction beside those it is `running` already."""
    status = authorize(tag, now)
    if status is not AuthorizationStatus.ACCEPTED or tag is None or tag.max_active_transactions is None:
        return status
    return AuthorizationStatus.CONCURRENT_TX if running >= tag.max_active_transactions else status


def is_same_tag(one: str, other: str) -> bool:
    """Id tags are compared whatever their case [S 7.28]."""
    return one.upper() == other.upper()


def is_same_group(one: str | None, other: str | None) -> bool:
    """Two parent tags that are both there and equal [S 3.10]."""
    return one is not None and other is not None and is_same_tag(one, other)
