"""Names of configuration keys, as stations read them."""


def names(text: str, key: str) -> bool:
    """Whether a station may take the text for this key: whatever its case, with blanks around it or a NUL behind it."""
    return text.partition("\0")[0].strip().casefold() == key.casefold()
