"""What `connect` believes of the distributions in front of it, and of those who only say they are one."""

from typing import Any, Final

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import EndpointConnectionError

from csms import profile_upgrade
from csms.credentials import hash_secret
from csms.edge import SecretNotReadable
from csms.ids import CallId, ChargePointId
from csms.runtime import Runtime, runtime
from csms.store.charge_points import ChargePoint, SecurityProfile
from csms.store.history import EventKind
from csms.store.links import Registration
from tests.lambda_station import NOON, LambdaStation

PASSWORD: Final = bytes(range(200, 220))
HASH: Final = hash_secret(PASSWORD, b"salt")
SECRETS: Final = {edge: f"the secret of {edge}" for edge in ("wss", "ws", "mtls")}
STATION: Final = "198.51.100.7"
UNPROVEN: Final = "said to come through a distribution, without the secret of that distribution"


def through(edge: str, secret: str = "", **headers: str) -> dict[str, Any]:
    """What a distribution adds to a handshake."""
    asserted = {"x-csms-edge": edge, "x-csms-edge-secret": secret or SECRETS[edge], "x-csms-viewer-address": STATION}
    return asserted | {name.replace("_", "-"): value for name, value in headers.items()}


def certified(name: str) -> dict[str, Any]:
    return {"cloudfront-viewer-cert-subject": f"CN={name},O=Operator,C=NL"}


def create(csms: Runtime, identity: str, security_profile: SecurityProfile) -> None:
    csms.store.links.create(ChargePointId(identity), Registration.ACCEPTED)
    csms.store.charge_points.create(
        ChargePoint(ChargePointId(identity), security_profile=security_profile, secrets=(HASH,), created_at=NOON)
    )


def status(identity: str, password: bytes | None = None, now: Any = NOON, **headers: Any) -> int:
    answer = LambdaStation(identity, now=now).connect(password=password, **headers)
    code: int = answer["statusCode"]
    return code


def reasons(csms: Runtime) -> list[str]:
    return [attempt.reason for attempt in csms.store.connection_attempts.list(limit=50).things]


