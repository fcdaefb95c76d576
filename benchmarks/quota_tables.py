"""What limits a fleet, as tables: quotas and what to ask for, loads by moment, partitions."""

from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks.partitions import Hottest, hottest
from benchmarks.quotas import CONNECTIONS_RATE, MOMENT_S, MOMENTS, PARTITION_WRITES, SIZES, Load, Moment, drain_s
from benchmarks.tables import Table

LARGEST: Final = SIZES[-1]


def quota_table(found: Sequence[Load]) -> Table:
    """The quota that binds first stands first."""
    headers = ("quota", "in the moment of", "default", "unit", *(f"at {size:,}" for size in SIZES))
    rows = [
        (
            one.quota.name,
            one.peak_moment,
            f"{one.quota.limit:,.0f}",
            one.quota.unit,
            *(_number(one.peak * size) for size in SIZES),
            _stations(one.binds_at),
            _stations(one.binds_on_average_at),
        )
        for one in found
    ]
    minutes = drain_s(LARGEST) / 60
    notes = (
        "Typical stations, in the worst of these moments, each beside the ordinary day:",
        *(f"{moment.name}: {moment.what}." for moment in MOMENTS),
        (
            f"At {CONNECTIONS_RATE:.0f} connections a second a fleet is back within {drain_s(SIZES[0]):.1f} s "
            f"({SIZES[0]:,}), {drain_s(SIZES[1]):.0f} s ({SIZES[1]:,}), {minutes:.0f} min ({LARGEST:,})."
        ),
    )
    return Table("What binds", (*headers, "binds at", "on average at"), rows, texts=2, notes=notes)


def load_table(found: Sequence[Load]) -> Table:
    """Of the largest fleet, by moment."""
    headers = ("load", "unit", *(moment.name for moment in MOMENTS))
    rows = [
        (one.quota.name, one.quota.unit, *(_number(one.by_moment[moment.name] * LARGEST) for moment in MOMENTS))
        for one in found
    ]
    return Table(f"Loads of {LARGEST:,} stations", headers, rows, texts=2)


def asking_table(found: Sequence[Load]) -> Table:
    """What is to be done at each size."""
    headers = ("stations", "what binds", "what to ask for, or to do", "times the default", "in the moment of")
    rows = [row for size in SIZES for row in _asking_rows(found, size)]
    return Table("What to ask AWS for", headers, rows, texts=3)


def _asking_rows(found: Sequence[Load], size: int) -> list[tuple[str, ...]]:
    binding = [one for one in found if one.binds_at < size]
    if not binding:
        return [(f"{size:,}", "no quota", "nothing", "", "")]
    return [
        (
            f"{size:,}",
            one.quota.name,
            one.quota.remedy,
            f"{size / one.binds_at:.1f}",
            "all day" if one.binds_on_average_at < size else one.peak_moment,
        )
        for one in binding
    ]


_OWN: Final[Mapping[str, str]] = {
    "table": "a partition key of its own for each station, transaction, connection and day of its log",
    "GSI2": "`CP#{station}` at each stop",
}
_SHARED: Final[Mapping[str, str]] = {
    "GSI1": "`KIND#CP#{shard}` at each boot, `OPEN#{shard of the tag}` at each start and stop",
    "GSI3": "`DAY#{day of the start}#{shard}` at each stop",
}


def partition_table() -> Table:
    """Where the fleet's writes meet."""
    headers = ("index", "written to", "hottest key", "in the moment of", f"units a second at {LARGEST:,}", "binds at")
    worst = {index: _worst(index) for index in _SHARED}
    shared = [
        (
            index,
            written,
            f"`{worst[index][0].partition}`",
            worst[index][1].name,
            f"{worst[index][0].units * LARGEST:,.0f}",
            _stations(PARTITION_WRITES / worst[index][0].units),
        )
        for index, written in _SHARED.items()
    ]
    own = [(index, written, "of one station", "", "", "never") for index, written in _OWN.items()]
    one_tag, _ = _worst("GSI1", shared_tag=True)
    largest = max(found.units for found, _ in worst.values())
    notes = (
        (
            f"A partition takes {PARTITION_WRITES:,.0f} write units a second. {LARGEST:,} stations need "
            f"{MOMENT_S * largest * LARGEST / PARTITION_WRITES:.0f} s for what these moments have them do within "
            f"{MOMENT_S} s."
        ),
        f"Where all stations start with one tag, `OPEN` binds at {_stations(PARTITION_WRITES / one_tag.units)}.",
    )
    return Table("Partitions", headers, [*shared, *own], texts=4, notes=notes)


def _worst(index: str, *, shared_tag: bool = False) -> tuple[Hottest, Moment]:
    by_moment = [(hottest(moment.rates(), shared_tag=shared_tag)[index], moment) for moment in MOMENTS]
    return max(by_moment, key=lambda one: one[0].units)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _stations(value: float) -> str:
    """To two digits: the moments are not known better."""
    return "never" if value == float("inf") else f"{float(f'{value:.1e}'):,.0f}"
