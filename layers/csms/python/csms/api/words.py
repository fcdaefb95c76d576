"""Opaque words: any text as one that needs no encoding in a URL."""

import base64
import binascii


def to_word(text: str) -> str:
    """The word for a text."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def from_word(word: str) -> str:
    """The text a word stands for.

    Raises:
        ValueError: it cannot have been made by `to_word`.
    """
    padded = word.encode("ascii") + b"=" * (-len(word) % 4)
    try:
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except binascii.Error as error:
        raise ValueError("no base64") from error
    if to_word(text) != word:
        raise ValueError("another spelling of a word")
    return text
