import pytest

from csms import password_change
from csms.gateway import Gateway
from csms.ids import CallId, ChargePointId, ConnectionId
from csms.runtime import Runtime
from tests.lambda_operator import Answer, LambdaOperator
from tests.lambda_station import LambdaStation

SECRET = "0123456789abcdef"
CP001, TOLD = ChargePointId("CP001"), CallId("1")


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    connections: list[str] = []
    monkeypatch.setattr(Gateway, "close", lambda gateway, connection: connections.append(connection))
    return connections


def created(answer: Answer) -> dict[str, object]:
    assert answer.status == 201, answer.text
    body: dict[str, object] = answer.json
    return body


def test_a_new_charge_point_connects_with_the_password_that_is_shown_once(csms: Runtime, admin: LambdaOperator) -> None:
    answer = admin.post("/charge-points", {"id": "CP001", "description": "by the gate"})

    password = created(answer)["password"]
    assert isinstance(password, str)
    assert answer.headers["location"] == "/charge-points/CP001"
    assert answer.headers["cache-control"] == "no-store"
    assert LambdaStation().connect(password=bytes.fromhex(password))["statusCode"] == 200
    assert LambdaStation().connect(password=b"something else..")["statusCode"] == 401
    read = admin.get("/charge-points/CP001")
    assert "password" not in read.json
    assert password not in read.text


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (SECRET, SECRET.encode()),
        ("00" * 20, bytes(20)),
        ("ä" * 9, ("ä" * 9).encode()),
    ],
)
def test_a_given_password_is_taken_as_text_or_hexadecimal_and_not_shown(
    csms: Runtime, admin: LambdaOperator, text: str, sent: bytes
) -> None:
    answer = admin.post("/charge-points", {"id": "CP001", "password": text})
    assert created(answer)["password"] is None
    assert LambdaStation().connect(password=sent)["statusCode"] == 200


def test_security_profiles_0_and_3_have_no_password(csms: Runtime, admin: LambdaOperator) -> None:
    view = created(admin.post("/charge-points", {"id": "CP003", "securityProfile": 3}))
    assert (view["hasPassword"], view["password"]) == (False, None)
    assert admin.post("/charge-points/CP003/credentials", {}).status == 409
    view = created(admin.post("/charge-points", {"id": "CP001", "securityProfile": 0}))
    assert (view["password"], view["hasPassword"]) == (None, False)
    assert LambdaStation().connect()["statusCode"] == 200


@pytest.mark.parametrize("password", ["short", "x" * 21, "0" * 31, "zz" * 16, "", 16, None])
def test_no_password_outside_the_rules_is_taken_or_repeated(
    csms: Runtime, admin: LambdaOperator, password: object
) -> None:
    answer = admin.post("/charge-points", {"id": "CP001", "password": password})
    if password is None:
        assert created(answer)["password"]
        return
    assert answer.fields.keys() == {"password"}
    assert not password or f'"{password}"' not in answer.text


@pytest.mark.parametrize("identity", ["CP 1", "a/b", "a|b", "*-_=+|@.:/x", "x" * 48, "100@site:1", "connectors"])
@pytest.mark.parametrize("decodes_path", [True, False])
def test_any_identity_of_the_standard_can_be_addressed(
    csms: Runtime, admin: LambdaOperator, identity: str, decodes_path: bool
) -> None:
    admin.decodes_path = decodes_path
    location = admin.post("/charge-points", {"id": identity}).headers["location"]

    assert admin.get(location).json["id"] == identity
    assert admin.get(f"{location}/connectors").json == {"items": []}
    assert admin.put(f"{location}/registration", {"status": "Pending"}).json["registration"] == "Pending"
    assert admin.delete(location).status == 204
    assert admin.get(location).status == 404


def test_other_identities_are_refused(csms: Runtime, admin: LambdaOperator) -> None:
    identities: list[object] = ["", "x" * 49, "a#b", "a?b", "ä", "a%20b", "/a", "a/", "a\nb", "a\x00", 5, None, [], {}]
    identities += [" ", "  ", " a", "a "]
    for identity in identities:
        assert admin.post("/charge-points", {"id": identity}).fields.keys() == {"id"}, identity


@pytest.mark.parametrize("identity", ["m/connectors", "a/b/status-history", "m/commands", "m/commands/x", "m/quiet"])
def test_an_identity_whose_path_means_something_else_is_refused(
    csms: Runtime, admin: LambdaOperator, identity: str
) -> None:
    reasons = admin.post("/charge-points", {"id": identity}).fields
    assert reasons.keys() == {"id"}
    assert "cannot be told from" in reasons["id"]


