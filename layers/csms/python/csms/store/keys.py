"""Every key of the single table, and nothing else knows one. `docs/data-model.md` is checked against this module.

`#` separates the parts: charge point identities cannot contain it, id tags can, so a tag is always the last part or is
compared again after the query.
"""

import zlib
from datetime import date, datetime
from typing import Final, NamedTuple

from csms.ids import CallId, ChargePointId, ConnectionId, PlanId, ReservationId, SiteId, TransactionId
from csms.ocpp.primitives import format_timestamp

PARTITION_KEY: Final = "PK"
SORT_KEY: Final = "SK"
TTL_ATTRIBUTE: Final = "expires_at"
INDEXES: Final = ("GSI1", "GSI2", "GSI3", "GSI4")
"""Generic names, present from day one: a table update adds only one index at a time."""

SHARDS: Final = 16
"""Partitions a list of all things of a kind is spread over; changing it needs a rewrite of the index attributes."""


DAY_SHARDS: Final = 8
"""Partitions a day of ended transactions is spread over: each takes a thousand a second, and a list reads all.

It may grow to `SHARDS`, by doubling (`docs/cost.md`): what was written to fewer is in partitions that a list reads too.
"""


class Key(NamedTuple):
    """Partition and sort key of an item."""

    partition: str
    sort: str


class IndexKey(NamedTuple):
    """Partition and sort key of an item in one of the indexes."""

    name: str
    partition: str
    sort: str

    def attributes(self) -> dict[str, str]:
        """The two attributes that enter an item into the index."""
        return {f"{self.name}PK": self.partition, f"{self.name}SK": self.sort}


def index_attributes(index: str) -> tuple[str, str]:
    """The two attributes to remove when an item leaves the index."""
    return f"{index}PK", f"{index}SK"


def shard_of(text: str) -> int:
    """A stable shard number."""
    return zlib.crc32(text.encode()) % SHARDS


_CHARGE_POINT: Final = "CP#"


def charge_point_partition(charge_point_id: ChargePointId) -> str:
    """Everything that belongs to one charge point."""
    return f"{_CHARGE_POINT}{charge_point_id}"


def charge_point_of(partition: str) -> ChargePointId:
    """Whose partition it is."""
    return ChargePointId(partition.removeprefix(_CHARGE_POINT))


def charge_point(charge_point_id: ChargePointId) -> Key:
    """Registration data, credentials, boot data."""
    return Key(charge_point_partition(charge_point_id), "CP")


def identity(charge_point_id: str) -> Key:
    """Claims an identity whatever its case, and finds it."""
    return Key(f"IDENTITY#{charge_point_id.casefold()}", "IDENTITY")


LINK: Final = "LINK"


def link(charge_point_id: ChargePointId) -> Key:
    """The small hot row: connection, registration, liveness."""
    return Key(charge_point_partition(charge_point_id), LINK)


CONNECTOR_PREFIX: Final = "CONNECTOR#"


def connector(charge_point_id: ChargePointId, connector_id: int) -> Key:
    """One connector; 0 is the charge point itself."""
    return Key(charge_point_partition(charge_point_id), f"{CONNECTOR_PREFIX}{connector_id}")


TRANSACTION_PREFIX: Final = "TX#"


def transaction(charge_point_id: ChargePointId, transaction_id: TransactionId) -> Key:
    """One transaction."""
    return Key(charge_point_partition(charge_point_id), f"{TRANSACTION_PREFIX}{transaction_id}")


def transaction_meter_partition(charge_point_id: ChargePointId, transaction_id: TransactionId) -> str:
    """The meter values of one transaction."""
    return f"TX#{charge_point_id}#{transaction_id}"


def connector_meter_partition(charge_point_id: ChargePointId, connector_id: int, moment: datetime) -> str:
    """The meter values of one connector outside transactions, a partition a month."""
    return f"METER#{charge_point_id}#{connector_id}#{moment:%Y%m}"


FIRST_MOMENT: Final = "0"
"""Before every `timed` sort key; DynamoDB takes no empty one."""


def timed(moment: datetime, digest: str) -> str:
    """A sort key in time order that a repetition overwrites instead of doubling."""
    return f"{format_timestamp(moment)}#{digest}"


def moment_bound(moment: datetime) -> str:
    """Before every `timed` sort key of that moment, after those of earlier ones."""
    return format_timestamp(moment)


def event_prefix(kind: str) -> str:
    """One kind of history of a charge point."""
    return f"EVENT#{kind}#"


def event(charge_point_id: ChargePointId, kind: str, moment: datetime, digest: str) -> Key:
    """One entry of a charge point's history."""
    return Key(charge_point_partition(charge_point_id), f"{event_prefix(kind)}{timed(moment, digest)}")


ORPHAN_PREFIX: Final = "ORPHAN#"


