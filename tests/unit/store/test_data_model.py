"""docs/data-model.md says what keys.py does."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from csms.ids import CallId, ChargePointId, ConnectionId, PlanId, ReservationId, SiteId, TransactionId
from csms.store import keys

PAGE = (Path(__file__).parents[3] / "docs" / "data-model.md").read_text()
CP = ChargePointId("CP001")
TX = TransactionId(7)
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
TIMED = keys.timed(NOW, "abc")

ITEMS = {
    "charge point": keys.charge_point(CP),
    "identity": keys.identity(CP),
    "link": keys.link(CP),
    "connector": keys.connector(CP, 1),
    "transaction": keys.transaction(CP, TX),
    "meter values of a transaction": keys.Key(keys.transaction_meter_partition(CP, TX), TIMED),
    "meter values of a connector": keys.Key(keys.connector_meter_partition(CP, 1, NOW), TIMED),
    "history": keys.event(CP, "status", NOW, "abc"),
    "call": keys.call(CP, CallId("c1")),
    "idempotency key": keys.idempotency(CP, "once"),
    "file transfer": keys.file_transfer(CP, "firmware", CallId("c1")),
    "received file": keys.received_file(CP, CallId("c1"), "abc"),
    "file token": keys.file_token("abc"),
    "firmware image": keys.firmware_image("abc"),
    "orphan": keys.orphan(CP, "abc"),
    "bulk command": keys.bulk("b1"),
    "bulk result": keys.bulk_result("b1", CP),
    "configuration key": keys.configuration(CP, "HeartbeatInterval"),
    "model": keys.charge_point_model("Vendor", "Model"),
    "charging profile": keys.charging_profile(CP, 7),
    "reservation": keys.reservation(CP, ReservationId(7)),
    "local list": keys.local_list(CP),
    "site": keys.site(SiteId("s1")),
    "member of a site": keys.member(SiteId("s1"), CP),
    "charging plan": keys.charging_plan(PlanId("p1")),
    "planned profile": keys.planned_profile(PlanId("p1"), CP, 1, "transaction"),
    "session": keys.session(ConnectionId("c1")),
    "fleet": keys.FLEET,
    "id tag": keys.tag("Tag"),
    "connection attempt": keys.connection_attempt("CP001", "why"),
    "stranger": keys.stranger("192.0.2.1", 3),
    "message log": keys.Key(keys.message_partition(CP, NOW), TIMED),
}


def documented() -> dict[str, tuple[str, str]]:
    rows = re.findall(r"^\| ([a-z ]+) \| `([^`]+)` \| `([^`]+)` \|", PAGE, re.MULTILINE)
    return {name: (partition, sort) for name, partition, sort in rows}


def pattern(template: str) -> re.Pattern[str]:
    return re.compile(
        "".join(".+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]*\})", template))
    )


def test_every_item_is_documented() -> None:
    assert set(documented()) == set(ITEMS)


@pytest.mark.parametrize("item", ITEMS)
def test_an_items_keys_are_as_documented(item: str) -> None:
    partition, sort = documented()[item]
    assert pattern(partition).fullmatch(ITEMS[item].partition)
    assert pattern(sort).fullmatch(ITEMS[item].sort)


@pytest.mark.parametrize(
    "entry",
    [
        keys.listed("CP", CP),
        keys.open_transaction("Tag", CP, TX),
        keys.ended_of_charge_point(CP, NOW, TX),
        keys.ended_on_day(CP, NOW, TX),
        keys.firmware_of_model("Vendor", "Model", NOW, "abc"),
        keys.due("RESERVATION", NOW, CP, "7"),
        keys.due("PLAN", NOW, SiteId("s1"), "p1"),
    ],
)
def test_every_index_entry_is_documented(entry: keys.IndexKey) -> None:
    rows = re.findall(r"^\| (GSI\d) \| `([^`]+)` \| `?([^`|]+)`? \|", PAGE, re.MULTILINE)
    partitions = [pattern(partition) for index, partition, _ in rows if index == entry.name]
    assert any(found.fullmatch(entry.partition) for found in partitions)
