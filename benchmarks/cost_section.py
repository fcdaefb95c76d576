"""The cost page: deterministic in what was counted, the prices, the keys and the template's inventory."""

from dataclasses import asdict

from benchmarks.cost_tables import fixed_table, fleet_table, price_table, station_table, turning_table
from benchmarks.counted import Counted
from benchmarks.quota_tables import asking_table, load_table, partition_table, quota_table
from benchmarks.quotas import loads
from benchmarks.section import Section


def cost_section(counted: Counted) -> Section:
    """What it costs, then what limits it."""
    found = loads(counted.usage)
    tables = (
        station_table(counted),
        fleet_table(counted),
        fixed_table(counted.usage),
        turning_table(counted),
        quota_table(found),
        asking_table(found),
        load_table(found),
        partition_table(),
        price_table(),
    )
    return Section("cost", tables, asdict(counted), measured_on=counted.machine, keep=counted.write)
