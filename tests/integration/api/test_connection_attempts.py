import json
from typing import Any

import pytest

from csms.runtime import Runtime, runtime
from csms.store.connection_attempts import MOST_STRANGERS
from tests.lambda_operator import LambdaOperator
from tests.lambda_station import NOON, LambdaStation


def accept(admin: LambdaOperator, attempt: dict[str, Any]) -> dict[str, Any]:
    """Do what the attempt says would let the station in."""
    remedy = attempt["accept"]
    answer = admin.send(remedy["method"], remedy["path"], body=json.dumps(remedy["body"]))
    assert answer.status in {200, 201}, answer.text
    body: dict[str, Any] = answer.json
    return body


@pytest.fixture
def strict(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """A Central System that rejects unknown charge points."""
    monkeypatch.setenv("UNKNOWN_CHARGE_POINTS", "reject")
    runtime.cache_clear()
    return runtime()


def refused(csms: Runtime, identity: str, *, with_credentials: bool | None) -> None:
    """An attempt of an unknown identity as it was noted before strangers shared rows."""
    csms.store.connection_attempts.record(
        identity, "unknown charge point", NOON, "192.0.2.1", None, with_credentials=with_credentials
    )


def test_an_unknown_station_without_a_password_gets_in_without_one_and_the_operator_is_warned(
    strict: Runtime, admin: LambdaOperator
) -> None:
    station = LambdaStation("CP 1/a")
    for _ in range(4):
        assert station.connect()["statusCode"] == 404

    (attempt,) = admin.items("/connection-attempts")

    assert (attempt["identity"], attempt["reason"], attempt["count"]) == ("CP 1/a", "unknown charge point", 4)
    assert attempt["withCredentials"] is False
    assert "no password" in attempt["accept"]["note"]
    assert accept(admin, attempt)["password"] is None
    assert station.connect()["statusCode"] == 200


def test_made_up_identities_share_few_rows_of_their_address_and_the_latest_is_shown(
    strict: Runtime, admin: LambdaOperator
) -> None:
    for number in range(MOST_STRANGERS * 4):
        LambdaStation(f"CP{number}").connect(source_ip="192.0.2.7")
    attempts = admin.items("/connection-attempts")
    assert len(attempts) <= MOST_STRANGERS
    assert {attempt["identity"] for attempt in attempts} >= {f"CP{MOST_STRANGERS * 4 - 1}"}
    assert sum(attempt["count"] for attempt in attempts) == MOST_STRANGERS * 4
    for attempt in attempts:
        assert attempt["isShared"]
        assert attempt["sources"] == {"192.0.2.7": attempt["count"]}
        assert attempt["accept"]["body"]["id"] == attempt["identity"]


def test_a_stranger_has_one_address_for_the_whole_network_that_it_is_given(
    strict: Runtime, admin: LambdaOperator
) -> None:
    for address in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "::ffff:192.0.2.7", "192.0.2.7", "nowhere"):
        LambdaStation("CP999").connect(source_ip=address)
    attempts = {next(iter(attempt["sources"]), None): attempt for attempt in admin.items("/connection-attempts")}
    assert {source: attempt["count"] for source, attempt in attempts.items()} == {
        "2001:db8:0:1::/64": 2,
        "192.0.2.7": 2,
        None: 1,
    }
    assert attempts["2001:db8:0:1::/64"]["sourceIp"] == "2001:db8:0:1:ffff::2"


def test_a_known_charge_point_has_one_row_for_a_reason_however_its_identity_is_written(
    strict: Runtime, admin: LambdaOperator
) -> None:
    admin.post("/charge-points", {"id": "CP001"})
    for identity in ("CP001", "cp001", "Cp001"):
        assert LambdaStation(identity).connect(source_ip=f"192.0.2.{len(identity)}")["statusCode"] == 401
    (attempt,) = admin.items("/connection-attempts")
    assert (attempt["identity"], attempt["count"], attempt["isShared"]) == ("CP001", 3, False)


