"""Tables, for a terminal and for Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """Rows of text under headers; the first `texts` columns are words, the others numbers."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1
    notes: Sequence[str] = field(default=())

    def to_text(self) -> str:
        """Aligned columns."""
        widths = [max(map(len, column)) for column in zip(self.headers, *self.rows, strict=True)]
        lines = [self.title, *(self._line(row, widths) for row in (self.headers, *self.rows))]
        lines.insert(2, "-" * len(lines[1]))
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])

    def to_markdown(self) -> str:
        """A heading, a table, the notes."""
        rule = ["---" if index < self.texts else "--:" for index in range(len(self.headers))]
        lines = [f"| {' | '.join(row)} |" for row in (self.headers, rule, *self.rows)]
        notes = [f"\n{note}" for note in self.notes]
        return "\n".join([f"### {self.title}\n", *lines, *notes])

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        cells = [
            text.ljust(width) if index < self.texts else text.rjust(width)
            for index, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells)
