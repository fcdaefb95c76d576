"""An operator, and charge points that were heard of."""

from collections.abc import Callable

import boto3
import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime, runtime
from csms.store.charge_points import ChargePoint, SecurityProfile
from csms.store.connectors import ConnectorStatus
from csms.workflows import StepFunctions
from tests.integration.sites.workflow import Workflow
from tests.lambda_operator import LambdaOperator, claims_of
from tests.lambda_station import NOON


@pytest.fixture
def admin(csms: Runtime) -> LambdaOperator:
    return LambdaOperator(claims_of("admin"))


@pytest.fixture
def workflow(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> Workflow:
    """The state machine of charging plans, whose executions only begin."""
    client = boto3.client("stepfunctions")
    created = client.create_state_machine(
        name="plans", definition="{}", roleArn="arn:aws:iam::123456789012:role/service-role/x"
    )
    monkeypatch.setenv("CHARGING_PLAN_ARN", created["stateMachineArn"])
    runtime.cache_clear()
    found = Workflow(client, created["stateMachineArn"])
    monkeypatch.setattr(StepFunctions, "complete", lambda _, token, result: found.completed.append(token))
    return found


@pytest.fixture
def site(csms: Runtime, workflow: Workflow, admin: LambdaOperator) -> str:
    """The id of a site without charge points."""
    answer = admin.post("/sites", {"name": "Car park", "maximumA": 100, "safeLimitA": 6})
    found: str = answer.json["id"]
    return found


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