def orphan(charge_point_id: ChargePointId, orphan_id: str) -> Key:
    """Charge data that belongs to no transaction yet; its id starts with the time it arrived."""
    return Key(charge_point_partition(charge_point_id), f"{ORPHAN_PREFIX}{orphan_id}")


CALL_PREFIX: Final = "CALL#"


def call(charge_point_id: ChargePointId, call_id: CallId) -> Key:
    """A call to the charge point; ids are in time order."""
    return Key(charge_point_partition(charge_point_id), f"{CALL_PREFIX}{call_id}")


IDEMPOTENCY_PREFIX: Final = "IDEMPOTENCY#"


def idempotency(charge_point_id: ChargePointId, idempotency_key: str) -> Key:
    """The call that a client's `Idempotency-Key` stands for."""
    return Key(charge_point_partition(charge_point_id), f"{IDEMPOTENCY_PREFIX}{idempotency_key}")


def file_transfer_prefix(kind: str) -> str:
    """The firmware updates or the diagnostics of a charge point."""
    return f"FILE#{kind}#"


def file_transfer(charge_point_id: ChargePointId, kind: str, call_id: CallId) -> Key:
    """What became of one UpdateFirmware or GetDiagnostics; in time order, as the ids of the calls are."""
    return Key(charge_point_partition(charge_point_id), f"{file_transfer_prefix(kind)}{call_id}")


def received_file_prefix(call_id: CallId) -> str:
    """The files that a charge point sent for one GetDiagnostics."""
    return f"UPLOAD#{call_id}#"


def received_file(charge_point_id: ChargePointId, call_id: CallId, digest: str) -> Key:
    """One of them; the same file again is the same item."""
    return Key(charge_point_partition(charge_point_id), f"{received_file_prefix(call_id)}{digest}")


def file_token(token_hash: str) -> Key:
    """What a station's short URL leads to; the token itself is stored nowhere."""
    return Key(f"FILETOKEN#{token_hash}", "FILETOKEN")


def firmware_image(image_id: str) -> Key:
    """One firmware image of the library."""
    return Key(f"FIRMWARE#{image_id}", "FIRMWARE")


def firmware_of_model(vendor: str, model: str, created_at: datetime, image_id: str) -> IndexKey:
    """Entry in the images for a model by age."""
    return IndexKey("GSI2", firmware_model_partition(vendor, model), timed(created_at, image_id))


def firmware_model_partition(vendor: str, model: str) -> str:
    """The images for a model, whatever the case of its name."""
    return f"FIRMWARE#{vendor.casefold()}#{model.casefold()}"


def due(kind: str, moment: datetime, owner: ChargePointId | SiteId, name: str) -> IndexKey:
    """Entry in the list of what is due when, for `sweep`; `owner` spreads it over the shards."""
    return IndexKey("GSI4", due_partition(kind, shard_of(owner)), timed(moment, f"{owner}#{name}"))


def due_partition(kind: str, shard: int) -> str:
    """One shard of what is due, of one kind."""
    return f"DUE#{kind}#{shard}"


CONFIGURATION_PREFIX: Final = "CONFIG#"


def configuration(charge_point_id: ChargePointId, key: str) -> Key:
    """A configuration key of the charge point, whatever its case [S 7.28]."""
    return Key(charge_point_partition(charge_point_id), f"{CONFIGURATION_PREFIX}{key.casefold()}")


def charge_point_model(vendor: str, model: str) -> Key:
    """What all charge points of a model have in common, whatever the case of its name."""
    return Key(f"MODEL#{vendor.casefold()}#{model.casefold()}", "MODEL")


PROFILE_PREFIX: Final = "PROFILE#"


def charging_profile(charge_point_id: ChargePointId, profile_id: int) -> Key:
    """A charging profile the charge point has been sent."""
    return Key(charge_point_partition(charge_point_id), f"{PROFILE_PREFIX}{profile_id}")


RESERVATION_PREFIX: Final = "RESERVATION#"


def reservation(charge_point_id: ChargePointId, reservation_id: ReservationId) -> Key:
    """A reservation that the charge point has accepted, or may have."""
    return Key(charge_point_partition(charge_point_id), f"{RESERVATION_PREFIX}{reservation_id}")


_LOCAL_LIST: Final = "LOCALLIST"


def local_list(charge_point_id: ChargePointId) -> Key:
    """The local authorization list as the charge point last acknowledged it."""
    return Key(charge_point_partition(charge_point_id), _LOCAL_LIST)


OF_ONE_LIFE: Final = (
    CONFIGURATION_PREFIX,
    CONNECTOR_PREFIX,
    IDEMPOTENCY_PREFIX,
    PROFILE_PREFIX,
    RESERVATION_PREFIX,
    _LOCAL_LIST,
)
"""What begins the sort keys of all that a removed charge point does not leave to the next one of its identity."""


