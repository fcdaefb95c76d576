from typing import Any

import pytest

from local.event_sources.batches import failed_items

ITEMS = ["1", "2", "3"]


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}])
def test_a_batch_without_failures_is_done(answer: Any) -> None:
    assert failed_items(answer, ITEMS) == set()


def test_what_failed_is_what_the_handler_names() -> None:
    assert failed_items({"batchItemFailures": [{"itemIdentifier": "2"}]}, ITEMS) == {"2"}


@pytest.mark.parametrize(
    "answer",
    [
        "done",
        {"batchItemFailures": ["2"]},
        {"batchItemFailures": [{"id": "2"}]},
        {"batchItemFailures": [{"itemIdentifier": "9"}]},
        {"batchItemFailures": 1},
    ],
)
def test_an_answer_that_means_nothing_fails_the_batch(answer: Any) -> None:
    assert failed_items(answer, ITEMS) == set(ITEMS)
