import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.api.csv_text import to_csv


def test_lines_end_as_rfc_4180_wants_and_nothing_is_an_empty_cell() -> None:
    assert to_csv(("a", "b"), [{"a": 1, "b": None}, {"b": 'say "x", y'}]) == 'a,b\r\n1,\r\n,"say ""x"", y"\r\n'


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＠SUM(1)"]
)
def test_text_that_a_spreadsheet_would_run_is_made_text(text: str) -> None:
    (row,) = list(csv.reader(io.StringIO(to_csv(("a",), [{"a": text}]), newline="")))[1:]
    (cell,) = row
    assert cell.startswith(f"'{text[0]}")
    assert cell.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize(
    ("text", "cell"),
    [("a;=1+1", "a;'=1+1"), ("a\n=1", "a\n'=1"), ("a;b", "a;b"), ("a-b", "a-b"), ("a;;-1", "a;;'-1")],
)
def test_a_spreadsheet_that_ends_cells_elsewhere_runs_nothing_either(text: str, cell: str) -> None:
    (row,) = list(csv.reader(io.StringIO(to_csv(("a",), [{"a": text}]), newline="")))[1:]
    assert row == [cell]


@pytest.mark.parametrize("number", ["-5", "+5", "-0.25", "-1e-3"])
def test_a_negative_number_stays_a_number(number: str) -> None:
    assert to_csv(("a",), [{"a": number}]).splitlines()[1] == number


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=2, max_size=2))
def test_a_reader_gets_back_every_cell(cells: list[str]) -> None:
    text = to_csv(("a", "b"), [dict(zip(("a", "b"), cells, strict=True))])
    (row,) = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert [cell.replace("'", "") for cell in row] == [cell.replace("'", "") for cell in cells]
