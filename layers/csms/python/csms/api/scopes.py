"""What a caller may do: `admin` includes `operate`, which includes `read`.

The authorizer has checked signature, issuer, audience and time; here it is checked that the token is an access token
(where it says what it is: external issuers may not) and that a scope, or a group of the user pool, covers the route.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from csms.api.problems import NotAllowed, NotAuthenticated

RESOURCE_SERVER: Final = "csms"
"""Prefix of the scopes in a machine's token: `csms/read`. Another server's scopes of the same names count nothing."""

Claims = Mapping[str, Any]


class Scope(StrEnum):
    """What a route asks for."""

    READ = "read"
    OPERATE = "operate"
    ADMIN = "admin"


_INCLUDES: Final = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.OPERATE: frozenset({Scope.READ, Scope.OPERATE}),
    Scope.ADMIN: frozenset(Scope),
}


def require(scope: Scope, claims: Claims | None) -> None:
    """Let the caller pass.

    Raises:
        NotAuthenticated: there is no access token.
        NotAllowed: the token does not cover the scope.
    """
    if not claims:
        raise NotAuthenticated("a bearer token is needed")
    if claims.get("token_use", "access") != "access":
        raise NotAuthenticated("an access token is needed, not an ID token")
    if scope not in granted(claims):
        raise NotAllowed(f"the scope {scope} is needed")


def granted(claims: Claims) -> frozenset[Scope]:
    """Everything the claims cover, what is included as well."""
    names = {name.removeprefix(f"{RESOURCE_SERVER}/") for name in _words(claims.get("scope"))}
    names |= set(_words(claims.get("cognito:groups")))
    return frozenset().union(*(_INCLUDES[scope] for scope in Scope if scope in names))


def caller_of(claims: Claims) -> str:
    """Who is on record as having done something."""
    for claim in ("username", "sub", "client_id"):
        if claims.get(claim):
            return str(claims[claim])
    return "unknown"


def _words(value: object) -> list[str]:
    """API Gateway flattens a list of claims to `[a b]`."""
    if isinstance(value, list):
        return [str(word) for word in value]
    return re.split(r"[\s,]+", value.strip("[] ")) if isinstance(value, str) else []
