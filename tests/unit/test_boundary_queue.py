import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from csms.boundary_queue import Boundary, BoundaryQueue, read, write
from csms.ids import PlanId

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


def _sent_with(boundary: Boundary, now: datetime, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What SendMessage was told."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        client = boto3.client("sqs")
        url = client.create_queue(QueueName="boundaries")["QueueUrl"]
        told: list[dict[str, Any]] = []
        client.meta.events.register("provide-client-params.sqs.SendMessage", lambda params, **_: told.append(params))
        BoundaryQueue(client, url).send(boundary, now)
    return told[0]


def test_a_boundary_survives_the_queue() -> None:
    boundary = Boundary(PlanId("P"), 3, NOON)
    assert read(write(boundary)) == boundary
    assert json.loads(write(boundary))["v"] == 1


@pytest.mark.parametrize(
    ("ahead", "delay_s"),
    [
        (timedelta(seconds=90), 90),
        (timedelta(seconds=0.2), 1),  # never too early
        (timedelta(hours=3), 900),  # the longest there is
        (-timedelta(minutes=1), 0),
    ],
)
def test_a_boundary_is_delivered_at_its_time_or_as_late_as_a_queue_can(
    ahead: timedelta, delay_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = _sent_with(Boundary(PlanId("P"), 3, NOON + ahead), NOON, monkeypatch)
    assert told["DelaySeconds"] == delay_s
