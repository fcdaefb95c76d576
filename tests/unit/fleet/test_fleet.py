"""A whole fleet against the smallest Central System."""

import json
from dataclasses import replace
from typing import Any

from local.fleet import FleetPlan, FleetReport, run_fleet
from tests.unit.fleet.central_system import NOW, CentralSystem, central_system


async def run(system: CentralSystem, **changes: Any) -> FleetReport:
    plan = FleetPlan(stations=6, url=system.url, day_s=1.0, seed=7)
    return await run_fleet(replace(plan, **changes))


async def test_every_transaction_that_was_reported_was_sent() -> None:
    async with central_system() as system:
        report = await run(system)
    starts, stops = system.payloads("StartTransaction"), system.payloads("StopTransaction")
    assert len(report.transactions) == len(starts) == len(stops) > 0
    sent_wh = sum(stop["meterStop"] for stop in stops) - sum(start["meterStart"] for start in starts)
    assert report.energy_wh == sent_wh > 0
    assert report.errors == {}


async def test_same_seed_sends_the_same_transactions() -> None:
    runs = []
    for day_s in (1.0, 2.0):
        async with central_system() as system:
            report = await run(system, day_s=day_s)
        runs.append(
            sorted(
                (one.charge_point, one.connector_id, one.id_tag, one.stop - one.start, one.energy_wh, one.meter_values)
                for one in report.transactions
            )
        )
    assert runs[0] == runs[1]


async def test_a_station_boots_reports_its_connectors_and_then_charges() -> None:
    async with central_system() as system:
        await run(system, stations=1)
    actions = system.actions("FLEET-0001")
    connectors = {payload["connectorId"] for payload in system.payloads("StatusNotification")}
    assert actions[: len(connectors) + 2] == [
        "BootNotification",
        *["StatusNotification"] * len(connectors),
        "SecurityEventNotification",
    ]
    assert actions.index("StartTransaction") < actions.index("MeterValues") < actions.index("StopTransaction")


async def test_an_outage_ends_without_a_second_boot_and_with_what_was_missed() -> None:
    async with central_system() as system:
        report = await run(system, stations=20)
    assert any(transaction.offline for transaction in report.transactions)
    assert len(system.payloads("BootNotification")) == 20


async def test_a_tag_that_is_refused_starts_nothing_while_online() -> None:
    async with central_system("Invalid") as system:
        report = await run(system)
    assert all(transaction.offline for transaction in report.transactions)
    assert {stop["reason"] for stop in system.payloads("StopTransaction")} <= {
        "DeAuthorized",
        "Local",
        "EVDisconnected",
    }


async def test_report_goes_out_as_json_with_totals() -> None:
    async with central_system() as system:
        report = await run(system, stations=2)
    document = json.loads(report.to_json())
    assert document["totals"] == {
        "calls": len(system.received),
        "transactions": len(report.transactions),
        "energyWh": report.energy_wh,
    }
    assert {action["action"] for action in document["actions"]} == {action for _, action, _ in system.received}


async def test_a_station_that_is_told_to_wait_boots_again_and_loses_nothing() -> None:
    async with central_system() as system:
        system.first["BootNotification"] = [{"status": "Pending", "currentTime": NOW, "interval": 1}]
        report = await run(system, stations=1, day_s=1.5)
    assert system.actions("FLEET-0001")[:3] == ["BootNotification", "BootNotification", "StatusNotification"]
    assert len(system.payloads("StartTransaction")) == len(report.transactions) > 0


async def test_a_transaction_message_that_failed_is_sent_again() -> None:
    async with central_system() as system:
        system.first["StartTransaction"] = [{"error": "InternalError"}]
        report = await run(system, stations=1)
    starts = system.payloads("StartTransaction")
    assert starts[0] == starts[1]
    assert len(report.transactions) == len(starts) - 1
    assert report.errors == {"CALLERROR InternalError": 1}


async def test_a_connection_that_breaks_before_the_answer_costs_no_transaction() -> None:
    async with central_system() as system:
        system.first["StopTransaction"] = [None]
        report = await run(system, stations=1, day_s=1.5)
    stops = system.payloads("StopTransaction")
    assert stops[0] == stops[1]
    assert len(report.transactions) == len(stops) - 1
    assert len(system.payloads("BootNotification")) == 1
    assert report.errors == {"no answer": 1}
