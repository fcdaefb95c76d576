"""The generated parts of the docs."""

import pytest

from benchmarks.page import page_of, replace_part
from benchmarks.parts import PARTS
from benchmarks.tables import Table

TEXT = "Before.\n<!-- bench: fleet -->\nold\n<!-- end: fleet -->\nAfter.\n"


def test_only_what_stands_between_the_markers_is_replaced() -> None:
    replaced = replace_part(TEXT, "fleet", r"new \1")
    assert replaced == "Before.\n<!-- bench: fleet -->\nnew \\1\n<!-- end: fleet -->\nAfter.\n"
    assert replace_part(replaced, "fleet", "old") == TEXT


def test_a_page_without_the_markers_is_not_written_to() -> None:
    with pytest.raises(ValueError, match="stands 0 times"):
        replace_part(TEXT, "cost", "new")


def test_its_page_has_a_place_for_every_part() -> None:
    for part in PARTS:
        text = page_of(part).read_text()
        assert replace_part(text, part, "") != text


def test_a_table_is_aligned_for_terminals_and_marked_up_for_readers() -> None:
    table = Table("Sizes", ("name", "KB"), [("message", "0.5"), ("csms", "102.3")], notes=("Zipped.",))
    assert table.to_text().splitlines() == [
        "Sizes",
        "name        KB",
        "--------------",
        "message    0.5",
        "csms     102.3",
        "  Zipped.",
    ]
    assert table.to_markdown().splitlines() == [
        "### Sizes",
        "",
        "| name | KB |",
        "| --- | --: |",
        "| message | 0.5 |",
        "| csms | 102.3 |",
        "",
        "Zipped.",
    ]
