import csv
import io
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from csms.ids import ChargePointId
from csms.ocpp.primitives import format_timestamp
from csms.runtime import Runtime
from tests.lambda_operator import LambdaOperator
from tests.lambda_station import NOON, LambdaStation

CP001 = ChargePointId("CP001")
CSV = {"accept": "text/csv"}
WRONG_PARAMETERS = [
    ("from=yesterday", "from"),
    ("from=0001-01-01T00:00:00Z", "from"),
    ("to=9999-12-31T23:59:59-14:00", "to"),
    ("from=2026-03-05T00:00:00Z&to=2026-03-04T00:00:00Z", "from"),
    ("from=2020-03-05T00:00:00Z&to=2026-03-04T00:00:00Z", "from"),
    ("from=NaN", "from"),
    ("from=99999999999999999999", "from"),
    ("state=running", "state"),
    ("idTag=", "idTag"),
    (f"idTag={'x' * 21}", "idTag"),
    ("limit=201", "limit"),
    ("limit=1&limit=2", "limit"),
    ("limit=1e2", "limit"),
    (f"limit={'9' * 5000}", "limit"),
    ("cursor=", "cursor"),
    ("cursor=abc", "cursor"),
    ("cursor=a&cursor=b", "cursor"),
]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def charge(station: LambdaStation, **changes: Any) -> int:
    """One finished transaction of an hour, ten minutes after the one before."""
    number: int = station.start(**changes)["transactionId"]
    station.wait(hours=1)
    station.stop(number, reason="Remote")
    station.wait(minutes=10)
    return number


@pytest.fixture
def operator(admin: LambdaOperator, station: LambdaStation) -> LambdaOperator:
    """An operator in whose table CP001 has a few tags to charge with."""
    return admin


def test_a_finished_transaction_reads_in_the_words_of_the_standard(
    operator: LambdaOperator, station: LambdaStation
) -> None:
    started_at = station.timestamp()
    number = charge(station, reservationId=7)

    assert operator.get(f"/transactions/CP001/{number}").json == {
        "chargePointId": "CP001",
        "transactionId": number,
        "connectorId": 1,
        "idTag": "TAG1",
        "parentIdTag": "FAMILY",
        "tagStatus": "Accepted",
        "state": "stopped",
        "timestamp": started_at,
        "startedAt": started_at,
        "receivedAt": started_at,
        "meterStart": 1000,
        "meterStop": 5000,
        "energyWh": 4000,
        "reservationId": 7,
        "flags": [],
        "stop": {
            "timestamp": station.timestamp(minutes=10),
            "meterStop": 5000,
            "reason": "Remote",
            "idTag": None,
            "tagStatus": None,
            "receivedAt": station.timestamp(minutes=10),
        },
        "closedBy": None,
        "closedReason": None,
    }


def test_open_transactions_come_before_ended_ones_latest_first(
    operator: LambdaOperator, station: LambdaStation
) -> None:
    ended = [charge(station) for _ in range(3)]
    running = [station.start(connectorId=connector)["transactionId"] for connector in (1, 2)]
    operator.now = station.now

    for query in ({"chargePointId": "CP001"}, {"chargePointId": "cp001", "limit": 1}, {}, {"limit": 2}):
        numbers = [item["transactionId"] for item in operator.items("/transactions", **query)]
        assert sorted(numbers[:2]) == sorted(running), query
        assert numbers[2:] == ended[::-1], query


@pytest.mark.parametrize("charge_point", [{}, {"chargePointId": "CP001"}])
def test_filters_leave_what_fits_all_of_them(
    operator: LambdaOperator, station: LambdaStation, charge_point: dict[str, str]
) -> None:
    first = charge(station, idTag="TAG1")
    second_at = station.timestamp()
    second = charge(station, idTag="tag2")
    third_at = station.timestamp()
    third = station.start(idTag="TAG2")["transactionId"]
    operator.now = station.now

    def found(**query: str) -> set[int]:
        return {item["transactionId"] for item in operator.items("/transactions", **charge_point, **query)}

    assert found() == {first, second, third}
    assert found(idTag="TAG2") == {second, third}
    assert found(state="open") == {third}
    assert found(state="open", idTag="Tag2") == {third}
    assert found(state="open", idTag="TAG1") == set()
    assert found(state="stopped", idTag="TAG2") == {second}
    assert found(**{"from": second_at}) == {second, third}
    assert found(**{"from": second_at, "to": third_at}) == {second}
    assert found(to=second_at) == {first}


