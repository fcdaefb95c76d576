"""The version of what one deployment writes and another reads: items, queue messages, payloads of the workflow.

While a deployment goes on, and after one was rolled back, functions read what older and newer ones have written. So a
shape only grows: who reads it ignores what they do not know and does without what they do not find. What cannot be done
that way gets another version, in two deployments: the first reads both, the second writes it (`docs/data-model.md`).
"""

from typing import Final

VERSION: Final = 1


class NewerSchemaError(Exception):
    """Written by functions newer than these by more than one deployment; nothing is made of it, and nothing lost."""


def check(version: object) -> None:
    """Refuse what is of a version these functions do not know; without a version it is of the first.

    Raises:
        NewerSchemaError: it is.
    """
    if isinstance(version, int) and version > VERSION:
        raise NewerSchemaError(f"schema version {version}, and these functions know {VERSION}")
