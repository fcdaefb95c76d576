"""What the rules take from a charge point's configuration."""

import pytest

from csms.v16.rules import limit_of


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        ("20", 20),
        (" 20 ", 20),
        ("0", 0),
        ("-1", None),
        ("-3", None),
        ("", None),
        ("many", None),
        ("1.5", None),
        (None, None),
    ],
)
def test_a_value_that_is_no_limit_does_not_stand_in_the_way(value: str | None, limit: int | None) -> None:
    assert limit_of(value) == limit