def bulk_partition(bulk_id: str) -> str:
    """A bulk command and what became of it."""
    return f"BULK#{bulk_id}"


def bulk(bulk_id: str) -> Key:
    """One command to many charge points."""
    return Key(bulk_partition(bulk_id), "BULK")


BULK_RESULT_PREFIX: Final = "RESULT#"


def bulk_result(bulk_id: str, charge_point_id: ChargePointId) -> Key:
    """What became of a bulk command at one charge point."""
    return Key(bulk_partition(bulk_id), f"{BULK_RESULT_PREFIX}{charge_point_id}")


def site_partition(site_id: SiteId) -> str:
    """A site and its charge points."""
    return f"SITE#{site_id}"


def site(site_id: SiteId) -> Key:
    """One grid connection: its limits, and the charging plan that runs it."""
    return Key(site_partition(site_id), "SITE")


MEMBER_PREFIX: Final = "MEMBER#"


def member(site_id: SiteId, charge_point_id: ChargePointId) -> Key:
    """A charge point of the site."""
    return Key(site_partition(site_id), f"{MEMBER_PREFIX}{charge_point_id}")


def charging_plan_partition(plan_id: PlanId) -> str:
    """A charging plan and what it wants of each connector."""
    return f"PLAN#{plan_id}"


def charging_plan(plan_id: PlanId) -> Key:
    """What a charging plan is to do, and how far it has come."""
    return Key(charging_plan_partition(plan_id), "PLAN")


TARGET_PREFIX: Final = "TARGET#"


def planned_profile(plan_id: PlanId, charge_point_id: ChargePointId, connector_id: int, role: str) -> Key:
    """A charging profile that a plan wants there, and what became of it."""
    return Key(charging_plan_partition(plan_id), f"{TARGET_PREFIX}{charge_point_id}#{connector_id}#{role}")


def session(connection_id: ConnectionId) -> Key:
    """Whose connection this is."""
    return Key(f"SESSION#{connection_id}", "SESSION")


def tag(id_tag: str) -> Key:
    """An id tag; compared case-insensitively [S 7.28]."""
    return Key(f"TAG#{id_tag.upper()}", "TAG")


def connection_attempt(identity_text: str, reason: str) -> Key:
    """Refused attempts of one identity for one reason, counted."""
    return Key(f"ATTEMPT#{identity_text}", reason)


def stranger(network: str, number: int) -> Key:
    """Refused attempts from one address that named none of our charge points: some of them, counted."""
    return Key(f"STRANGER#{network}", f"{number}")


def message_partition(charge_point_id: ChargePointId, day: datetime) -> str:
    """The message log of one charge point and day."""
    return f"LOG#{charge_point_id}#{day:%Y%m%d}"


def listed(kind: str, name: str) -> IndexKey:
    """Entry in the list of all things of a kind, spread over shards by name."""
    return IndexKey("GSI1", list_partition(kind, shard_of(name)), name)


def list_partition(kind: str, shard: int) -> str:
    """One shard of the list of all things of a kind."""
    return f"KIND#{kind}#{shard}"


FLEET: Final = Key("FLEET", "FLEET")
"""What `sweep` has counted last, shard by shard."""


def open_transaction(id_tag: str, charge_point_id: ChargePointId, transaction_id: TransactionId) -> IndexKey:
    """Entry in the list of open transactions: found by tag within its shard, or shard by shard as a whole."""
    folded = id_tag.upper()
    return IndexKey(
        "GSI1", open_partition(shard_of(folded)), f"{open_tag_prefix(id_tag)}{charge_point_id}#{transaction_id}"
    )


def open_partition(shard: int) -> str:
    """One shard of the open transactions."""
    return f"OPEN#{shard}"


def open_tag_prefix(id_tag: str) -> str:
    """Where the open transactions of one tag start; compare the tag itself again, it may contain `#`."""
    return f"{id_tag.upper()}#"


def ended_of_charge_point(charge_point_id: ChargePointId, start: datetime, transaction_id: TransactionId) -> IndexKey:
    """Entry in a charge point's ended transactions by start time."""
    return IndexKey("GSI2", charge_point_partition(charge_point_id), timed(start, str(transaction_id)))


def ended_on_day(charge_point_id: ChargePointId, start: datetime, transaction_id: TransactionId) -> IndexKey:
    """Entry in all ended transactions by start time, a partition a day and shard."""
    return IndexKey(
        "GSI3",
        day_partition(start, shard_of(charge_point_id) % DAY_SHARDS),
        timed(start, f"{charge_point_id}#{transaction_id}"),
    )


def day_partition(day: date, shard: int) -> str:
    """One shard of the transactions that started on a UTC day and have ended."""
    return f"DAY#{day:%Y%m%d}#{shard}"
