"""What a handler answers for a batch with `ReportBatchItemFailures`."""

from collections.abc import Collection
from typing import Any


def failed_items(answer: Any, items: Collection[str]) -> set[str]:
    """Which items have to come again: those the handler named, all of them if it answered anything unexpected."""
    failures = (answer.get("batchItemFailures") if isinstance(answer, dict) else answer) or []
    try:
        named = {failure["itemIdentifier"] for failure in failures}
    except (TypeError, KeyError):
        return set(items)
    return named if named.issubset(items) else set(items)