def test_what_a_stranger_says_of_itself_is_kept_short(strict: Runtime, admin: LambdaOperator) -> None:
    headers: dict[str, Any] = {"User-Agent": "y" * 4000}
    LambdaStation("x" * 4000).connect(**headers)
    (attempt,) = admin.items("/connection-attempts")
    assert len(json.dumps(attempt)) < 1000


@pytest.mark.parametrize("with_credentials", [True, None])
def test_an_unknown_station_with_a_password_gets_in_with_the_one_it_is_to_be_told(
    strict: Runtime, admin: LambdaOperator, with_credentials: bool | None
) -> None:
    refused(strict, "CP001", with_credentials=with_credentials)
    (attempt,) = admin.items("/connection-attempts")
    assert "must be told" in attempt["accept"]["note"]
    password = bytes.fromhex(accept(admin, attempt)["password"])
    assert LambdaStation().connect(password=password)["statusCode"] == 200


@pytest.mark.parametrize("identity", ["CP001", "cp001"])
def test_what_exists_meanwhile_is_not_to_be_created(strict: Runtime, admin: LambdaOperator, identity: str) -> None:
    refused(strict, "CP001", with_credentials=False)
    refused(strict, "CP002", with_credentials=False)
    admin.post("/charge-points", {"id": identity})
    attempts = {attempt["identity"]: attempt["accept"] for attempt in admin.items("/connection-attempts")}
    assert attempts["CP001"] is None
    assert attempts["CP002"]


def test_what_is_gone_meanwhile_is_not_to_be_changed(strict: Runtime, admin: LambdaOperator) -> None:
    admin.post("/charge-points", {"id": "CP001"})
    LambdaStation().connect()
    admin.delete("/charge-points/CP001")
    (attempt,) = admin.items("/connection-attempts")
    assert (attempt["reason"], attempt["accept"]) == ("no credentials for this identity", None)


def test_a_station_with_the_wrong_password_gets_in_with_a_new_one(strict: Runtime, admin: LambdaOperator) -> None:
    admin.post("/charge-points", {"id": "CP/1"})
    station = LambdaStation("CP/1")
    for password, reason in ((None, "no credentials for this identity"), (b"wrong", "wrong password")):
        assert station.connect(password=password)["statusCode"] == 401
        (attempt,) = [each for each in admin.items("/connection-attempts") if each["reason"] == reason]
        assert station.connect(password=bytes.fromhex(accept(admin, attempt)["password"]))["statusCode"] == 200
        station.wait(seconds=1)


def test_a_station_that_offers_no_subprotocol_gets_in_when_that_is_allowed(
    strict: Runtime, admin: LambdaOperator
) -> None:
    admin.post("/charge-points", {"id": "CP001", "securityProfile": 0})
    station = LambdaStation()
    assert station.connect(subprotocol=None)["statusCode"] == 400
    (attempt,) = admin.items("/connection-attempts")
    accept(admin, attempt)
    assert station.connect(subprotocol=None)["statusCode"] == 200


@pytest.mark.parametrize("identity", ["ä", "x" * 49, "a#b", "m/connectors"])
def test_what_can_never_be_an_identity_cannot_be_accepted(
    strict: Runtime, admin: LambdaOperator, identity: str
) -> None:
    assert LambdaStation(identity).connect()["statusCode"] == 404
    (attempt,) = admin.items("/connection-attempts")
    assert attempt["accept"] is None


def test_only_the_station_can_offer_another_subprotocol(strict: Runtime, admin: LambdaOperator) -> None:
    admin.post("/charge-points", {"id": "CP001", "securityProfile": 0})
    assert LambdaStation().connect(subprotocol="ocpp2.0.1")["statusCode"] == 400
    (attempt,) = admin.items("/connection-attempts")
    assert attempt["accept"] is None
