"""Charging profiles a charge point has been sent: what it acknowledged, what it may or may not have [S 3.13, 5.16].

A row is what there may be under one id: the profile sent last and, until an answer says which it is, those it may have
there instead. One that was cleared or replaced stays as such, so that a late repetition of an older call's effects
cannot bring it back; TTL removes it.
"""

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from csms.ids import CallId, ChargePointId, TransactionId
from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.table import Item, Table

_KEEP_ENDED: Final = timedelta(days=90)


class ProfileState(StrEnum):
    """What we know of a profile at the charge point."""

    INSTALLED = "installed"
    """It acknowledged it."""
    UNKNOWN = "unknown"
    """A call that brought it or may have ended it was not answered (yet): it may be there or not."""
    REPLACED = "replaced"
    CLEARED = "cleared"
    ENDED = "ended"
    """Its transaction is over."""

    @property
    def may_apply(self) -> bool:
        """Whether the charge point may be following it."""
        return self in {ProfileState.INSTALLED, ProfileState.UNKNOWN}


@dataclass(frozen=True)
class InstalledProfile:
    """A profile as the charge point was sent it. `as_of`: when the call went out that made it what it is known as."""

    charge_point_id: ChargePointId
    id: int
    connector_id: int | None
    """None: the charge point chooses, in a remote start."""
    purpose: str
    stack_level: int
    profile: JsonObject
    """Verbatim."""
    state: ProfileState
    as_of: datetime
    call_id: CallId
    transaction_id: TransactionId | None = None
    id_tag: str | None = None
    """The tag of the remote start that brought it: it applies to the transaction of that tag."""
    sent_at: datetime | None = None
    """When it went out itself, where something has happened to it since."""
    is_acknowledged: bool = True
    """Whether the charge point said that it took it."""
    doubts: tuple[CallId, ...] = ()
    """Calls that may have ended it; the charge point did not say."""
    earlier: tuple["InstalledProfile", ...] = ()
    """What the charge point may have under this id instead, the newest first; without any `earlier` of their own."""

    @property
    def versions(self) -> tuple["InstalledProfile", ...]:
        """All that there may be under this id, the newest first."""
        return (replace(self, earlier=()), *self.earlier) if self.state.may_apply else ()

    @property
    def acknowledged(self) -> JsonObject | None:
        """What the charge point last acknowledged under this id, where `profile` is not acknowledged."""
        return next((one.profile for one in self.earlier if one.is_acknowledged), None)


class ChargingProfiles:
    """The charging profile rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def all(self, charge_point_id: ChargePointId, *, consistent: bool = False) -> list[InstalledProfile]:
        """Every profile on record, by id."""
        items = self._table.query_all(
            keys.charge_point_partition(charge_point_id), prefix=keys.PROFILE_PREFIX, consistent=consistent
        )
        return sorted(map(_from_item, items), key=lambda found: found.id)

    def put(self, profile: InstalledProfile) -> None:
        """Record a profile under its id, unless something newer is on record."""
        with suppress(ConditionFailed):
            self._table.put(
                keys.charging_profile(profile.charge_point_id, profile.id),
                _to_item(profile),
                condition=Attr("as_of").not_exists() | Attr("as_of").lte(format_timestamp(profile.as_of)),
            )

    def forget(self, profile: InstalledProfile) -> None:
        """Remove what a call entered that the charge point refused, unless something newer is on record."""
        with suppress(ConditionFailed):
            self._table.delete(
                keys.charging_profile(profile.charge_point_id, profile.id),
                condition=Attr("call_id").eq(profile.call_id) & Attr("as_of").eq(format_timestamp(profile.as_of)),
            )


def _to_item(profile: InstalledProfile) -> dict[str, Any]:
    ends_at = None if profile.state.may_apply else int((profile.as_of + _KEEP_ENDED).timestamp())
    earlier = [_to_item(one) for one in profile.earlier]
    return {
        "charge_point_id": profile.charge_point_id,
        "profile_id": profile.id,
        "connector_id": profile.connector_id,
        "purpose": profile.purpose,
        "stack_level": profile.stack_level,
        "profile": json.dumps(profile.profile, separators=(",", ":")),
        "state": profile.state.value,
        "as_of": format_timestamp(profile.as_of),
        "call_id": profile.call_id,
        "transaction_id": profile.transaction_id,
        "id_tag": profile.id_tag,
        "sent_at": format_timestamp(profile.sent_at) if profile.sent_at else None,
        "is_unacknowledged": True if not profile.is_acknowledged else None,
        "doubts": list(profile.doubts) or None,
        "earlier": json.dumps(earlier, separators=(",", ":")) if earlier else None,
        keys.TTL_ATTRIBUTE: ends_at,
    }


def _from_item(item: Item) -> InstalledProfile:
    return InstalledProfile(
        charge_point_id=ChargePointId(item["charge_point_id"]),
        id=item["profile_id"],
        connector_id=item.get("connector_id"),
        purpose=item["purpose"],
        stack_level=item["stack_level"],
        profile=json.loads(item["profile"]),
        state=ProfileState(item["state"]),
        as_of=parse_timestamp(item["as_of"]),
        call_id=CallId(item["call_id"]),
        transaction_id=item.get("transaction_id"),
        id_tag=item.get("id_tag"),
        sent_at=parse_timestamp(item["sent_at"]) if item.get("sent_at") else None,
        is_acknowledged=not item.get("is_unacknowledged"),
        doubts=tuple(map(CallId, item.get("doubts") or ())),
        earlier=tuple(map(_from_item, json.loads(item["earlier"]))) if item.get("earlier") else (),
    )
