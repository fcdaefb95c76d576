"""Editions of the certification test cases, where they ask for different things."""

from enum import Enum

import pytest


class Edition(Enum):
    """The newest one, and the oldest one that must keep working."""

    NEWEST = "2026-02"
    OLDEST = "2024-04"

    def __str__(self) -> str:
        return self.value


in_every_edition = pytest.mark.parametrize("edition", list(Edition), ids=str)
"""Runs a case that was changed once as each edition has it."""