@pytest.fixture
def edges(csms: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """A Central System behind three distributions, with a charge point of each security profile: CP0 to CP3."""
    manager = boto3.client("secretsmanager")
    for edge, secret in SECRETS.items():
        created = manager.create_secret(Name=edge, SecretString=secret)
        monkeypatch.setenv(f"{edge.upper()}_EDGE_SECRET_ID", created["ARN"])
    runtime.cache_clear()
    for profile in SecurityProfile:
        create(csms, f"CP{profile}", profile)
    return runtime()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often secrets were read."""
    seen: list[str] = []
    call = vars(BaseClient)["_make_api_call"]

    def counted(client: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "GetSecretValue":
            seen.append(arguments["VersionStage"])
        return call(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", counted)
    return seen


def test_a_certificate_that_the_mtls_distribution_asserts_is_the_stations_proof(edges: Runtime) -> None:
    assert status("CP3", **through("mtls"), **certified("CP3")) == 200
    assert status("cp3", **through("mtls"), **certified("cP3")) in {200, 503}


@pytest.mark.parametrize("name", ["\u017fK3", "S\u212a3"])  # long s and the sign of Kelvin: s and k, case-folded
def test_letters_of_other_alphabets_are_no_other_case(edges: Runtime, name: str) -> None:
    create(edges, "SK3", SecurityProfile.CLIENT_CERTIFICATE)
    assert status("SK3", **through("mtls"), **certified(name)) == 401
    assert status("SK3", **through("mtls"), **certified("sk3")) == 200


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (through("mtls"), "no client certificate was asserted"),
        (through("mtls") | {"cloudfront-viewer-cert-subject": "CN=CP3,CN=CP1"}, "no client certificate was asserted"),
        (through("mtls") | certified("CP1"), "the client certificate names another charge point"),
        (through("mtls") | certified(" CP3x"), "the client certificate names another charge point"),
    ],
)
def test_no_certificate_and_that_of_another_station_are_refused(
    edges: Runtime, headers: dict[str, Any], reason: str
) -> None:
    assert status("CP3", PASSWORD, **headers) == 401
    assert reasons(edges) == [reason]


@pytest.mark.parametrize("headers", [{}, through("wss"), through("ws")], ids=repr)
def test_a_certificate_that_another_distribution_asserts_is_not_believed(
    edges: Runtime, headers: dict[str, Any]
) -> None:
    assert status("CP3", **headers, **certified("CP3")) == 401
    assert reasons(edges) == ["no client certificate was asserted"]


@pytest.mark.parametrize(
    "headers",
    [
        {"x-csms-edge": "mtls"},
        {"x-csms-edge-secret": SECRETS["mtls"]},
        through("mtls", SECRETS["wss"]),
        through("mtls", SECRETS["ws"]),
        through("wss", SECRETS["mtls"]),
        through("mtls", "guess"),
        through("mtls", "ünknöwn"),
        through("MTLS", SECRETS["mtls"]),
        through("arn", SECRETS["mtls"]),
        {"x-csms-edge": "mtls", "x-csms-edge-secret": ""},
    ],
    ids=repr,
)
def test_who_only_says_to_be_a_distribution_is_believed_nothing(edges: Runtime, headers: dict[str, Any]) -> None:
    assert status("CP3", **headers, **certified("CP3")) == 401
    assert status("CP2", PASSWORD, **headers) == 401
    assert set(reasons(edges)) == {UNPROVEN}


@pytest.mark.parametrize(
    ("headers", "problems"),
    [
        ({}, []),
        (through("wss"), []),
        (through("mtls"), []),
        (through("ws"), ["security profile 2 needs TLS"]),
        ({"X-Forwarded-Proto": "http"}, ["security profile 2 needs TLS"]),
        (through("wss", SECRETS["ws"]), [UNPROVEN]),
        (through("wss", "guess"), [UNPROVEN]),
    ],
    ids=repr,
)
def test_security_profile_2_is_refused_where_tls_is_not_certain(
    edges: Runtime, headers: dict[str, Any], problems: list[str]
) -> None:
    assert status("CP2", PASSWORD, **headers) == (401 if problems else 200)
    assert reasons(edges) == problems


def test_a_station_on_its_way_to_a_certificate_comes_with_either_until_it_has_come_with_that(edges: Runtime) -> None:
    def comes(minute: int, password: bytes | None = None, **headers: Any) -> int:
        return status("CP2", password, NOON.replace(minute=minute), **headers)

    assert comes(0, **through("mtls"), **certified("CP2")) == 401
    profile_upgrade.begin(edges.store, ChargePointId("CP2"), CallId("told"), SecurityProfile.CLIENT_CERTIFICATE, NOON)
    assert comes(1, PASSWORD, **through("wss")) == 200
    assert comes(2, **through("wss"), **certified("CP2")) == 401
    assert comes(3, **through("mtls"), **certified("CP2")) == 200
    assert comes(4, PASSWORD, **through("wss")) == comes(5, PASSWORD, **through("mtls")) == 401
    assert comes(6, **through("mtls"), **certified("CP2")) == 200


@pytest.mark.parametrize("edge", SECRETS)
def test_the_lower_security_profiles_come_through_any_distribution(edges: Runtime, edge: str) -> None:
    assert status("CP0", **through(edge)) == 200
    assert status("CP1", PASSWORD, **through(edge)) == 200
    assert status("CP1", b"wrong", **through(edge)) == 401


def test_secrets_are_only_read_when_a_distribution_is_named_and_then_remembered(
    edges: Runtime, reads: list[str]
) -> None:
    status("CP0")
    assert reads == []
    for minute in range(9):
        status("CP3", now=NOON.replace(minute=minute), **through("mtls"), **certified("CP3"))
    assert reads == ["AWSCURRENT", "AWSPREVIOUS"]


def test_who_guesses_makes_a_process_read_no_more_than_twice_a_minute(edges: Runtime, reads: list[str]) -> None:
    for second in range(60):
        status("CP3", now=NOON.replace(second=second), **through("mtls", f"guess {second}"), **certified("CP3"))
    assert reads.count("AWSCURRENT") == 2


def test_the_current_and_the_previous_secret_are_accepted_and_no_older_one(edges: Runtime) -> None:
    def let_in(secret: str, minute: int) -> bool:
        return status("CP3", now=NOON.replace(minute=minute), **through("mtls", secret), **certified("CP3")) == 200

    manager = boto3.client("secretsmanager")
    assert let_in(SECRETS["mtls"], 0)
    manager.put_secret_value(SecretId="mtls", SecretString="second")
    assert let_in("second", 1), "a process that knows the old one learns the new one at once"
    assert let_in(SECRETS["mtls"], 2), "a distribution that has not changed yet"
    manager.put_secret_value(SecretId="mtls", SecretString="third")
    assert let_in("third", 20)
    assert let_in("second", 21)
    assert not let_in(SECRETS["mtls"], 22)


def test_a_process_goes_on_with_the_secret_it_knows_while_it_can_read_none(
    edges: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = vars(BaseClient)["_make_api_call"]

    def unavailable(client: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "GetSecretValue":
            raise EndpointConnectionError(endpoint_url="https://secretsmanager.eu-central-1.amazonaws.com")
        return call(client, operation, arguments)

    assert status("CP3", **through("mtls"), **certified("CP3")) == 200
    monkeypatch.setattr(BaseClient, "_make_api_call", unavailable)
    later = NOON.replace(hour=13)
    assert status("CP3", now=later, **through("mtls"), **certified("CP3")) == 200
    assert status("CP3", now=later, **through("mtls", "guess"), **certified("CP3")) == 401
    # Of that distribution it knows nothing yet: the station tries again, and is accused of nothing.
    with pytest.raises(SecretNotReadable):
        status("CP2", PASSWORD, now=later, **through("wss"))
    assert reasons(edges) == [UNPROVEN]


def test_the_stations_own_address_is_kept_if_a_distribution_told_it(edges: Runtime) -> None:
    def address_of(identity: str) -> str | None:
        (session,) = edges.store.history.list(ChargePointId(identity), EventKind.SESSION, limit=5).events
        return str(session.details["sourceIp"])

    status("CP0", **through("wss"))
    status("CP1", PASSWORD, **through("wss", "guess"))
    assert address_of("CP0") == STATION
    assert address_of("CP1") == "203.0.113.7", "that of who said to be a distribution"


def test_who_comes_past_the_distributions_can_be_refused(edges: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_ONLY", "true")
    runtime.cache_clear()
    assert status("CP0") == status("CP1", PASSWORD, **through("wss", "guess")) == 403
    assert set(reasons(edges)) == {"not through a distribution of this deployment"}
    assert status("CP0", **through("wss")) == status("CP1", PASSWORD, **through("ws")) == 200
