"""Operators of a Central System that has just been set up."""

import pytest

from csms.runtime import Runtime
from tests.lambda_operator import LambdaOperator, claims_of


@pytest.fixture
def admin(csms: Runtime) -> LambdaOperator:
    """Somebody who may do everything."""
    return LambdaOperator(claims_of("admin"))
