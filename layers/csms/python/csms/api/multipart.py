"""Files in a multipart/form-data body [RFC 7578]: what stations send that upload with a POST.

The header fields are strangers' texts: here they are only searched, so that none can be too odd to be read. (The
standard library's `email` raises whatever it happens to trip over.)
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

_LONGEST_BOUNDARY: Final = 70
"""[RFC 2046, 5.1.1]."""
_PARAMETER: Final = re.compile(r';\s*([^\s;="]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)
_DISPOSITION: Final = re.compile(r"^content-disposition[ \t]*:(.*(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)
_HEAD: Final = re.compile(rb"(?:[^\r\n]+\r?\n)*\r?\n")


@dataclass(frozen=True)
class Part:
    """One part of a form; `name` is that of the file, None where the part has none."""

    name: str | None
    content: bytes


def boundary_of(content_type: str) -> str | None:
    """The boundary of a multipart content type; None where it is another type."""
    boundary = _parameters(content_type).get("boundary", "")
    is_form = content_type.lstrip()[:10].lower() == "multipart/"
    return boundary if is_form and 0 < len(boundary) <= _LONGEST_BOUNDARY else None


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
    head = _HEAD.match(text)
    if head is not None:
        disposition = _DISPOSITION.search(head[0].decode("utf-8", "replace"))
        yield Part(_file_name(disposition[1]) if disposition else None, text[head.end() :])


def _file_name(disposition: str) -> str | None:
    """`filename`, else `filename*` [RFC 5987], which a form should not have."""
    parameters = _parameters(disposition)
    extended = parameters.get("filename*", "").rpartition("'")[2]
    return parameters.get("filename") or unquote(extended) or None


def _parameters(header: str) -> dict[str, str]:
    """The parameters of a header field by their names in lower case, the first of each name."""
    found = _PARAMETER.findall(header)
    return {name.lower(): _unquoted(value.strip()) for name, value in reversed(found)}


def _unquoted(value: str) -> str:
    """Backslashes stay where they escape nothing: in a path."""
    return value.strip('"').replace('\\"', '"')
