"""The development bearer token: a file that only its owner can read.

The token itself carries every scope. With scopes appended, `<token>.read` or `<token>.read.operate`, it carries just
those, so that a client can be tried with fewer rights.
"""

import hmac
import os
import secrets
from pathlib import Path

from infra.definitions import SCOPES


def keep_token(path: Path) -> str:
    """The token in the file, made on first use."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        path.chmod(0o600)
        return path.read_text().strip()
    token = secrets.token_urlsafe(24)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{token}\n")
    return token


def granted_scopes(presented: str, token: str) -> tuple[str, ...] | None:
    """The scopes of a presented token; None if it is not ours."""
    secret, *scopes = presented.split(".")
    if not hmac.compare_digest(secret.encode(), token.encode()) or not set(SCOPES).issuperset(scopes):
        return None
    return tuple(scopes) or SCOPES
