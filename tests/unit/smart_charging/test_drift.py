"""Where two schedules differ so much that somebody should look."""

from decimal import Decimal

import pytest

from csms.smart_charging.composite import Step
from csms.smart_charging.drift import drifts


def steps(limits: dict[int, float | None]) -> list[Step]:
    return [Step(start_s, None if limit is None else Decimal(str(limit))) for start_s, limit in limits.items()]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ({0: 6, 60: 10}, {0: 6, 60: 10}, []),
        ({0: 6, 60: 10}, {0: 6, 61: 10}, []),
        ({0: 6, 60: 10}, {0: 6, 62: 10}, [(60, 62, 10, 6)]),
        ({0: 6, 60: 10}, {0: 6.1, 60: 9.9}, []),
        ({0: 6}, {0: 6.2}, [(0, 100, 6, 6.2)]),
        ({0: 6}, {0: 6, 40: 8, 50: 9, 60: 6}, [(40, 50, 6, 8), (50, 60, 6, 9)]),
        ({0: 6}, {0: 8, 40: 8}, [(0, 100, 6, 8)]),
        ({0: None, 50: 6}, {0: 32}, [(50, 100, 6, 32)]),
        ({0: 6}, {}, [(0, 100, 6, None)]),
        ({0: 6}, {20: 6}, [(0, 20, 6, None)]),
        ({0: 6, 200: 7}, {0: 6, 150: 9}, []),
    ],
)
def test_they_differ_where_it_lasts_and_is_more_than_a_tenth(
    ours: dict[int, float | None], theirs: dict[int, float | None], expected: list[tuple[float | None, ...]]
) -> None:
    found = drifts(steps(ours), steps(theirs), 100, Decimal("0.1"))
    assert [
        (one.start_s, one.end_s, float(one.ours), None if one.theirs is None else float(one.theirs)) for one in found
    ] == expected
