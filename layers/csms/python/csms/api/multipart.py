"""Files in a multipart/form-data body [RFC 7578]: what stations send that upload with a POST."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from typing import Final

_LONGEST_BOUNDARY: Final = 70
"""[RFC 2046, 5.1.1]."""


@dataclass(frozen=True)
class Part:
    """One part of a form; `name` is that of the file, None where the part has none."""

    name: str | None
    content: bytes


def boundary_of(content_type: str) -> str | None:
    """The boundary of a multipart content type; None where it is another type."""
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_boundary()
    if message.get_content_maintype() != "multipart" or not boundary or len(boundary) > _LONGEST_BOUNDARY:
        return None
    return boundary


def parse_parts(body: bytes, boundary: str) -> Iterator[Part]:
    """The parts of a body, in order; what is no part is skipped."""
    quoted = re.escape(boundary.encode("latin-1", "replace"))
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + quoted + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    found = list(delimiter.finditer(body))
    ends = [*(each.start() for each in found[1:]), len(body)]
    for start, end in zip(found, ends, strict=False):
        if start[1]:  # the closing one
            return
        yield from _part(body[start.end() : end])


def _part(text: bytes) -> Iterator[Part]:
    head = re.match(rb"(?:[^\r\n]+\r?\n)*\r?\n", text)
    if head is None:
        return
    headers = HeaderParser().parsestr(head[0].decode("utf-8", "replace"))
    yield Part(headers.get_filename(), text[head.end() :])
