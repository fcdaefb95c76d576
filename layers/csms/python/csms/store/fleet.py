"""How many charge points there are and are online: counted by shards, each of them now and then."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.table import Table

_STALE: Final = timedelta(hours=1)


@dataclass(frozen=True)
class FleetCount:
    """Some charge points, or all of them."""

    known: int
    online: int
    open_transactions: int


class Fleet:
    """The one row that holds what was counted last."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def note(self, shard: int, count: FleetCount, now: datetime) -> FleetCount | None:
        """Keep what was counted in a shard; the sum of all shards, or None if one was not counted lately."""
        item = self._table.update(
            keys.FLEET, assign={f"shard_{shard}": {**vars(count), "at": format_timestamp(now)}}, returning="ALL_NEW"
        )
        shards = [item.get(f"shard_{number}") for number in range(keys.SHARDS)]
        if not all(each and parse_timestamp(each["at"]) > now - _STALE for each in shards):
            return None
        return FleetCount(*(sum(each[name] for each in shards if each) for name in vars(count)))
