"""A fleet lives its day at the local stack, outages and replays included; what is stored is what was sent."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from local.fleet import FleetPlan, FleetReport, SentTransaction, run_fleet
from local.fleet.id_tags import provide_id_tags
from tests.stack import Stack

ID_TAGS = tuple(f"FLEET-TAG-{n}" for n in range(6))


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stack.token}"}
    with httpx.Client(base_url=stack.api_url, headers=headers, timeout=30, trust_env=False) as client:
        yield client


async def run(stack: Stack, api: httpx.Client, prefix: str) -> FleetReport:
    provide_id_tags(api, ID_TAGS)
    return await run_fleet(
        FleetPlan(stations=8, url=stack.ocpp_url, day_s=8, seed=6, prefix=prefix, visits=2, id_tags=ID_TAGS)
    )


async def test_every_transaction_is_stored_once_as_it_was_sent(stack: Stack, api: httpx.Client) -> None:
    report = await run(stack, api, "STORED-")
    assert report.errors == {}
    assert any(sent.offline for sent in report.transactions)
    for sent in report.transactions:
        assert stored_transaction(api, sent) == sent_fields(sent)
        values = everything(api, f"/transactions/{sent.charge_point}/{sent.transaction_id}/meter-values")
        assert len(values) == sent.meter_values + 1, "and the transactionData of StopTransaction"
    for identity in {sent.charge_point for sent in report.transactions}:
        ids = {sent.transaction_id for sent in report.transactions if sent.charge_point == identity}
        listed = everything(api, "/transactions", chargePointId=identity)
        assert sorted(one["transactionId"] for one in listed) == sorted(ids)


def sent_fields(sent: SentTransaction) -> dict[str, Any]:
    return {
        "connectorId": sent.connector_id,
        "idTag": sent.id_tag,
        "state": "stopped",
        "timestamp": sent.start,
        "stop": sent.stop,
        "meterStart": sent.meter_start_wh,
        "energyWh": sent.energy_wh,
    }


def stored_transaction(api: httpx.Client, sent: SentTransaction) -> dict[str, Any]:
    stored = api.get(f"/transactions/{sent.charge_point}/{sent.transaction_id}").raise_for_status().json()
    times = {
        "timestamp": datetime.fromisoformat(stored["timestamp"]),
        "stop": datetime.fromisoformat(stored["stop"]["timestamp"]),
    }
    return {name: stored[name] for name in sent_fields(sent)} | times


def everything(api: httpx.Client, path: str, **query: str) -> list[Any]:
    """The items of all pages."""
    items: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.get(path, params=query | ({"cursor": cursor} if cursor else {})).raise_for_status().json()
        items += page["items"]
        cursor = page["cursor"]
    return items
