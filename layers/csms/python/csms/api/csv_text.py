"""CSV as RFC 4180 has it, safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response

MEDIA_TYPE: Final = "text/csv"
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_FORMULA: Final = re.compile("(^|[;\t\r\n])(?=[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")
"""Where a cell begins that a spreadsheet runs: some take the full-width signs as well, and those of countries where the
comma is in numbers end cells at semicolons, wherever quotes are."""


def to_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A header and one line per row; None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def csv_response(
    name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]], next_page: str | None
) -> Response[Any]:
    """The CSV as a file to download; where there is more, the `Link` header leads to it."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    if next_page:
        headers["Link"] = f'<{next_page}>; rel="next"'
    return Response(200, f"{MEDIA_TYPE}; charset=utf-8; header=present", to_csv(columns, rows), headers=headers)


def _cell(value: object) -> object:
    """Text that a spreadsheet would run as a formula gets an apostrophe; a number is one whatever its sign."""
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return _FORMULA.sub(r"\1'", value)
    return value
