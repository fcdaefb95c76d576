"""Passwords an operator sets or has made."""

import os
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from csms.credentials import hash_secret, secret_from_text

_MADE_BYTES: Final = 16
"""The shortest AuthorizationKey that is allowed, and the longest that every station takes [W3 A00.FR.205]."""


def _check(text: str) -> str:
    secret_from_text(text)
    return text


PasswordText = Annotated[
    str,
    AfterValidator(_check),
    Field(description="16 to 20 bytes as text, or as 32 to 40 hexadecimal digits."),
]


@dataclass(frozen=True)
class NewSecret:
    """A password as it is stored, and as it is shown once if nobody knows it yet."""

    hash: str
    revealed: str | None


def new_secret(text: str | None) -> NewSecret:
    """The given password, or a new random one."""
    if text is not None:
        return NewSecret(hash_secret(secret_from_text(text)), None)
    made = os.urandom(_MADE_BYTES)
    return NewSecret(hash_secret(made), made.hex())