def test_a_tag_with_a_separator_in_it_is_not_taken_for_another(
    csms: Runtime, station: LambdaStation, operator: LambdaOperator
) -> None:
    station.start(connectorId=1, idTag="A#B")
    number = station.start(connectorId=2, idTag="A")["transactionId"]
    operator.now = station.now
    assert [item["transactionId"] for item in operator.items("/transactions", idTag="A")] == [number]


def test_only_the_last_week_is_listed_unless_asked_otherwise(operator: LambdaOperator, station: LambdaStation) -> None:
    number = charge(station)
    operator.now = station.now + timedelta(days=8)
    assert operator.items("/transactions", chargePointId="CP001") == []
    since = format_timestamp(NOON)
    (found,) = operator.items("/transactions", **{"from": since, "chargePointId": "CP001"})
    assert found["transactionId"] == number


def test_each_wrong_parameter_is_named(operator: LambdaOperator) -> None:
    for query, wrong in WRONG_PARAMETERS:
        assert operator.send("GET", "/transactions", query=query).fields.keys() == {wrong}, query


def test_what_is_no_transaction_id_is_named(operator: LambdaOperator) -> None:
    for path in ("0", "-1", "abc", "1.5", "2147483648", "9" * 5000, "%00", "%D9%A3"):
        assert operator.get(f"/transactions/CP001/{path}").fields.keys() == {"transaction"}, path


def test_an_unknown_transaction_is_not_found(operator: LambdaOperator) -> None:
    for path in ("/transactions/CP001/1", "/transactions/NOBODY/1/meter-values", "/transactions/%F0%9F%98%80/1"):
        assert operator.get(path).status == 404
    assert operator.post("/transactions/CP001/1/close", {"reason": "stuck"}).status == 404


def test_a_cursor_of_another_list_is_refused(operator: LambdaOperator, station: LambdaStation) -> None:
    for _ in range(2):
        charge(station)
    operator.now = station.now
    cursor = operator.get("/transactions", chargePointId="CP001", limit=1).json["cursor"]
    tags = operator.get("/id-tags", limit=1).json["cursor"]
    assert operator.get("/transactions", chargePointId="CP001", limit=1, cursor=cursor).status == 200
    for query in ({"chargePointId": "CP001", "cursor": tags}, {"chargePointId": "CP002", "cursor": cursor}):
        assert operator.get("/transactions", **query).fields.keys() == {"cursor"}
    assert operator.get("/id-tags", cursor=cursor).fields.keys() == {"cursor"}
    assert operator.get("/charge-points/CP001/sessions", cursor=tags).fields.keys() == {"cursor"}


def test_the_export_is_a_file_for_billing(operator: LambdaOperator, station: LambdaStation) -> None:
    number = charge(station, idTag="=1+1")
    operator.now = station.now

    answer = operator.send("GET", "/transactions", query="chargePointId=CP001", headers=CSV)

    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert "link" not in answer.headers
    (row,) = rows_of(answer.text)
    assert (row["transactionId"], row["energyWh"], row["stopReason"]) == (str(number), "4000", "Remote")
    assert row["idTag"] == "'=1+1"


def test_a_long_export_links_to_its_next_part(operator: LambdaOperator, station: LambdaStation) -> None:
    numbers = [charge(station) for _ in range(3)]
    operator.now = station.now
    found: list[str] = []
    query: str | None = "chargePointId=CP001&limit=2"
    while query:
        answer = operator.send("GET", "/transactions", query=query, headers=CSV)
        found += [row["transactionId"] for row in rows_of(answer.text)]
        link = answer.headers.get("link")
        query = link.partition("?")[2].partition(">")[0] if link else None
    assert found == [str(number) for number in reversed(numbers)]


def test_an_export_may_be_longer_than_a_page(operator: LambdaOperator) -> None:
    window = "from=2026-03-05T00:00:00Z&to=2026-03-05T01:00:00Z"
    assert operator.send("GET", "/transactions", query=f"limit=5000&{window}", headers=CSV).status == 200
    assert operator.send("GET", "/transactions", query=f"limit=5001&{window}", headers=CSV).fields.keys() == {"limit"}


def test_samples_read_as_the_station_sent_them(operator: LambdaOperator, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    value = [
        {
            "timestamp": station.timestamp(),
            "sampledValue": [
                {"value": "1234", "vendorField": "kept"},
                {"value": "-16.5", "measurand": "Current.Import", "unit": "A", "phase": "L1"},
                {"value": "0.99", "measurand": "Power.Factor", "location": "=1+1;@SUM(1)"},
            ],
        }
    ]
    station.result("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": value})

    (message,) = operator.items(f"/transactions/CP001/{number}/meter-values")
    assert (message["connectorId"], message["meterValue"]) == (1, value)

    answer = operator.send("GET", f"/transactions/CP001/{number}/meter-values", headers=CSV)
    energy, current, factor = rows_of(answer.text)
    assert (energy["value"], energy["measurand"], energy["unit"]) == ("1234", "Energy.Active.Import.Register", "Wh")
    assert (energy["context"], energy["format"], energy["location"]) == ("Sample.Periodic", "Raw", "Outlet")
    assert (current["value"], current["unit"], current["phase"]) == ("-16.5", "A", "L1")
    assert factor["unit"] == ""
    assert factor["location"] == "'=1+1;'@SUM(1)"


