import base64
from typing import Any

import pytest

from csms.credentials import hash_secret
from csms.ids import ChargePointId, ConnectionId
from csms.runtime import Runtime, runtime
from csms.store import keys
from csms.store.charge_points import ChargePoint, SecurityProfile
from csms.store.history import EventKind
from csms.store.links import Link, Registration
from tests.lambda_station import NOON, LambdaStation

PASSWORD = bytes(range(200, 220))


def create(csms: Runtime, identity: str = "CP001", **fields: Any) -> None:
    known: dict[str, Any] = {
        "security_profile": SecurityProfile.BASIC,
        "secrets": (hash_secret(PASSWORD, b"salt"),),
    } | fields
    csms.store.links.create(ChargePointId(identity), Registration.ACCEPTED)
    csms.store.charge_points.create(ChargePoint(id=ChargePointId(identity), created_at=NOON, **known))


def basic(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


def link(csms: Runtime, identity: str = "CP001") -> Link:
    found = csms.store.links.get(ChargePointId(identity))
    assert found is not None
    return found


def refusals(csms: Runtime) -> dict[tuple[str, str], int]:
    attempts = csms.store.connection_attempts.list(limit=50).things
    return {(attempt.identity, attempt.reason): attempt.count for attempt in attempts}


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    closed: list[str] = []
    monkeypatch.setattr("csms.gateway.Gateway.close", lambda _self, connection: closed.append(connection))
    return closed


@pytest.fixture
def strict(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    monkeypatch.setenv("UNKNOWN_CHARGE_POINTS", "reject")
    runtime.cache_clear()
    return runtime()


def test_a_station_with_its_password_is_let_in(csms: Runtime) -> None:
    create(csms)
    station = LambdaStation()
    assert station.connect(password=PASSWORD) == {
        "statusCode": 200,
        "headers": {"Sec-WebSocket-Protocol": "ocpp1.6"},
    }
    assert link(csms).connection_id == station.connection_id


def test_the_password_counts_raw_and_as_hexadecimal_text_in_any_case(csms: Runtime) -> None:
    create(csms)
    for password in (PASSWORD, PASSWORD.hex().encode(), PASSWORD.hex().upper().encode()):
        assert LambdaStation().connect(password=password)["statusCode"] in {200, 503}


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "no credentials for this identity"),
        ({"Authorization": "Basic !!!"}, "no credentials for this identity"),
        ({"Authorization": "Bearer x"}, "no credentials for this identity"),
        (
            {"Authorization": "Basic " + base64.b64encode(b"CP002:" + PASSWORD).decode()},
            "no credentials for this identity",
        ),
        ({"Authorization": "Basic " + base64.b64encode(b"CP001:").decode()}, "wrong password"),
        ({"Authorization": "Basic " + base64.b64encode(b"CP001:" + PASSWORD + b"x").decode()}, "wrong password"),
    ],
)
def test_missing_and_wrong_credentials_are_refused_and_counted(
    csms: Runtime, headers: dict[str, Any], reason: str
) -> None:
    create(csms)
    for _ in range(2):
        assert LambdaStation().connect(**headers) == {"statusCode": 401}
    assert refusals(csms) == {("CP001", reason): 2}
    assert link(csms).connection_id is None


def test_current_and_previous_password_are_accepted_during_rotation(csms: Runtime) -> None:
    create(csms, secrets=(hash_secret(b"n" * 16), hash_secret(b"o" * 16)))
    station = LambdaStation()
    for password in (b"n" * 16, b"o" * 16):
        assert station.connect(password=password)["statusCode"] == 200
        station.wait(seconds=1)
    assert station.connect(password=b"p" * 16)["statusCode"] == 401


def test_profile_2_needs_tls_and_profile_3_a_certificate(csms: Runtime) -> None:
    create(csms, security_profile=SecurityProfile.BASIC_TLS)
    create(csms, "CP003", security_profile=SecurityProfile.CLIENT_CERTIFICATE)
    assert LambdaStation().connect(password=PASSWORD, **{"X-Forwarded-Proto": "http"}) == {"statusCode": 401}
    assert LambdaStation().connect(password=PASSWORD)["statusCode"] == 200
    assert LambdaStation("CP003").connect(password=PASSWORD) == {"statusCode": 401}


@pytest.mark.parametrize(
    ("identity", "cp"),
    [
        ("CP001", "CP001"),
        ("CP001", "/CP001/"),
        ("CP001", "cp001"),
        ("CP 1*-_=+|@.:/x", "CP 1*-_=+|@.:/x"),
        ("CP:001", None),
    ],
)
def test_a_station_is_found_by_path_in_any_case_or_by_its_user_name(
    strict: Runtime, identity: str, cp: str | None
) -> None:
    is_by_user = cp is None
    create(strict, identity.replace(":", "") if is_by_user else identity)
    station = LambdaStation(identity.replace(":", "") if is_by_user else identity)
    assert station.connect(cp=cp, password=PASSWORD)["statusCode"] == 200


@pytest.mark.parametrize("cp", ["", " ", " CP", "CP ", "a/../b#", "x" * 49, "CP\n1", "ünknown", "%20"])
def test_an_identity_that_cannot_be_one_is_not_found(csms: Runtime, cp: str) -> None:
    assert LambdaStation(cp).connect(cp=cp or "/") == {"statusCode": 404}


def test_no_identity_at_all_is_not_found(csms: Runtime) -> None:
    assert LambdaStation().connect(cp=None) == {"statusCode": 404}


