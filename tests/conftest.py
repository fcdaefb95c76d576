"""For every test: functions are held to the permissions they are deployed with; one local stack for all who ask."""

from tests.permissions import (
    permitted_calls,
    pytest_configure,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from tests.stack import stack

__all__ = [
    "permitted_calls",
    "pytest_configure",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
    "stack",
]
