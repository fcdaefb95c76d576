"""What the store can say no with.

    StoreError
    +-- ConditionFailed      a named condition did not hold; carries the item that stood in the way
    +-- DeadlineExceeded     no time is left for another call in this invocation
    +-- InvalidCursor        a list cannot go on from there: the cursor belongs to another list, or to none
    +-- KeyTooLong           nothing can be kept under a name of this length

Everything else botocore raises (throttling, time-outs, service errors) goes through: the caller retries as a whole.
"""

from typing import Any


class StoreError(Exception):
    """Anything the store raises itself."""


class ConditionFailed(StoreError):  # noqa: N818  it is an answer, not an error
    """The condition of a write did not hold."""

    def __init__(self, item: dict[str, Any] | None) -> None:
        super().__init__("a condition of the write did not hold")
        self.item = item
        """The item as it is; None when there is none."""


class DeadlineExceeded(StoreError):  # noqa: N818
    """The invocation has used up its time."""


class InvalidCursor(StoreError):  # noqa: N818
    """Not a place in this list."""


class KeyTooLong(StoreError):  # noqa: N818
    """Longer than DynamoDB takes it."""
