"""File names that strangers choose."""

import re
from typing import Final

_LONGEST: Final = 100
_ODD: Final = re.compile(r"[^A-Za-z0-9._=+-]+")


def safe_name(text: str, otherwise: str) -> str:
    """The last part of a path, of harmless characters, its end kept where it is too long."""
    last = re.split(r"[/\\]", text.strip())[-1]
    name = _ODD.sub("_", last).lstrip(".")[-_LONGEST:]
    return name if name.strip("._") else otherwise
