"""Charge points: what the operator set, what the station said at boot, and what it must know to connect."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Final

from boto3.dynamodb.conditions import Attr, ConditionBase

from csms.ids import CallId, ChargePointId, SiteId
from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.errors import ConditionFailed
from csms.store.listing import ListPage, ShardCursor, list_partitions, partitions_of
from csms.store.table import Item, Table

_KIND: Final = "CP"
_QUIRK: Final = "quirk:"
_TRIES: Final = 5
_EXISTS: Final = Attr(keys.PARTITION_KEY).exists()
BOOT_FIELDS: Final = (
    "charge_point_vendor",
    "charge_point_model",
    "charge_point_serial_number",
    "charge_box_serial_number",
    "firmware_version",
    "iccid",
    "imsi",
    "meter_type",
    "meter_serial_number",
)
"""BootNotification's fields [S 6.3], which are also the names of their attributes."""


class Quirk(StrEnum):
    """What a charge point, or all of its model, does otherwise than the specification says."""

    READS_IN_BATCHES = "readsConfigurationInBatches"
    """It does not answer when asked for its whole configuration at once."""
    NO_AVAILABILITY_OF_ALL = "rejectsAvailabilityOfConnector0"
    """It rejects ChangeAvailability of the charge point as a whole."""


class SecurityProfile(IntEnum):
    """How a charge point authenticates [W3 2.2]."""

    NONE = 0
    BASIC = 1
    BASIC_TLS = 2
    CLIENT_CERTIFICATE = 3


@dataclass(frozen=True)
class SecretCandidate:
    """The salted hash of a secret that a call changes to; whether the station took it is not known."""

    call_id: CallId
    hash: str


@dataclass(frozen=True)
class ProfileCandidate:
    """A higher security profile that a call changes to; whether the station took it shows when it connects again."""

    call_id: CallId
    profile: SecurityProfile
    told_at: datetime
    status: str | None = None
    """What it answered; None as long as it has not, or not clearly."""


@dataclass(frozen=True)
class ChargePoint:
    """One charge point. `secrets` are the salted hashes that are accepted now, the newest first."""

    id: ChargePointId
    security_profile: SecurityProfile
    created_at: datetime
    secrets: tuple[str, ...] = ()
    allows_missing_subprotocol: bool = False
    """Tolerate a station that offers no WebSocket sub-protocol."""
    description: str | None = None
    site: str | None = None
    groups: tuple[str, ...] = ()
    """Names of the operator's own: id tags of these groups, and of one named like the site, are in its local list."""
    boot: Mapping[str, str] | None = None
    """The fields of its last BootNotification."""
    booted_at: datetime | None = None
    boot_status: str | None = None
    """What its last BootNotification was answered."""
    quirks: Mapping[Quirk, bool] = field(default_factory=dict)
    """Those that were learnt or set; where one is not here, its model may have it."""
    candidates: tuple[SecretCandidate, ...] = ()
    """Secrets it has been told and may use already, accepted beside the others."""
    profile_candidates: tuple[ProfileCandidate, ...] = ()
    """Security profiles it has been told and may come with; the first success with one leaves no lower one."""
    site_id: SiteId | None = None
    """The site that it shares a grid connection at; `site` is only a name of the operator's."""

    @property
    def life(self) -> str:
        """What tells it from others that had or will have its identity."""
        return format_timestamp(self.created_at)


class IdentityTaken(Exception):  # noqa: N818  it is an answer, not an error
    """Another charge point has this identity in another case."""


