"""The token of a request: what its issuer says in it, and whether it is an access token.

The authorizer has checked signature, issuer, audience and time. It hands on every claim as text, and a list in a way
that cannot be read back: is `[EV admin]` one group or two? So the claims are read from the token itself, which the
request still carries, where that says the same as the authorizer.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, Final

Claims = Mapping[str, Any]

_BEARER: Final = re.compile(r"(?:bearer +)?([\w-]+)\.([\w-]+)\.[\w-]*", re.ASCII | re.IGNORECASE)
_ACCESS_TYPES: Final = {"bearer", "at+jwt", "application/at+jwt"}
"""Keycloak's claim; [RFC 9068 2.1]'s header."""
_OF_ID_TOKENS: Final = {"at_hash", "c_hash", "s_hash"}
"""[OpenID Connect Core 3.1.3.6, 3.3.2.11]"""
_OF_ACCESS_TOKENS: Final = {"scope", "scp", "client_id", "cid", "appid", "azpacr"}
"""[RFC 9068 2.2]; `scp` and `cid` of Okta; `scp`, `appid` and `azpacr` of Entra ID."""


def verified_claims(event: Mapping[str, Any]) -> Claims | None:
    """What the token of a request in payload format 2.0 says, `typ` of its header included; None if there is none."""
    authorizer = event["requestContext"].get("authorizer") or {}
    told: Claims = (authorizer.get("jwt") or {}).get("claims") or {}
    found = _BEARER.fullmatch((event.get("headers") or {}).get("authorization", ""))
    if not told or not found:
        return told or None
    header, own = map(_decoded, found.groups())
    is_same = "iss" in own and all(told.get(name) == value for name, value in own.items() if isinstance(value, str))
    return {"typ": header.get("typ", ""), **own} if is_same else told


def is_access_token(claims: Claims) -> bool:
    """Whether this is a token for an API, rather than one that tells a client who has signed in.

    Cognito and Keycloak say so. Of other issuers' tokens it is told by the claims that only one kind has; in an ID
    token the authorized party is the audience as well [OpenID Connect Core 2].
    """
    if "token_use" in claims:
        return bool(claims["token_use"] == "access")  # noqa: S105
    kind = str(claims.get("typ") or "jwt").lower()
    if kind != "jwt":
        return kind in _ACCESS_TYPES
    if _OF_ID_TOKENS & claims.keys():
        return False
    is_for_another = "azp" in claims and claims["azp"] not in words(claims.get("aud"))
    return is_for_another or bool(_OF_ACCESS_TOKENS & claims.keys())


def words(value: object) -> list[str]:
    """The names in a claim that is a list, as the token or as the authorizer has it, or text with spaces in between.

    Only for names that hold no spaces themselves.
    """
    if isinstance(value, list):
        return [str(word) for word in value]
    return value.strip("[]").split() if isinstance(value, str) else []


def _decoded(part: str) -> dict[str, Any]:
    """The JSON object of a part of a token; an empty one if it is none."""
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
