"""Importing many id tags: the good rows are kept, the others come back with what is wrong with them."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from pydantic import Field

from csms.api.id_tag_models import NewIdTag, read_tag
from csms.api.id_tag_withdrawal import NextStep, groups_to_tell, is_withdrawal, next_steps
from csms.api.models import View
from csms.api.problems import Finding, InvalidRequest, MalformedRequest
from csms.api.request import CurrentRequest
from csms.authorization import IdTag, may_charge

LARGEST_IMPORT: Final = 1000
"""One write each, in turn: some seconds. Of a tag that is withdrawn and propagated a read and two writes."""
_MOST_ERRORS: Final = 5
_LONGEST_SHOWN: Final = 50
"""Of a row that is all wrong, so that the report of a thousand fits an answer."""
_COLUMNS: Final = {field.alias or name for name, field in NewIdTag.model_fields.items()}
_GROUP_SEPARATOR: Final = "|"
_NO_LIMIT: Final = "unlimited"

Row = tuple[int, Any]
"""A line of a CSV file, or the position in a list, from 1; and what it holds, as JSON would."""


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    INVALID = "invalid"


class FindingView(View):
    """What is wrong with a field."""

    field: str
    reason: str


class RowReport(View):
    """What became of one row. `row` is the line of a CSV file, or the position in a list, counted from 1."""

    row: int
    id_tag: str | None
    result: Outcome
    errors: tuple[FindingView, ...] = ()


class ImportReport(View):
    """What became of all rows."""

    created: int
    updated: int
    invalid: int
    rows: list[RowReport]
    next_steps: list[NextStep] = Field(description="What there is to do about tags that may not charge any more.")


def import_tags(current: CurrentRequest, rows: list[Row], *, propagate: bool) -> ImportReport:
    """Add or replace the tags of all rows that are right. Repeating it changes nothing more.

    Args:
        current: the request.
        rows: what to import.
        propagate: also do what there is to do about tags that may not charge any more.
    """
    run = _Import(current, propagate)
    reports = [run.take(number, content) for number, content in rows]
    counts = Counter(report.result for report in reports)
    return ImportReport(
        created=counts[Outcome.CREATED],
        updated=counts[Outcome.UPDATED],
        invalid=counts[Outcome.INVALID],
        rows=reports,
        next_steps=next_steps(current, run.withdrawn, is_wanted=propagate),
    )


def rows_of_json(content: list[Any]) -> list[Row]:
    """The rows of a JSON array.

    Raises:
        InvalidRequest: too many.
    """
    return _bounded(list(enumerate(content, start=1)))


def rows_of_csv(text: str) -> list[Row]:
    """The rows of a CSV file, separated by commas or, as spreadsheets in half of Europe do, by semicolons.

    Raises:
        MalformedRequest: no CSV.
        InvalidRequest: unknown columns, no idTag column, or too many rows.
    """
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    header = text.partition("\n")[0]
    separator = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        columns = [name.strip() for name in next(reader, [])]
        _check_columns(columns)
        return _bounded(list(_csv_rows(reader, columns)))
    except csv.Error as error:
        raise MalformedRequest(f"line {reader.line_num} is not CSV") from error


def _csv_rows(reader: Any, columns: list[str]) -> Iterator[Row]:
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, _from_cells(columns, cells)


def _from_cells(columns: list[str], cells: list[str]) -> dict[str, Any]:
    """The row as JSON would have it: an empty cell is a field left out, one cell too many a field of no name."""
    row: dict[str, Any] = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if cell.strip()}
    if len(cells) > len(columns):
        row[f"column {len(columns) + 1}"] = cells[len(columns)]
    if "groups" in row:
        row["groups"] = [group.strip() for group in row["groups"].split(_GROUP_SEPARATOR) if group.strip()]
    if row.get("maxActiveTransactions") == _NO_LIMIT:
        row["maxActiveTransactions"] = None
    return row


@dataclass
class _Import:
    current: CurrentRequest
    propagate: bool
    rows_by_tag: dict[str, int] = field(default_factory=dict)
    withdrawn: list[IdTag] = field(default_factory=list)
    """Tags as they were and as they are."""

    def take(self, number: int, content: Any) -> RowReport:
        given = content.get("idTag") if isinstance(content, dict) else None
        id_tag = given[:_LONGEST_SHOWN] if isinstance(given, str) else None
        try:
            tag = read_tag(content)
            first = self.rows_by_tag.setdefault(tag.id_tag.upper(), number)
            if first != number:
                raise InvalidRequest(Finding("idTag", f"row {first} has it already"))
        except InvalidRequest as invalid:
            errors = tuple(
                FindingView(field=finding.field, reason=finding.reason) for finding in invalid.findings[:_MOST_ERRORS]
            )
            return RowReport(row=number, id_tag=id_tag, result=Outcome.INVALID, errors=errors)
        result = Outcome.UPDATED if self._put(tag) else Outcome.CREATED
        return RowReport(row=number, id_tag=id_tag, result=result)

    def _put(self, tag: IdTag) -> IdTag | None:
        """What it was."""
        tags, now = self.current.store.id_tags, self.current.now
        is_good = may_charge(tag, now)
        known = None if is_good or not self.propagate else tags.get(tag.id_tag)
        if known and is_withdrawal(known, now):
            tag = replace(tag, untold_groups=groups_to_tell(known))
        before = tags.put(tag)
        is_owed = tag.untold_groups is not None
        if before and not is_good and (is_owed or is_withdrawal(before, now)):
            self.withdrawn += before, tag
        return before


def _check_columns(columns: list[str]) -> None:
    findings = [Finding(name or "body", "no such column") for name in columns if name not in _COLUMNS]
    findings += [Finding(name, "named twice") for name, times in Counter(columns).items() if times > 1]
    if "idTag" not in columns:
        findings.append(Finding("idTag", "the first line must name this column"))
    if findings:
        raise InvalidRequest(*findings)


def _bounded(rows: list[Row]) -> list[Row]:
    if len(rows) > LARGEST_IMPORT:
        raise InvalidRequest(Finding("body", f"{len(rows)} rows; at most {LARGEST_IMPORT} at a time"))
    return rows
