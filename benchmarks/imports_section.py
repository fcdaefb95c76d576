"""Cold starts and package sizes."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from benchmarks import aims
from benchmarks.imports import ColdStart, measure_imports
from benchmarks.packages import Package, package_sizes
from benchmarks.section import Section, aims_table
from benchmarks.tables import Table

_HEADERS: Final = (
    *("process", "ready ms", "x floor", "first answer ms", "peak MB"),
    *("no bytecode: ready ms", "x floor", "peak MB"),
)
_NOTES: Final = (
    "Ready: imported, DynamoDB client made, actions registered. First answer: ready, and one event answered.",
    "Floor: boto3, one DynamoDB client, a Powertools logger, pydantic.",
    "x floor: median over pairs that ran one after the other, under the same load.",
    "No bytecode: laid out as the layers are deployed, sources only, which Lambda compiles at every cold start.",
)


def imports_section(runs: int) -> Section:
    """Every function against the floor; what is uploaded."""
    starts, packages = measure_imports(runs), package_sizes()
    rows = [_row(what, starts) for what in dict.fromkeys(one.what for one in starts)]
    notes = (f"Medians of {starts[0].runs} fresh processes, CPU time.", *_NOTES)
    data = {"coldStarts": [asdict(one) for one in starts], "packages": [asdict(one) for one in packages]}
    tables = (
        Table("Cold start", _HEADERS, rows, notes=notes),
        _sizes_table(packages),
        aims_table(aims.of_imports(starts)),
    )
    return Section("imports", tables, data)


def _row(what: str, starts: Sequence[ColdStart]) -> tuple[str, ...]:
    compiled, sources = (
        next(one for one in starts if one.what == what and one.has_bytecode is has) for has in (True, False)
    )
    return (
        what,
        f"{compiled.ready_ms:.0f}",
        f"{compiled.x_floor:.2f}",
        f"{compiled.answered_ms:.0f}" if compiled.answered_ms else "",
        f"{compiled.peak_mb:.0f}",
        f"{sources.ready_ms:.0f}",
        f"{sources.x_floor:.2f}",
        f"{sources.peak_mb:.0f}",
    )


def _sizes_table(packages: Sequence[Package]) -> Table:
    rows = [(one.name, f"{one.zipped_bytes / 1024:.1f}", f"{one.unzipped_bytes / 1024:.1f}") for one in packages]
    return Table("Packages", ("package", "zipped KB", "unzipped KB"), rows)
