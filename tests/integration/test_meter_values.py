from typing import Any

import pytest

from csms.ids import ChargePointId, TransactionId
from csms.runtime import Runtime
from csms.v16.types import Location, Measurand, Phase, UnitOfMeasure
from tests.lambda_station import LambdaStation

CP001 = ChargePointId("CP001")


def samples(timestamp: str, *values: str) -> list[dict[str, Any]]:
    return [{"timestamp": timestamp, "sampledValue": [{"value": value} for value in values or ("1000",)]}]


def kept(csms: Runtime, number: int) -> list[list[dict[str, Any]]]:
    page = csms.store.meter_values.of_transaction(CP001, TransactionId(number))
    return [message.meter_value for message in page.messages]


def test_samples_go_to_the_transaction_they_name_in_time_order(csms: Runtime, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    later, earlier = samples(station.timestamp(), "2"), samples(station.timestamp(minutes=1), "1")
    for value in (later, earlier):
        station.result("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": value})

    assert kept(csms, number) == [earlier, later]


def test_a_repetition_overwrites_itself(csms: Runtime, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    payload = {"connectorId": 1, "transactionId": number, "meterValue": samples(station.timestamp())}
    for _ in range(3):
        station.result("MeterValues", payload)
        station.wait(minutes=1)

    assert len(kept(csms, number)) == 1


def test_every_measurand_phase_location_and_unit_is_kept_as_it_came(csms: Runtime, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    values = [{"value": "1.5", "measurand": name} for name in Measurand]
    values += [{"value": "1.5", "phase": name} for name in Phase]
    values += [{"value": "1.5", "location": name} for name in Location]
    values += [{"value": "1.5", "unit": name} for name in UnitOfMeasure]
    values += [{"value": "OCMF|" + "x" * 3000, "format": "SignedData"}, {"value": "1", "measurand": "Vendor.Own"}]
    meter_value = [{"timestamp": station.timestamp(), "sampledValue": values}]
    station.result("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": meter_value})

    assert kept(csms, number) == [meter_value]


@pytest.mark.parametrize("unusable", [None, -1, 0, 2**31, "x", "absent"])
def test_samples_without_a_usable_id_join_the_transaction_that_spans_them(
    csms: Runtime, station: LambdaStation, unusable: int | str | None
) -> None:
    number = station.start()["transactionId"]
    station.wait(minutes=1)
    payload = {"connectorId": 1, "transactionId": unusable, "meterValue": samples(station.timestamp())}
    if unusable == "absent":
        del payload["transactionId"]
    station.result("MeterValues", payload)

    assert len(kept(csms, number)) == 1


def test_late_samples_without_an_id_join_the_ended_transaction_that_spans_them(
    csms: Runtime, station: LambdaStation
) -> None:
    number = station.start()["transactionId"]
    during = samples(station.timestamp())
    station.wait(minutes=10)
    station.stop(number)
    station.result("MeterValues", {"connectorId": 1, "transactionId": -1, "meterValue": during})
    station.result("MeterValues", {"connectorId": 2, "transactionId": -1, "meterValue": during})
    station.wait(minutes=10)
    station.result("MeterValues", {"connectorId": 1, "transactionId": -1, "meterValue": samples(station.timestamp())})

    assert kept(csms, number) == [during]


def test_samples_of_an_unknown_transaction_wait_under_its_id_and_make_one_orphan(
    csms: Runtime, station: LambdaStation
) -> None:
    for _ in range(3):
        payload = {"connectorId": 1, "transactionId": 4711, "meterValue": samples(station.timestamp())}
        station.result("MeterValues", payload)
        station.wait(minutes=1)

    assert len(kept(csms, 4711)) == 3
    (orphan,) = csms.store.orphans.list(limit=10).things
    assert orphan.transaction_id == 4711


def test_samples_that_follow_an_assigned_orphan_go_where_it_went(csms: Runtime, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    payload = {"connectorId": 1, "transactionId": 4711, "meterValue": samples(station.timestamp())}
    station.result("MeterValues", payload)
    (orphan,) = csms.store.orphans.list(limit=10).things
    csms.store.orphans.claim(orphan, TransactionId(number))
    csms.store.orphans.finish(orphan, TransactionId(number), by="operator", at=station.now)

    station.wait(minutes=1)
    station.result("MeterValues", payload | {"meterValue": samples(station.timestamp())})

    assert len(kept(csms, number)) == 1
    assert csms.store.orphans.list(limit=10).things == []


def test_clock_aligned_samples_outside_a_transaction_are_no_orphans(csms: Runtime, station: LambdaStation) -> None:
    station.result("MeterValues", {"connectorId": 0, "meterValue": samples(station.timestamp())})
    assert csms.store.orphans.list(limit=10).things == []


@pytest.mark.parametrize(
    "meter_value",
    [
        [],
        [{"timestamp": "2026-03-05T12:00:00", "sampledValue": []}],
        [{"timestamp": "2026-03-05T12:00:00.123456+01:00", "sampledValue": [{"value": 12.5, "unit": None}]}],
        [{"timestamp": "2026-03-05 12:00:00Z", "sampledValue": [{"value": "1", "unit": "celcius", "vendor": 1}]}],
    ],
)
def test_odd_but_readable_samples_are_taken(
    csms: Runtime, station: LambdaStation, meter_value: list[dict[str, Any]]
) -> None:
    assert station.result("MeterValues", {"connectorId": 1, "meterValue": meter_value}) == {}
    assert csms.store.orphans.list(limit=10).things == []


@pytest.mark.parametrize(
    "payload",
    [{}, {"connectorId": 1}, {"connectorId": 1, "meterValue": [{"timestamp": "yesterday", "sampledValue": []}]}],
)
def test_unreadable_samples_are_refused_and_kept(
    csms: Runtime, station: LambdaStation, payload: dict[str, Any]
) -> None:
    station.error_code("MeterValues", payload)
    assert csms.store.orphans.list(limit=10).things[0].payload == payload
