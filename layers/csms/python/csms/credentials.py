"""Passwords of charge points: salted scrypt hashes, compared as bytes in constant time [J 6.2.2, W3 A00, A01].

A station sends its AuthorizationKey as 16-20 raw bytes, or, by a widespread bug, as the hexadecimal text it was
configured with. Both forms of the right key are accepted.
"""

import base64
import binascii
import hashlib
import hmac
import os
import string
from typing import Final

_SCRYPT_COST: Final = 2**14
_SCRYPT_BLOCK: Final = 8
_SALT_BYTES: Final = 16
_MOST_MISSES: Final = 1000
_HEX_DIGITS: Final = frozenset(string.hexdigits.encode())


def hash_secret(secret: bytes, salt: bytes | None = None) -> str:
    """A salted hash to store; a new random salt unless one is given."""
    salt = os.urandom(_SALT_BYTES) if salt is None else salt
    digest = hashlib.scrypt(secret, salt=salt, n=_SCRYPT_COST, r=_SCRYPT_BLOCK, p=1, dklen=32)
    return f"{base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def secret_from_text(text: str) -> bytes:
    """The bytes an operator means: 32-40 hex digits stand for 16-20 bytes, 16-20 characters for themselves.

    Raises:
        ValueError: neither.
    """
    encoded = text.encode()
    if 32 <= len(encoded) <= 40 and _is_hex(encoded):
        return bytes.fromhex(text)
    if not 16 <= len(encoded) <= 20:
        raise ValueError("16 to 20 bytes, or 32 to 40 hexadecimal digits")
    return encoded


def match(received: bytes, accepted_hashes: tuple[str, ...]) -> str | None:
    """The hash that what a station sent matches, raw or as hexadecimal text; None if there is none.

    How long a match takes tells which of the accepted ones it was, and nobody but who has one; a miss tries them all.
    """
    candidates = [received]
    if _is_hex(received):
        candidates.append(binascii.unhexlify(received))
    matches = (stored for stored in accepted_hashes for candidate in candidates if _matches(candidate, stored))
    return next(matches, None)


class KnownMisses:
    """Passwords that a process has found wrong, so that who tries one again and again costs no more hashes.

    It never says anything of a password that has not been tried: guessing locks nobody out. A password that becomes
    right is among other hashes then, and not known any more.
    """

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._known: dict[bytes, None] = {}

    def match(self, received: bytes, accepted_hashes: tuple[str, ...]) -> str | None:
        """As the function above."""
        mark = hashlib.blake2b(repr((received, accepted_hashes)).encode(), key=self._key, digest_size=16).digest()
        if mark in self._known:
            return None
        matched = match(received, accepted_hashes)
        if matched is None:
            if len(self._known) >= _MOST_MISSES:
                self._known.pop(next(iter(self._known)))
            self._known[mark] = None
        return matched


def password_of(authorization: str, identity: str) -> bytes | None:
    """The password in a Basic header that names this identity, or None.

    The identity is stripped as a prefix, because it may contain colons itself; its case does not matter.
    """
    decoded = basic_credentials(authorization)
    prefix = f"{identity}:".encode()
    if decoded is None or decoded[: len(prefix)].lower() != prefix.lower():
        return None
    return decoded[len(prefix) :]


def user_of(authorization: str) -> str | None:
    """The user name of a Basic header: all before the first colon, which is as good as it gets without an identity."""
    decoded = basic_credentials(authorization)
    if decoded is None or b":" not in decoded:
        return None
    return decoded.partition(b":")[0].decode("utf-8", "replace")


def basic_credentials(authorization: str) -> bytes | None:
    """`user:password` as bytes, or None if this is no readable Basic header."""
    scheme, _, encoded = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None


def _matches(candidate: bytes, stored: str) -> bool:
    salt = base64.b64decode(stored.partition("$")[0])
    return hmac.compare_digest(hash_secret(candidate, salt), stored)


def _is_hex(text: bytes) -> bool:
    return len(text) > 0 and len(text) % 2 == 0 and _HEX_DIGITS.issuperset(text)