def test_an_unknown_charge_point_is_refused_and_listed(strict: Runtime) -> None:
    assert LambdaStation("NEW").connect() == {"statusCode": 404}
    assert refusals(strict) == {("NEW", "unknown charge point"): 1}
    assert strict.store.charge_points.find("NEW") is None


@pytest.mark.parametrize(("policy", "status"), [("accept", "Accepted"), ("pending", "Pending")])
def test_an_unknown_charge_point_is_registered_by_policy(
    csms: Runtime, monkeypatch: pytest.MonkeyPatch, policy: str, status: str
) -> None:
    monkeypatch.setenv("UNKNOWN_CHARGE_POINTS", policy)
    runtime.cache_clear()
    station = LambdaStation("NEW")
    assert station.connect()["statusCode"] == 200
    boot = station.result("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    assert boot["status"] == status
    assert LambdaStation("new").connect()["statusCode"] in {200, 503}
    assert runtime().store.charge_points.list(limit=5).things[0].id == "NEW"


@pytest.mark.parametrize(
    ("offered", "status"),
    [
        ("ocpp1.6", 200),
        ("ocpp0.1,ocpp1.6", 200),
        ("ocpp2.0.1 ,  ocpp1.6", 200),
        ("ocpp0.1", 400),
        ("OCPP1.6", 400),
        (",", 400),
        (None, 400),
    ],
)
def test_only_ocpp_1_6_is_spoken(csms: Runtime, offered: str | None, status: int) -> None:
    answer = LambdaStation().connect(subprotocol=offered)
    assert answer["statusCode"] == status
    assert (answer.get("headers") == {"Sec-WebSocket-Protocol": "ocpp1.6"}) is (status == 200)


def test_a_tolerated_station_may_offer_no_subprotocol_and_is_answered_none(csms: Runtime) -> None:
    create(csms, security_profile=SecurityProfile.NONE, allows_missing_subprotocol=True)
    assert LambdaStation().connect(subprotocol=None) == {"statusCode": 200, "headers": {}}
    assert LambdaStation().connect(subprotocol="ocpp0.1")["statusCode"] == 400


def test_the_newest_connection_wins_and_the_older_one_is_closed(csms: Runtime, posted: list[str]) -> None:
    old, new = LambdaStation(), LambdaStation()
    old.connect()
    new.wait(seconds=5)
    new.connect()

    assert link(csms).connection_id == new.connection_id
    assert posted == [old.connection_id]
    old.wait(seconds=6)
    old.disconnect()
    assert link(csms).connection_id == new.connection_id


def test_a_connection_that_is_not_the_newest_is_told_to_come_again(csms: Runtime, posted: list[str]) -> None:
    newer, older = LambdaStation(), LambdaStation()
    newer.wait(seconds=5)
    newer.connect()
    assert older.connect() == {"statusCode": 503}
    assert link(csms).connection_id == newer.connection_id


def test_an_older_connection_gets_the_link_back_when_the_newer_one_is_closed(csms: Runtime, posted: list[str]) -> None:
    """Its own closing failed: the upgrade was not finished when the newer one came."""
    old, new = LambdaStation(), LambdaStation()
    old.connect()
    new.wait(seconds=5)
    new.connect()
    new.wait(seconds=1)
    new.disconnect()

    old.wait(minutes=2)
    old.result("Heartbeat", {})
    assert link(csms).connection_id == old.connection_id
    assert link(csms).last_seen == old.now


def test_a_connection_that_should_have_been_closed_is_closed_when_it_speaks(csms: Runtime, posted: list[str]) -> None:
    """The newer `connect` died before it closed this one, and perhaps never became a connection."""
    old, phantom = LambdaStation(), LambdaStation()
    old.connect()
    phantom.wait(seconds=5)
    phantom.connect()
    posted.clear()

    old.wait(seconds=10)
    old.result("Heartbeat", {})
    assert posted == []
    old.wait(minutes=2)
    old.result("Heartbeat", {})
    assert posted == [old.connection_id]


def test_what_a_superseded_connection_still_says_is_answered(csms: Runtime, posted: list[str]) -> None:
    old, new = LambdaStation(), LambdaStation()
    old.connect()
    new.wait(seconds=5)
    new.connect()

    old.wait(minutes=2)
    assert old.start()["transactionId"] > 0
    assert link(csms).connection_id == new.connection_id


def test_a_disconnect_is_noted_once_and_a_message_still_on_its_way_does_not_revive_it(csms: Runtime) -> None:
    station = LambdaStation()
    station.connect()
    station.disconnect()
    station.wait(minutes=2)
    station.disconnect()

    station.result("Heartbeat", {})
    assert link(csms).connection_id is None
    (session,) = csms.store.history.list(ChargePointId("CP001"), EventKind.SESSION, limit=5).events
    assert session.details["connectionId"] == station.connection_id
    assert session.details["sourceIp"] == "203.0.113.7"
    assert "endedAt" in session.details


def test_a_message_restores_a_link_that_lost_its_live_connection(csms: Runtime) -> None:
    station = LambdaStation()
    station.connect()
    lost = keys.link(ChargePointId("CP001"))
    csms.store.links._table.update(lost, remove=("connection_id",))  # as after a 410 that was none
    station.wait(minutes=2)
    station.result("Heartbeat", {})
    assert link(csms).connection_id == station.connection_id


def test_a_reconnect_without_boot_stays_accepted(csms: Runtime) -> None:
    station = LambdaStation()
    station.connect()
    station.result("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    station.disconnect()
    station.wait(minutes=1)
    station.connect()
    station.result("Heartbeat", {})
    assert link(csms).connection_id == ConnectionId(station.connection_id)
