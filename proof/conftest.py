"""The fixtures of the tests."""

from tests.integration.charging_plans.conftest import site
from tests.integration.conftest import csms, station
from tests.integration.test_crashes import table
from tests.permissions import permitted_calls
from tests.stack import stack

__all__ = ["csms", "permitted_calls", "site", "stack", "station", "table"]
