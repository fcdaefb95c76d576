"""What a request may call a charge point."""

from functools import cache
from re import Pattern
from typing import Annotated, Final

from pydantic import AfterValidator, WithJsonSchema

from csms.api.routing import all_endpoints, path_pattern
from csms.connections import IDENTITY

_BELOW: Final = "/charge-points/"


def is_new_identity(text: str) -> bool:
    """Whether a charge point could be added under this identity."""
    try:
        _check_new(text)
    except ValueError:
        return False
    return True


def _check(text: str) -> str:
    if not IDENTITY.fullmatch(text):
        raise ValueError("1 to 48 letters, digits, spaces and *-_=+|@.:/, no space at either end")
    return text


def _check_new(text: str) -> str:
    if _check(text) != text.strip("/"):
        raise ValueError("no slash at either end: it cannot be told from the path of the URL")
    if any(pattern.fullmatch(f"{_BELOW}{text}") for pattern in _patterns_of_parts()):
        raise ValueError("its path cannot be told from that of something else in this API")
    return text


@cache
def _patterns_of_parts() -> list[Pattern[str]]:
    paths = {endpoint.path for endpoint in all_endpoints()}
    return [path_pattern(path) for path in sorted(paths) if path.startswith(f"{_BELOW}<identity>/")]


_SCHEMA: Final = WithJsonSchema({"type": "string", "pattern": f"^{IDENTITY.pattern}$"})

Identity = Annotated[str, AfterValidator(_check), _SCHEMA]
"""Of a charge point there may be, or have been."""
NewIdentity = Annotated[str, AfterValidator(_check_new), _SCHEMA]
"""Of a charge point to add."""
