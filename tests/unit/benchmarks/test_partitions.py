"""Where a fleet's writes meet: the model writes what was counted, and no shard is much hotter than others."""

from collections import Counter

import pytest

from benchmarks import cost
from benchmarks.counted import Counted
from benchmarks.partitions import WRITES, Station, fleet, hottest, writes_of
from csms.ids import ChargePointId
from csms.store import keys

STATION = Station(ChargePointId("CP1"), 1, "TAG1")


@pytest.mark.parametrize("kind", WRITES)
def test_a_message_writes_what_was_counted(kind: str) -> None:
    """Places, and units: items of the model are below 1 KB."""
    counted = Counted.read().usage[kind]
    assert Counter(write.place for write in writes_of(kind, STATION)) == Counter(counted.writes_by_place)


def test_every_kind_of_message_that_writes_is_in_the_model() -> None:
    kinds = cost.invocations_a_day(cost.TYPICAL).keys() - {cost.COMMAND, cost.COMMAND_ANSWER}
    assert {kind for kind in kinds if Counted.read().usage[kind].write_units} == WRITES.keys() - {cost.BOOT}


@pytest.mark.parametrize(
    ("kind", "index", "shards"),
    [(cost.START, "GSI1", keys.SHARDS), (cost.BOOT, "GSI1", keys.SHARDS), (cost.STOP, "GSI3", keys.DAY_SHARDS)],
)
def test_names_and_tags_spread_evenly(kind: str, index: str, shards: int) -> None:
    [found] = [one for name, one in hottest({kind: 1}).items() if name == index]
    assert 1 / shards <= found.units < 1.1 / shards


def test_one_tag_for_all_is_one_partition() -> None:
    assert hottest({cost.START: 1}, shared_tag=True)["GSI1"].units == pytest.approx(1)


def test_stations_do_not_meet_in_the_table() -> None:
    partitions = [
        {write.partition for kind in WRITES for write in writes_of(kind, one) if write.place not in keys.INDEXES}
        for one in fleet(200)
    ]
    assert len(set.union(*partitions)) == sum(map(len, partitions))


@pytest.mark.parametrize("name", ["CP1", "DE*ABC*E1", "WB-2026-0000007", "site/9"])
def test_a_day_written_with_half_as_many_partitions_is_still_listed(name: str) -> None:
    before = keys.shard_of(name) % (keys.DAY_SHARDS // 2)
    assert before in range(keys.DAY_SHARDS)
    assert keys.SHARDS % keys.DAY_SHARDS == 0, "else some partitions of a day get more stations than others"
