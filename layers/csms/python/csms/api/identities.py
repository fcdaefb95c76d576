"""What a request may call a charge point."""

from functools import cache
from re import Pattern
from typing import Annotated, Final

from pydantic import AfterValidator

from csms.api.routing import all_endpoints, path_pattern
from csms.connections import IDENTITY

_BELOW: Final = "/charge-points/"


def is_addressable(identity: str) -> bool:
    """Whether the path of the charge point is not that of something else: `m/connectors` are the connectors of `m`."""
    return not any(pattern.fullmatch(f"{_BELOW}{identity}") for pattern in _patterns_of_parts())


def _check(text: str) -> str:
    if not IDENTITY.fullmatch(text):
        raise ValueError("1 to 48 letters, digits, spaces and *-_=+|@.:/")
    return text


def _check_new(text: str) -> str:
    if _check(text) != text.strip("/ "):
        raise ValueError("no slash and no space at either end: they get lost in URLs")
    if not is_addressable(text):
        raise ValueError("cannot be told from the path of something else in this API")
    return text


@cache
def _patterns_of_parts() -> list[Pattern[str]]:
    paths = {endpoint.path for endpoint in all_endpoints()}
    return [path_pattern(path) for path in sorted(paths) if path.startswith(f"{_BELOW}<identity>/")]


Identity = Annotated[str, AfterValidator(_check)]
"""Of a charge point there may be, or have been."""
NewIdentity = Annotated[str, AfterValidator(_check_new)]
"""Of a charge point to add."""