def test_a_station_that_came_by_itself_under_such_an_identity_is_reached_by_encoding_it_twice(
    csms: Runtime, admin: LambdaOperator
) -> None:
    LambdaStation("m/connectors").connect()
    assert admin.get("/charge-points/m%252Fconnectors").json["id"] == "m/connectors"
    assert admin.delete("/charge-points/m%252Fconnectors").status == 204


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"securityProfile": 4}, "securityProfile"),
        ({"securityProfile": "1"}, "securityProfile"),
        ({"securityProfile": True}, "securityProfile"),
        ({"securityProfile": 1.0}, "securityProfile"),
        ({"securityProfile": -1}, "securityProfile"),
        ({"registration": "accepted"}, "registration"),
        ({"allowsMissingSubprotocol": "maybe"}, "allowsMissingSubprotocol"),
        ({"description": ""}, "description"),
        ({"description": "x" * 501}, "description"),
        ({"site": 7}, "site"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_each_wrong_field_is_named(csms: Runtime, admin: LambdaOperator, fields: dict[str, object], wrong: str) -> None:
    assert admin.post("/charge-points", {"id": "CP001", **fields}).fields.keys() == {wrong}
    assert admin.get("/charge-points/CP001").status == 404


def test_an_identity_is_taken_whatever_its_case(csms: Runtime, admin: LambdaOperator) -> None:
    created(admin.post("/charge-points", {"id": "CP001"}))
    assert admin.post("/charge-points", {"id": "CP001"}).status == 409
    assert admin.post("/charge-points", {"id": "cp001"}).status == 409
    assert csms.store.links.get(ChargePointId("cp001")) is None
    assert admin.get("/charge-points/cp001").json["id"] == "CP001"


def test_two_that_create_the_same_identity_in_two_cases_get_one_charge_point(
    csms: Runtime, admin: LambdaOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    created(admin.post("/charge-points", {"id": "CP001"}))
    monkeypatch.setattr(csms.store.charge_points, "find", lambda identity: None)  # as the slower one saw it
    assert admin.post("/charge-points", {"id": "cp001"}).status == 409
    assert admin.post("/charge-points", {"id": "CP001"}).status == 409
    assert csms.store.links.get(ChargePointId("cp001")) is None
    assert csms.store.links.get(ChargePointId("CP001")) is not None


def test_creating_can_be_repeated_after_dying_half_way(
    csms: Runtime, admin: LambdaOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(csms.store.charge_points, "create", dies)
        assert admin.post("/charge-points", {"id": "CP001"}).status == 500
    assert created(admin.post("/charge-points", {"id": "CP001", "registration": "Pending"}))["password"]
    assert admin.get("/charge-points/CP001").json["registration"] == "Pending"


def dies(*arguments: object, **named: object) -> None:
    raise RuntimeError("the function was killed: secret details")


def test_what_nobody_foresaw_is_a_problem_without_details(
    csms: Runtime, admin: LambdaOperator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(csms.store.charge_points, "list", dies)
    answer = admin.get("/charge-points")
    assert answer.status == 500
    assert "secret details" not in answer.text
    assert "secret details" in caplog.text


def test_changes_touch_only_the_fields_they_name(csms: Runtime, admin: LambdaOperator) -> None:
    admin.post("/charge-points", {"id": "CP001", "description": "by the gate", "site": "north"})

    view = admin.patch("/charge-points/CP001", {"site": None, "allowsMissingSubprotocol": True}).json

    assert (view["description"], view["site"], view["allowsMissingSubprotocol"]) == ("by the gate", None, True)
    assert admin.patch("/charge-points/CP001", {}).json == view
    assert admin.get("/charge-points/CP001").json == view
    assert admin.patch("/charge-points/CP001", {"id": "CP2"}).fields.keys() == {"id"}
    assert admin.patch("/charge-points/CP002", {}).status == 404


def test_a_charge_point_deleted_meanwhile_is_not_brought_back(
    csms: Runtime, admin: LambdaOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.post("/charge-points", {"id": "CP001"})
    charge_point = csms.store.charge_points.find("CP001")
    csms.store.charge_points.delete(ChargePointId("CP001"))
    monkeypatch.setattr(csms.store.charge_points, "find", lambda identity: charge_point)
    assert admin.patch("/charge-points/CP001", {"site": "x"}).status == 404
    assert admin.post("/charge-points/CP001/credentials").status == 409


def test_a_rejected_station_hears_so_at_its_next_boot(
    csms: Runtime, admin: LambdaOperator, station: LambdaStation
) -> None:
    boot = {"chargePointVendor": "Vendor", "chargePointModel": "Model", "firmwareVersion": "1.2"}
    assert station.result("BootNotification", boot)["status"] == "Accepted"
    csms.sessions.forget(ConnectionId(station.connection_id))

    assert admin.put("/charge-points/CP001/registration", {"status": "Rejected"}).json["registration"] == "Rejected"

    station.wait(minutes=2)
    assert station.result("BootNotification", boot)["status"] == "Rejected"
    view = admin.get("/charge-points/CP001").json
    assert view["boot"]["chargePointModel"] == "Model"
    assert view["boot"]["firmwareVersion"] == "1.2"


def test_rejecting_a_station_closes_its_connection(
    csms: Runtime, admin: LambdaOperator, station: LambdaStation, closed: list[str]
) -> None:
    for status in ("Pending", "Accepted"):
        admin.put("/charge-points/CP001/registration", {"status": status})
    assert closed == []

    admin.put("/charge-points/CP001/registration", {"status": "Rejected"})

    assert closed == [station.connection_id]
    station.connection_id = ""
    station.wait(seconds=1)
    assert station.connect()["statusCode"] == 200
    assert station.error_code("Heartbeat", {}) == "SecurityError"


def test_online_is_connected_and_not_silent_for_long(
    csms: Runtime, admin: LambdaOperator, station: LambdaStation
) -> None:
    admin.now = station.now
    assert admin.get("/charge-points/CP001").json["online"] is True
    assert admin.get("/charge-points").json["items"][0]["online"] is True
    station.wait(minutes=16)
    admin.now = station.now
    assert admin.get("/charge-points/CP001").json["online"] is False
    station.result("Heartbeat", {})
    assert admin.get("/charge-points/CP001").json["online"] is True
    station.disconnect()
    assert admin.get("/charge-points/CP001").json["online"] is False


def test_a_list_comes_in_pages_and_misses_nothing(csms: Runtime, admin: LambdaOperator) -> None:
    identities = {f"CP{number:03}" for number in range(23)}
    for identity in identities:
        admin.post("/charge-points", {"id": identity, "securityProfile": 0})

    items = admin.items("/charge-points", limit=5)

    assert sorted(item["id"] for item in items) == sorted(identities)
    assert len(admin.get("/charge-points", limit=5).json["items"]) == 5


def test_a_deleted_charge_point_is_disconnected_and_what_it_charged_stays(
    csms: Runtime, admin: LambdaOperator, station: LambdaStation, closed: list[str]
) -> None:
    number = station.start()["transactionId"]
    assert admin.delete("/charge-points/CP001").status == 409
    station.stop(number)

    assert admin.delete("/charge-points/CP001").status == 204

    assert closed == [station.connection_id]
    assert admin.get("/charge-points/CP001").status == 404
    assert admin.delete("/charge-points/CP001").status == 404
    assert admin.get(f"/transactions/CP001/{number}").json["energyWh"] == 4000
    assert created(admin.post("/charge-points", {"id": "cp001"}))["id"] == "cp001"


def test_force_deletes_a_charge_point_that_is_charging(
    csms: Runtime, admin: LambdaOperator, station: LambdaStation, closed: list[str]
) -> None:
    station.start()
    assert admin.delete("/charge-points/CP001", force="true").status == 204


def test_rotation_accepts_the_previous_password_until_the_next_one(csms: Runtime, admin: LambdaOperator) -> None:
    first = created(admin.post("/charge-points", {"id": "CP001"}))["password"]
    second = admin.post("/charge-points/CP001/credentials").json["password"]
    assert admits(first)
    assert admits(second)

    assert admin.post("/charge-points/CP001/credentials", {"password": SECRET}).json["password"] is None

    assert not admits(first)
    assert admits(second)
    assert admits(SECRET.encode().hex())

    third = admin.post("/charge-points/CP001/credentials", {"keepPrevious": False}).json
    assert third["keepsPrevious"] is False
    assert not admits(SECRET.encode().hex())
    assert admits(third["password"])


@pytest.mark.parametrize("keeps", [True, False])
def test_a_password_given_by_hand_is_not_undone_by_one_that_the_station_was_told_before(
    csms: Runtime, admin: LambdaOperator, keeps: bool
) -> None:
    told = "0f" * 16
    first = created(admin.post("/charge-points", {"id": "CP001"}))["password"]
    password_change.begin(csms.store, CP001, TOLD, told)
    by_hand = admin.post("/charge-points/CP001/credentials", {"keepPrevious": keeps}).json["password"]

    assert [admits(each) for each in (told, first)] == [keeps, keeps]

    password_change.complete(csms.store, CP001, TOLD)
    assert admits(by_hand)


def test_of_two_rotations_at_once_one_is_told_so(
    csms: Runtime, admin: LambdaOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.post("/charge-points", {"id": "CP001"})
    stale = csms.store.charge_points.find("CP001")
    assert admin.post("/charge-points/CP001/credentials").status == 200
    monkeypatch.setattr(csms.store.charge_points, "find", lambda identity: stale)
    assert admin.post("/charge-points/CP001/credentials").status == 409


def test_a_station_that_needs_no_password_gets_none(csms: Runtime, admin: LambdaOperator) -> None:
    admin.post("/charge-points", {"id": "CP001", "securityProfile": 0})
    for body in (None, {"password": SECRET}):
        answer = admin.post("/charge-points/CP001/credentials", body)
        assert answer.status == 409
        assert "security profile 0" in answer.json["detail"]
    assert admin.get("/charge-points/CP001").json["hasPassword"] is False


def test_no_secret_is_logged(csms: Runtime, admin: LambdaOperator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "csms")
    made = created(admin.post("/charge-points", {"id": "CP001"}))["password"]
    admin.post("/charge-points/CP001/credentials", {"password": SECRET})
    logged = "".join(str(vars(record)) for record in caplog.records if record.name.startswith("csms"))
    assert "credentials rotated" in logged
    assert SECRET not in logged
    assert str(made) not in logged


def admits(password: object) -> bool:
    assert isinstance(password, str)
    return bool(LambdaStation().connect(password=bytes.fromhex(password))["statusCode"] != 401)
