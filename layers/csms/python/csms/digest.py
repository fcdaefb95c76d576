"""Short fingerprints that let a repetition find what it repeats."""

import hashlib
import json
import re
from typing import Any, Final

DIGEST: Final = re.compile(r"[0-9a-f]{12}")
"""What `digest` makes."""


def digest(value: Any) -> str:
    """Twelve hex digits over any JSON value, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
