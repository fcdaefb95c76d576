"""Failed logins: counted, told, cheap to refuse, and nobody's way to keep a station out."""

import hashlib
from typing import Any

import pytest

from csms.credentials import hash_secret
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.charge_points import ChargePoint, SecurityProfile
from csms.store.connection_attempts import MOST_SOURCES
from csms.store.links import Registration
from tests.lambda_operator import LambdaOperator, claims_of
from tests.lambda_station import NOON, LambdaStation

CP001 = ChargePointId("CP001")
PASSWORD = bytes(range(200, 220))


@pytest.fixture
def guarded(csms: Runtime) -> Runtime:
    """A Central System with a charge point that has a password."""
    csms.store.links.create(CP001, Registration.ACCEPTED)
    secrets = (hash_secret(PASSWORD, b"salt"),)
    csms.store.charge_points.create(ChargePoint(CP001, SecurityProfile.BASIC, NOON, secrets))
    return csms


@pytest.fixture
def admin(csms: Runtime) -> LambdaOperator:
    return LambdaOperator(claims_of("admin"))


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was hashed."""
    hashed: list[bytes] = []
    scrypt = hashlib.scrypt

    def note(password: bytes, **parameters: Any) -> bytes:
        hashed.append(password)
        return scrypt(password, **parameters)

    monkeypatch.setattr(hashlib, "scrypt", note)
    return hashed


def tries(password: bytes, source: str = "203.0.113.7") -> int:
    """Somebody with this password at the door; returns the status that they get to see."""
    station = LambdaStation()
    return int(station.connect(password=password, source_ip=source)["statusCode"])


def test_failed_logins_are_counted_by_reason_and_source(guarded: Runtime, admin: LambdaOperator) -> None:
    for source in ("192.0.2.1", "192.0.2.1", "2001:db8::1"):
        assert tries(b"wrong", source) == 401
    LambdaStation().connect()
    found = {attempt["reason"]: attempt for attempt in admin.items("/connection-attempts")}
    assert found["wrong password"]["sources"] == {"192.0.2.1": 2, "2001:db8::1": 1}
    assert (found["wrong password"]["count"], found["wrong password"]["sourceIp"]) == (3, "2001:db8::1")
    assert found["no credentials for this identity"]["count"] == 1


def test_a_stranger_with_many_addresses_does_not_fill_the_record(guarded: Runtime, admin: LambdaOperator) -> None:
    for number in range(MOST_SOURCES + 5):
        tries(b"wrong", f"192.0.2.{number}")
    tries(b"wrong", "192.0.2.0")
    (attempt,) = admin.items("/connection-attempts")
    assert (attempt["count"], len(attempt["sources"])) == (MOST_SOURCES + 6, MOST_SOURCES)
    assert attempt["sources"]["192.0.2.0"] == 2


def test_the_same_wrong_password_is_hashed_once(guarded: Runtime, hashes: list[bytes]) -> None:
    for _ in range(5):
        assert tries(b"wrong") == 401
    assert hashes == [b"wrong"]


def test_however_often_a_stranger_fails_the_right_password_is_let_in(guarded: Runtime) -> None:
    for number in range(30):
        assert tries(b"guess %d" % number) == 401
    assert tries(PASSWORD) == 200


def test_a_password_that_was_wrong_is_right_once_it_is_set(guarded: Runtime, admin: LambdaOperator) -> None:
    later = "a password of later"
    assert tries(later.encode()) == 401
    assert admin.post("/charge-points/CP001/credentials", {"password": later}).status == 200
    assert tries(later.encode()) == 200


def test_the_right_password_is_hashed_no_more_than_it_takes(guarded: Runtime, hashes: list[bytes]) -> None:
    guarded.store.charge_points.change(CP001, {"secrets": [hash_secret(PASSWORD), hash_secret(b"the one before it")]})
    hashes.clear()
    assert tries(PASSWORD) == 200
    assert hashes == [PASSWORD]


def test_failed_logins_are_told_in_the_log_and_to_the_operator(
    guarded: Runtime, admin: LambdaOperator, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING", logger="csms"):
        for _ in range(11):
            tries(b"wrong", "192.0.2.1")
        LambdaStation("CP999").connect(subprotocol="ocpp0.1")  # refused, and no login
    told = [record for record in caplog.records if record.message == "login refused"]
    assert [vars(record)["attempts"] for record in told] == list(range(1, 12))
    last = vars(told[-1])
    assert (last["charge_point_id"], last["reason"], last["source_ip"]) == ("CP001", "wrong password", "192.0.2.1")
    assert "wrong" not in {str(value) for value in last.values()}
    (event,) = admin.items("/charge-points/CP001/security-events")
    assert event["details"]["type"] == "LoginsRefused"
    assert event["details"]["techInfo"].startswith("wrong password: 10 times from 1 addresses")
