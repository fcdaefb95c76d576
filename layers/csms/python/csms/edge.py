"""The edge: what a CloudFront distribution says of a connection, and when that is believed (`DESIGN.md` §3).

Each distribution adds two headers that a viewer cannot set through it: which one it is, and a secret of its own. Anyone
can reach the API itself and send any header: without the secret of the distribution that asserts it, nothing is a fact.
"""

import hmac
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

logger = logging.getLogger(__name__)

EDGE_HEADER: Final = "x-csms-edge"
PROOF_HEADER: Final = "x-csms-edge-secret"
ADDRESS_HEADER: Final = "x-csms-viewer-address"
SUBJECT_HEADER: Final = "cloudfront-viewer-cert-subject"
"""The subject of the viewer's certificate as an RFC 2253 string; CloudFront has verified the chain."""
OWN_HEADERS: Final = "x-csms-"
CERTIFICATE_HEADERS: Final = "cloudfront-viewer-cert-"
RESERVED_HEADERS: Final = (OWN_HEADERS, CERTIFICATE_HEADERS)
"""How the names of headers begin that a viewer cannot send through a distribution."""

_KNOWN_FOR: Final = timedelta(minutes=10)
"""How long a process goes by the secrets it has read: a secret that was rotated twice is forgotten after this, unless
they cannot be read just then."""
_PAUSE: Final = timedelta(seconds=30)
"""How long a process waits before a secret that it does not know makes it read again."""

_ATTRIBUTE: Final = re.compile(
    r'\s*([A-Za-z0-9.-]+)\s*=\s*("(?:[^"\\]|\\.)*"|(?:[^",+;\\]|\\.)*)(?:[,+;]|$)', re.DOTALL
)
_ESCAPE: Final = re.compile(r"((?:\\[0-9A-Fa-f]{2})+)|\\(.)", re.DOTALL)
_COMMON_NAME: Final = frozenset({"cn", "commonname", "2.5.4.3"})


class Edge(StrEnum):
    """A distribution, by what it admits."""

    WSS = "wss"
    WS = "ws"
    """With and without TLS: what comes through it counts as without."""
    MTLS = "mtls"
    """TLS, and only with a client certificate of the trust store."""


@dataclass(frozen=True)
class Passage:
    """How a connection came here, as far as it is certain."""

    edge: Edge | None
    """None: straight to the API, or through something that could not prove to be one of ours."""
    is_tls: bool
    """Whether the station itself spoke TLS."""
    certified_name: str | None = None
    """The common name in the station's client certificate."""
    source_ip: str | None = None
    """The station's address, if the edge told it."""
    is_proven: bool = True
    """False: it was said to be a distribution's, without the secret of that distribution."""


UNPROVEN: Final = Passage(None, is_tls=False, is_proven=False)
"""Nothing that it says is taken for granted."""


class SecretNotReadable(Exception):  # noqa: N818  reads better where it is raised
    """Whoever keeps the secrets is away; the text says what is wrong."""


class Edges:
    """The distributions of this deployment and the secrets by which they are known; read when first asked for.

    Args:
        secret_ids: what each is known by, if it exists.
        read: gives the values of a secret that are accepted, or raises `SecretNotReadable`.
    """

    def __init__(self, secret_ids: Mapping[Edge, str], read: Callable[[str], tuple[bytes, ...]]) -> None:
        self._secret_ids = {edge: secret_id for edge, secret_id in secret_ids.items() if secret_id}
        self._read = read
        self._known: dict[Edge, tuple[datetime, tuple[bytes, ...]]] = {}

    def passage(self, headers: Mapping[str, str], now: datetime) -> Passage:
        """What is certain about a handshake with these headers (names in lower case).

        Raises:
            SecretNotReadable: nothing is known of the distribution yet, and cannot be learnt now.
        """
        if EDGE_HEADER not in headers and PROOF_HEADER not in headers:
            return Passage(None, is_tls=headers.get("x-forwarded-proto", "").lower() == "https")
        edge = next((edge for edge in self._secret_ids if edge == headers.get(EDGE_HEADER)), None)
        if edge is None or not self._is_proven(edge, headers.get(PROOF_HEADER, "").encode(), now):
            return UNPROVEN
        return Passage(
            edge,
            is_tls=edge is not Edge.WS,
            certified_name=common_name(headers.get(SUBJECT_HEADER, "")) if edge is Edge.MTLS else None,
            source_ip=headers.get(ADDRESS_HEADER),
        )

    def _is_proven(self, edge: Edge, presented: bytes, now: datetime) -> bool:
        read_at, secrets = self._known.get(edge, (None, ()))
        if read_at and now < read_at + _KNOWN_FOR and _is_one_of(presented, secrets):
            return True
        if read_at and now < read_at + _PAUSE:
            return False
        try:
            secrets = self._read(self._secret_ids[edge])
        except SecretNotReadable as problem:
            if not secrets:
                raise
            logger.warning("the secret of a distribution could not be read again", extra={"error": str(problem)})
        self._known[edge] = now, secrets
        return _is_one_of(presented, secrets)


def common_name(subject: str) -> str | None:
    """The common name in a distinguished name [RFC 2253]; None if it cannot be read or has not exactly one."""
    names, position = [], 0
    while position < len(subject):
        attribute = _ATTRIBUTE.match(subject, position)
        if attribute is None:
            return None
        if attribute[1].lower() in _COMMON_NAME:
            names.append(_unescaped(attribute[2].strip()))
        position = attribute.end()
    return names[0] if len(names) == 1 else None


def _unescaped(value: str) -> str:
    text = value[1:-1] if value.startswith('"') else value
    return _ESCAPE.sub(_character, text)


def _character(escape: re.Match[str]) -> str:
    octets, character = escape.groups()
    return bytes.fromhex(octets.replace("\\", "")).decode("utf-8", "replace") if octets else str(character)


def _is_one_of(presented: bytes, secrets: tuple[bytes, ...]) -> bool:
    # All are compared, whatever the first says: the time it takes tells nothing.
    matches = [hmac.compare_digest(presented, secret) for secret in secrets]
    return any(matches)
