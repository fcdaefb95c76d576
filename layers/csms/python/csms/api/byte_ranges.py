"""The one range of bytes that a client may ask for [RFC 9110, 14]."""

import re
from dataclasses import dataclass
from typing import Final

_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.IGNORECASE)


@dataclass(frozen=True)
class ByteRange:
    """From `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return self.last - self.first + 1

    def content_range(self, size: int) -> str:
        """The Content-Range header of an answer with these bytes."""
        return f"bytes {self.first}-{self.last}/{size}"


class Unsatisfiable(Exception):  # noqa: N818  it is an answer, not an error
    """The file has none of the bytes asked for."""


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The range that is asked for of `size` bytes; None for the whole: several ranges at once are not served.

    Raises:
        Unsatisfiable: it begins behind the end.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:  # the last so many
        return _checked(ByteRange(max(size - int(found[2]), 0), size - 1), size)
    first, last = int(found[1]), int(found[2] or size - 1)
    if found[2] and last < first:
        return None  # no range by the grammar: ignored
    return _checked(ByteRange(first, min(last, size - 1)), size)


def _checked(asked: ByteRange, size: int) -> ByteRange:
    if asked.first >= size or asked.length < 1:
        raise Unsatisfiable
    return asked