class ChargePoints:
    """The charge point rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, identity: str) -> ChargePoint | None:
        """The charge point a station means: exactly this identity, else the one that differs only in case."""
        exact = self.get(ChargePointId(identity))
        if exact:
            return exact
        claim = self._table.get(keys.identity(identity))
        return self.get(ChargePointId(claim["charge_point_id"])) if claim else None

    def get(self, charge_point_id: ChargePointId) -> ChargePoint | None:
        """One charge point by its exact identity."""
        item = self._table.get(keys.charge_point(charge_point_id), consistent=True)
        return _from_item(item) if item else None

    def known(self, identities: Collection[str]) -> frozenset[str]:
        """Those of the identities that a charge point has, in this or another case."""
        claims = self._table.get_many(list({keys.identity(identity) for identity in identities}))
        owners = [keys.charge_point(ChargePointId(claim["charge_point_id"])) for claim in claims]
        folded = {item["charge_point_id"].casefold() for item in self._table.get_many(owners)}
        return frozenset(identity for identity in identities if identity.casefold() in folded)

    def create(self, charge_point: ChargePoint) -> None:
        """Add a charge point. Safe to run again: the claim of the identity is its own.

        Raises:
            IdentityTaken: the identity differs from another one only in case.
            ConditionFailed: it exists.
        """
        try:
            self._table.put(
                keys.identity(charge_point.id),
                {"charge_point_id": charge_point.id},
                condition=_is_free_or_its_own(charge_point.id),
            )
        except ConditionFailed as taken:
            raise IdentityTaken(charge_point.id) from taken
        self._table.put(
            keys.charge_point(charge_point.id),
            _to_item(charge_point),
            condition=Attr(keys.PARTITION_KEY).not_exists(),
        )

    def change(self, charge_point_id: ChargePointId, changes: Mapping[str, Any]) -> ChargePoint:
        """Change what an operator may change; None removes an attribute.

        Raises:
            ConditionFailed: there is no such charge point.
        """
        item = self._table.update(
            keys.charge_point(charge_point_id),
            assign=changes,
            remove=[name for name, value in changes.items() if value is None],
            condition=_EXISTS,
            returning="ALL_NEW",
        )
        return _from_item(item)

    def revise(self, before: ChargePoint, after: ChargePoint) -> None:
        """Write how it authenticates: what of its credentials and its security profile differs.

        Raises:
            ConditionFailed: they are no longer what was read, or the charge point is gone.
        """
        old, new = _proofs_to_item(before), _proofs_to_item(after)
        changed = {name: value for name, value in new.items() if value != old[name]}
        condition: ConditionBase = _EXISTS
        for name, value in old.items():
            condition &= Attr(name).not_exists() if value is None else Attr(name).eq(value)
        self._table.update(
            keys.charge_point(before.id),
            assign=changed,
            remove=[name for name, value in changed.items() if value is None],
            condition=condition,
        )

    def alter(self, charge_point_id: ChargePointId, change: Callable[[ChargePoint], ChargePoint]) -> None:
        """Read, change and `revise`, again if somebody else was faster; one that is gone stays so.

        Raises:
            ConditionFailed: somebody else was faster each time.
        """
        for attempt in range(_TRIES):
            found = self.get(charge_point_id)
            if found is None or (changed := change(found)) == found:
                return
            try:
                self.revise(found, changed)
            except ConditionFailed:
                if attempt == _TRIES - 1:
                    raise
            else:
                return

    def record_boot(
        self, charge_point_id: ChargePointId, boot: Mapping[str, str | None], status: str, now: datetime
    ) -> None:
        """Keep what the station says of itself, and what it is answered.

        Raises:
            ConditionFailed: there is no such charge point.
        """
        self._table.update(
            keys.charge_point(charge_point_id),
            assign={**boot, "booted_at": format_timestamp(now), "boot_status": status},
            remove=[name for name in BOOT_FIELDS if boot.get(name) is None],
            condition=_EXISTS,
        )

    def set_quirks(self, charge_point_id: ChargePointId, quirks: Mapping[Quirk, bool | None]) -> None:
        """Note these quirks and no others; None leaves one to the model.

        Raises:
            ConditionFailed: there is no such charge point.
        """
        attributes = {f"{_QUIRK}{quirk.value}": value for quirk, value in quirks.items()}
        self._table.update(
            keys.charge_point(charge_point_id),
            assign=attributes,
            remove=[name for name, value in attributes.items() if value is None],
            condition=_EXISTS,
        )

    def clear(self, charge_point_id: ChargePointId) -> None:
        """Delete what would count for the next charge point of this identity: see `keys.OF_ONE_LIFE`."""
        partition = keys.charge_point_partition(charge_point_id)
        for prefix in keys.OF_ONE_LIFE:
            items = self._table.query_all(partition, prefix=prefix, consistent=True)
            self._table.delete_many([keys.Key(item[keys.PARTITION_KEY], item[keys.SORT_KEY]) for item in items])

    def delete(self, charge_point_id: ChargePointId) -> None:
        """Free its identity and remove the charge point, last: as long as it is there, it can be removed again.

        What it charged stays on record.
        """
        with suppress(ConditionFailed):
            self._table.delete(keys.identity(charge_point_id), condition=_is_free_or_its_own(charge_point_id))
        self._table.delete(keys.charge_point(charge_point_id))

    def ids_of_shard(self, shard: int) -> Iterator[ChargePointId]:
        """The charge points of one shard of the list."""
        items = self._table.query_all(keys.list_partition(_KIND, shard), index="GSI1")
        return (ChargePointId(item["charge_point_id"]) for item in items)

    def list(self, *, limit: int, cursor: ShardCursor | None = None) -> ListPage[ChargePoint]:
        """All charge points, a page at a time."""
        return list_partitions(self._table, partitions_of(_KIND), _from_item, limit=limit, cursor=cursor)


def _is_free_or_its_own(charge_point_id: ChargePointId) -> ConditionBase:
    return Attr(keys.PARTITION_KEY).not_exists() | Attr("charge_point_id").eq(charge_point_id)


def _proofs_to_item(charge_point: ChargePoint) -> dict[str, Any]:
    """How it authenticates; None stands for an attribute that is not there."""
    return {
        "security_profile": charge_point.security_profile.value,
        "secrets": list(charge_point.secrets) or None,
        "candidates": [{"call_id": each.call_id, "hash": each.hash} for each in charge_point.candidates] or None,
        "profile_candidates": [_told_to_item(each) for each in charge_point.profile_candidates] or None,
    }


def _told_to_item(candidate: ProfileCandidate) -> dict[str, Any]:
    return {
        "call_id": candidate.call_id,
        "profile": candidate.profile.value,
        "told_at": format_timestamp(candidate.told_at),
        "status": candidate.status,
    }


def _told_from_item(item: Mapping[str, Any]) -> ProfileCandidate:
    return ProfileCandidate(
        CallId(item["call_id"]),
        SecurityProfile(item["profile"]),
        parse_timestamp(item["told_at"]),
        item.get("status"),
    )


def _to_item(charge_point: ChargePoint) -> dict[str, Any]:
    return {
        "charge_point_id": charge_point.id,
        "created_at": format_timestamp(charge_point.created_at),
        **_proofs_to_item(charge_point),
        "allows_missing_subprotocol": charge_point.allows_missing_subprotocol or None,
        "description": charge_point.description,
        "site": charge_point.site,
        "groups": list(charge_point.groups) or None,
        **keys.listed(_KIND, charge_point.id).attributes(),
    }


def _from_item(item: Item) -> ChargePoint:
    return ChargePoint(
        id=ChargePointId(item["charge_point_id"]),
        security_profile=SecurityProfile(item["security_profile"]),
        created_at=parse_timestamp(item["created_at"]),
        secrets=tuple(item.get("secrets", ())),
        allows_missing_subprotocol=item.get("allows_missing_subprotocol", False),
        description=item.get("description"),
        site=item.get("site"),
        groups=tuple(item.get("groups", ())),
        boot={name: item[name] for name in BOOT_FIELDS if name in item} or None,
        booted_at=parse_timestamp(item["booted_at"]) if "booted_at" in item else None,
        boot_status=item.get("boot_status"),
        quirks={quirk: item[f"{_QUIRK}{quirk.value}"] for quirk in Quirk if f"{_QUIRK}{quirk.value}" in item},
        candidates=tuple(
            SecretCandidate(CallId(found["call_id"]), found["hash"]) for found in item.get("candidates", ())
        ),
        profile_candidates=tuple(map(_told_from_item, item.get("profile_candidates", ()))),
        site_id=item.get("site_id"),
    )
