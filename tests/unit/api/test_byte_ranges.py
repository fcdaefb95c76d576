import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.api.byte_ranges import ByteRange, Unsatisfiable, parse_range


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ("bytes=0-9", ByteRange(0, 9)),
        ("Bytes=5-", ByteRange(5, 99)),
        ("bytes=-10", ByteRange(90, 99)),
        ("bytes=-1000", ByteRange(0, 99)),
        ("bytes=90-1000", ByteRange(90, 99)),
        ("bytes=99-99", ByteRange(99, 99)),
        (" bytes=0-0 ", ByteRange(0, 0)),
        (None, None),
        ("", None),
        ("bytes=-", None),
        ("bytes=9-0", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        (f"bytes=0-{'9' * 5000}", None),
    ],
)
def test_one_range_is_served_and_anything_else_is_the_whole(header: str | None, asked: ByteRange | None) -> None:
    assert parse_range(header, 100) == asked


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-5", 0)])
def test_bytes_that_a_file_does_not_have_cannot_be_had(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, size)


@given(st.from_regex(r"bytes=\d{0,5}-\d{0,5}", fullmatch=True), st.integers(0, 1000))
def test_a_range_lies_within_the_file(header: str, size: int) -> None:
    try:
        asked = parse_range(header, size)
    except Unsatisfiable:
        return
    assert asked is None or 0 <= asked.first <= asked.last < size
