"""Where writes go: the keys that a fleet's messages touch, made by `csms/store/keys.py` itself; which is the hottest.

DynamoDB takes 1,000 write units and 3,000 read units a second of one partition. It splits what is hot by key, but never
within one partition key of an index here: there the sort key begins with the time, or all of it is hot. So a partition
key is what binds. `places` of each write are held against what the benchmark counted.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final, NamedTuple

from benchmarks import cost
from csms.ids import ChargePointId, ConnectionId, TransactionId
from csms.store import keys
from csms.store.keys import IndexKey, Key

SAMPLE: Final = 48_000
"""Stations that are simulated; the hottest key's share of a shard no longer changes with more."""
_SAMPLE_OF_OWN_KEYS: Final = 1_000
"""The same for the table: no two stations share a key there."""
_NOON: Final = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
_DIGEST: Final = "0123456789abcdef"
_NAMES: Final = ("WB-2026-{:07}", "DE*ABC*E{:06}", "site{:05}/station")
"""How operators name their stations."""


class Write(NamedTuple):
    """A write unit on one partition key of the table or of an index."""

    place: str
    """The kind of item, as the benchmark names it, or the index."""
    partition: str


@dataclass(frozen=True)
class Station:
    """One of the fleet, with the transaction that it has, and the tag that was shown."""

    id: ChargePointId
    number: int
    id_tag: str

    @property
    def transaction_id(self) -> TransactionId:
        """Any."""
        return TransactionId(self.number + 1)


def fleet(stations: int, *, shared_tag: bool = False) -> Iterator[Station]:
    """Stations under several schemes of names, each with a driver of its own, or all with the one tag of a fleet."""
    for number in range(stations):
        name = _NAMES[number % len(_NAMES)].format(number)
        yield Station(ChargePointId(name), number, "FREE" if shared_tag else f"04A2{number * 2654435761 % 2**32:08X}")


def _of_item(place: str, key: Key) -> Write:
    return Write(place, key.partition)


def _of_index(key: IndexKey) -> Write:
    return Write(key.name, key.partition)


def _link(one: Station) -> Write:
    return _of_item("CP/LINK", keys.link(one.id))


def _connector(one: Station) -> Write:
    return _of_item("CP/CONNECTOR", keys.connector(one.id, 1))


def _event(one: Station) -> Write:
    return _of_item("CP/EVENT", keys.event(one.id, "status", _NOON, _DIGEST))


def _log(one: Station) -> Write:
    return Write("LOG", keys.message_partition(one.id, _NOON))


def _meter(one: Station) -> Write:
    return Write("TX", keys.transaction_meter_partition(one.id, one.transaction_id))


def _session(one: Station) -> Write:
    return _of_item("SESSION", keys.session(ConnectionId(f"connection-{one.number}")))


def _transaction(one: Station) -> Write:
    return _of_item("CP/TX", keys.transaction(one.id, one.transaction_id))


def _open(one: Station) -> Write:
    return _of_index(keys.open_transaction(one.id_tag, one.id, one.transaction_id))


def _ended(one: Station) -> Write:
    return _of_index(keys.ended_of_charge_point(one.id, _NOON, one.transaction_id))


def _ended_on_day(one: Station) -> Write:
    return _of_index(keys.ended_on_day(one.id, _NOON, one.transaction_id))


def _charge_point(one: Station) -> Write:
    return _of_item("CP", keys.charge_point(one.id))


def _listed(one: Station) -> Write:
    return _of_index(keys.listed("CP", one.id))


WRITES: Final[Mapping[str, tuple[Callable[[Station], Write], ...]]] = {
    cost.CONNECT: (_session, _link, _event),
    cost.DISCONNECT: (_link, _event),
    cost.FIRST_MESSAGE: (_link,),
    cost.HEARTBEAT: (_link,),
    cost.TOUCHING_METER_VALUES: (_link, _meter),
    cost.METER_VALUES: (_meter,),
    cost.AUTHORIZE: (_log,),
    cost.START: (_transaction, _open, _connector, _log),
    cost.STOP: (_transaction, _open, _ended, _ended_on_day, _connector, _log),
    cost.STATUS: (_connector, _event, _log),
    cost.BOOT: (_link, _charge_point, _listed, _event, _log),
}
"""What a message of each kind writes to."""


def writes_of(kind: str, station: Station) -> list[Write]:
    """The writes of one message."""
    return [write(station) for write in WRITES.get(kind, ())]


@dataclass(frozen=True)
class Hottest:
    """The partition key of one index, or of the table, that takes the most."""

    index: str
    partition: str
    units: float
    """Write units of it, for each station of the fleet."""


def hottest(messages: Mapping[str, float], *, shared_tag: bool = False) -> dict[str, Hottest]:
    """By index (and `table`), if every station sends so many messages of each kind."""
    units: dict[str, dict[str, float]] = {}
    for kind, count in messages.items():
        for write in WRITES.get(kind, ()):
            index, share_by_partition = _spread(write, shared_tag=shared_tag)
            found = units.setdefault(index, {})
            for partition, share in share_by_partition.items():
                found[partition] = found.get(partition, 0.0) + count * share
    return {index: _hottest(index, found) for index, found in sorted(units.items())}


def _hottest(index: str, units: Mapping[str, float]) -> Hottest:
    partition = max(units, key=lambda key: units[key])
    return Hottest(index, partition, units[partition])


@cache
def _spread(write: Callable[[Station], Write], *, shared_tag: bool) -> tuple[str, dict[str, float]]:
    """Where one such write of every station goes: the index, and the units of each partition key for each station."""
    index = write(next(fleet(1))).place
    stations = SAMPLE if index in keys.INDEXES else _SAMPLE_OF_OWN_KEYS
    found = Counter(write(station).partition for station in fleet(stations, shared_tag=shared_tag))
    return index if index in keys.INDEXES else "table", {key: count / stations for key, count in found.items()}
