"""The generated parts of docs/performance.md and docs/cost.md, between markers; the words around them are by hand."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.machine import Machine
from benchmarks.packages import ROOT
from benchmarks.section import Section

PAGE: Final = ROOT / "docs" / "performance.md"
COST_PAGE: Final = ROOT / "docs" / "cost.md"


def rewrite(sections: Sequence[Section], machine: Machine) -> None:
    """Put the sections that were run in the place of their predecessors."""
    for section in sections:
        page = page_of(section.name)
        page.write_text(replace_part(page.read_text(), section.name, content(section, str(machine))))
        section.keep()


def page_of(name: str) -> Path:
    """Where a part stands."""
    return COST_PAGE if name == "cost" else PAGE


def replace_part(text: str, name: str, content: str) -> str:
    """The text with other content between the two markers of that name.

    Raises:
        ValueError: the markers are not there once.
    """
    begin, end = f"<!-- bench: {name} -->", f"<!-- end: {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    replaced, count = pattern.subn(lambda _: f"{begin}\n{content}\n{end}", text)
    if count != 1:
        raise ValueError(f"{begin} ... {end} stands {count} times")
    return replaced


def content(section: Section, machine: str) -> str:
    """What stands between the markers."""
    tables = "\n\n".join(table.to_markdown() for table in section.tables)
    return f"{tables}\n\n_{section.measured_on or machine}_"
