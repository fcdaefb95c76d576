"""The generated parts of docs/performance.md, between markers; the words around them are written by hand."""

import re
from collections.abc import Sequence
from typing import Final

from benchmarks.machine import Machine
from benchmarks.packages import ROOT
from benchmarks.section import Section

PAGE: Final = ROOT / "docs" / "performance.md"


def rewrite(sections: Sequence[Section], machine: Machine) -> None:
    """Put the sections that were run in the place of their predecessors."""
    text = PAGE.read_text()
    for section in sections:
        text = replace_part(text, section.name, _content(section, machine))
    PAGE.write_text(text)


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


def _content(section: Section, machine: Machine) -> str:
    tables = "\n\n".join(table.to_markdown() for table in section.tables)
    return f"{tables}\n\n_{machine}_"
