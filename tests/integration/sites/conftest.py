"""An operator, and charge points that were heard of."""

from collections.abc import Callable

import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.charge_points import ChargePoint, SecurityProfile
from csms.store.connectors import ConnectorStatus
from tests.lambda_operator import LambdaOperator, claims_of
from tests.lambda_station import NOON


@pytest.fixture
def admin(csms: Runtime) -> LambdaOperator:
    return LambdaOperator(claims_of("admin"))


@pytest.fixture
def add_charge_point(csms: Runtime) -> Callable[[str], ChargePointId]:
    """Adds a charge point of two connectors."""

    def add(identity: str) -> ChargePointId:
        charge_point_id = ChargePointId(identity)
        csms.store.charge_points.create(ChargePoint(charge_point_id, SecurityProfile.NONE, NOON))
        for connector_id in (1, 2):
            csms.store.connectors.report(charge_point_id, connector_id, ConnectorStatus("Available", "NoError", NOON))
        return charge_point_id

    return add
