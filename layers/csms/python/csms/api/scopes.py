"""What a caller may do: `admin` includes `operate`, which includes `read`.

The authorizer has checked signature, issuer, audience and time; here it is checked that the token is an access token
and that a scope, a group or a role in it covers the route. `csms/read` covers reading wherever the issuer puts it; the
mere `read` does among scopes, which belong to an audience, and in the one claim that the deployment names.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

from csms.api.problems import NotAllowed, NotAuthenticated
from csms.api.tokens import Claims, is_access_token, words

RESOURCE_SERVER: Final = "csms"
"""Prefix of the scopes in a machine's token: `csms/read`. Another server's scopes of the same names count nothing."""
_SCOPE_CLAIMS: Final = ("scope", "scp")
_SHARED_CLAIMS: Final = ("groups", "permissions", "roles")
"""Where issuers put what an organization uses for other things, too."""
_GROUPS_OF_POOL: Final = "cognito:groups"


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


def require(scope: Scope, claims: Claims | None, permissions_claim: str) -> None:
    """Let the caller pass.

    Args:
        scope: what the route asks for.
        claims: what the authorizer found in the token.
        permissions_claim: the claim whose names count without a prefix (`Settings.permissions_claim`).

    Raises:
        NotAuthenticated: there is no access token.
        NotAllowed: the token does not cover the scope.
    """
    if not claims:
        raise NotAuthenticated("a bearer token is needed")
    if not is_access_token(claims):
        raise NotAuthenticated("an access token is needed, not an ID token")
    if scope not in granted(claims, permissions_claim):
        raise NotAllowed(f"the scope {scope} is needed")


def granted(claims: Claims, permissions_claim: str) -> frozenset[Scope]:
    """Everything the claims cover, what is included as well."""
    names = set(_names(claims, permissions_claim))
    return frozenset[Scope]().union(*(_INCLUDES[scope] for scope in Scope if scope in names))


def caller_of(claims: Claims) -> str:
    """Who is on record as having done something."""
    for claim in ("username", "sub", "client_id"):
        if claims.get(claim):
            return str(claims[claim])
    return "unknown"


def _names(claims: Claims, permissions_claim: str) -> Iterator[str]:
    prefix = f"{RESOURCE_SERVER}/"
    for claim in (*_SCOPE_CLAIMS, *_SHARED_CLAIMS, permissions_claim):
        has_own_meaning = claim in {*_SCOPE_CLAIMS, permissions_claim}
        for name in _values(claim, _found(claims, claim)):
            if name.startswith(prefix) or has_own_meaning:
                yield name.removeprefix(prefix)


def _values(claim: str, value: object) -> list[str]:
    """The names in a claim. Groups may have spaces in them, those of a user pool and scopes have none."""
    if claim in {*_SCOPE_CLAIMS, _GROUPS_OF_POOL}:
        return words(value)
    names = value if isinstance(value, list) else [value.strip("[]")] if isinstance(value, str) else []
    return [str(name).removeprefix("/") for name in names]  # Keycloak writes the path of a group


def _found(claims: Claims, path: str) -> Any:
    """A claim by its name, which may have dots in it, or by the dotted path to where it is nested."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
