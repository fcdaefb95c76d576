"""What the CloudFront function does with a viewer's request (`infra/edge/charge_points.js`).

The identity moves from the path into the query, and what only a distribution may state is dropped.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from csms.edge import RESERVED_HEADERS

PREFIX: Final = "/ocpp"
_UNRESERVED: Final = "-_.!~*'()"  # what JavaScript's encodeURIComponent leaves alone, beside letters and digits
_HEX_DIGITS: Final = frozenset("0123456789abcdefABCDEF")
Headers = Iterable[tuple[str, str]]


class MalformedUrlError(ValueError):
    """The viewer's URL is no `/ocpp/{identity}`: 400 at the edge."""


class Target(NamedTuple):
    """Where a request goes at the origin."""

    path: str
    query: str


def rewrite(raw_path: str, query: str, stage: str) -> Target:
    """The origin's view of `/ocpp/{identity}`; a URL outside `/ocpp` addresses the API itself and passes unchanged.

    Without an identity in the path the Basic user name has to name the charge point.

    Raises:
        MalformedUrlError: more than one segment, or an escape that does not decode.
    """
    if not is_edge(raw_path):
        return Target(raw_path, query)
    segment = raw_path.removeprefix(PREFIX).strip("/")
    if "/" in segment:
        raise MalformedUrlError(raw_path)
    return Target(f"/{stage}", f"cp={quote(_decode(segment), safe=_UNRESERVED)}" if segment else "")


def is_edge(raw_path: str) -> bool:
    """Whether a URL addresses a distribution and not the API itself; on this machine both are one."""
    return raw_path == PREFIX or raw_path.startswith(f"{PREFIX}/")


def without_facts(headers: Headers) -> list[tuple[str, str]]:
    """The headers that a viewer may send: those that `connect` takes for facts are a distribution's."""
    return [(name, value) for name, value in headers if not name.lower().startswith(RESERVED_HEADERS)]


def _decode(segment: str) -> str:
    """JavaScript's decodeURIComponent: a stray percent sign and bytes that are not UTF-8 are errors."""
    for escape in segment.split("%")[1:]:
        if len(escape) < 2 or not _HEX_DIGITS.issuperset(escape[:2]):
            raise MalformedUrlError(segment)
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError as error:
        raise MalformedUrlError(segment) from error