def test_samples_of_any_shape_can_be_exported(csms: Runtime, operator: LambdaOperator, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    station.result(
        "MeterValues",
        {
            "connectorId": 1,
            "transactionId": number,
            "meterValue": [{"timestamp": station.timestamp(), "sampledValue": []}],
        },
    )
    assert rows_of(operator.send("GET", f"/transactions/CP001/{number}/meter-values", headers=CSV).text) == []


def test_meter_values_come_in_pages(operator: LambdaOperator, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    for energy in range(5):
        station.wait(minutes=1)
        value = [{"timestamp": station.timestamp(), "sampledValue": [{"value": str(energy)}]}]
        station.result("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": value})
    items = operator.items(f"/transactions/CP001/{number}/meter-values", limit=2)
    assert [item["meterValue"][0]["sampledValue"][0]["value"] for item in items] == list("01234")


def test_a_transaction_closed_by_hand_frees_its_connector_and_names_who_did_it(
    csms: Runtime, operator: LambdaOperator, station: LambdaStation
) -> None:
    number = station.start()["transactionId"]

    answer = operator.post(f"/transactions/CP001/{number}/close", {"reason": "station was stolen", "meterStop": 1500})

    assert answer.status == 200
    closed = operator.get(f"/transactions/CP001/{number}").json
    assert answer.json == closed
    assert (closed["state"], closed["energyWh"], closed["closedBy"]) == ("closed", 500, "ada")
    assert closed["closedReason"] == "station was stolen"
    assert operator.get("/charge-points/CP001/connectors").json["items"][0]["transactionId"] is None
    assert list(csms.store.transactions.open_of_tag("TAG1")) == []
    assert operator.post(f"/transactions/CP001/{number}/close", {"reason": "again"}).status == 409


def test_a_late_stop_still_counts_after_closing_by_hand(operator: LambdaOperator, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    operator.post(f"/transactions/CP001/{number}/close", {"reason": "station is silent"})
    station.stop(number)
    view = operator.get(f"/transactions/CP001/{number}").json
    assert (view["state"], view["energyWh"], view["closedBy"]) == ("stopped", 4000, "ada")
    assert operator.post(f"/transactions/CP001/{number}/close", {"reason": "again"}).status == 409


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, "reason"),
        ({"reason": ""}, "reason"),
        ({"reason": "x", "meterStop": 999}, "meterStop"),
        ({"reason": "x", "meterStop": "many"}, "meterStop"),
        ({"reason": "x", "meterStop": 10**30}, "meterStop"),
        ({"reason": "x", "meterStop": True}, "meterStop"),
        ({"reason": "x", "by": "me"}, "by"),
    ],
)
def test_a_wrong_closing_changes_nothing(
    operator: LambdaOperator, station: LambdaStation, body: dict[str, object], wrong: str
) -> None:
    number = station.start()["transactionId"]
    assert operator.post(f"/transactions/CP001/{number}/close", body).fields.keys() == {wrong}
    assert operator.get(f"/transactions/CP001/{number}").json["state"] == "open"


def test_closing_can_be_repeated_after_dying_half_way(
    csms: Runtime, operator: LambdaOperator, station: LambdaStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = station.start()["transactionId"]
    with monkeypatch.context() as broken:
        broken.delattr(type(csms.store.connectors), "vacate")
        assert operator.post(f"/transactions/CP001/{number}/close", {"reason": "stuck"}).status == 500
    assert operator.post(f"/transactions/CP001/{number}/close", {"reason": "stuck"}).status == 409
    connector = csms.store.connectors.get(CP001, 1)
    assert connector is not None
    assert connector.transaction_id is None


@pytest.mark.parametrize("identity", ["x" * 3000, "a#b", "ä"])
def test_what_can_be_no_identity_has_no_transactions(csms: Runtime, admin: LambdaOperator, identity: str) -> None:
    path = f"/transactions/{quote(identity, safe='')}/1"
    for found in (path, f"{path}/meter-values"):
        assert admin.get(found).status == 404
    assert admin.post(f"{path}/close", {"reason": "x"}).status == 404
    assert admin.get("/transactions", chargePointId=identity).fields.keys() == {"chargePointId"}
