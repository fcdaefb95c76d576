"""For every test: functions are held to the permissions they are deployed with."""

from tests.permissions import permitted_calls

__all__ = ["permitted_calls"]
