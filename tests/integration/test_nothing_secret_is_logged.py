"""A whole life with marked secrets, also where things fail: none of them is in a log line."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

import message.handler
from csms.ids import ChargePointId
from csms.log import configure_logging
from csms.runtime import Runtime
from csms.store.table import Table
from tests.called_station import CalledStation
from tests.lambda_operator import LambdaOperator, claims_of
from tests.lambda_station import LambdaStation, event

MARK = "XyZZy"
PASSWORD = f"{MARK}-old-password!"
NEXT_PASSWORD = f"{MARK}-new-password!"
WRONG_PASSWORD = f"{MARK}-bad-password!"
TAG = f"{MARK}TAG"
URL = f"ftp://user:{MARK}@files.example/firmware.bin?token={MARK}"
ADMIN = claims_of("read", "operate", "admin", username="ada")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Every line of the product, down to DEBUG."""
    handler = configure_logging().registered_handler
    assert isinstance(handler, logging.StreamHandler)
    logger, text = logging.getLogger("csms"), io.StringIO()
    level, stream = logger.level, handler.setStream(text)
    logger.setLevel(logging.DEBUG)
    yield text
    logger.setLevel(level)
    handler.setStream(stream or handler.stream)


def said(log: io.StringIO) -> list[dict[str, Any]]:
    assert MARK.lower() not in log.getvalue().lower()
    assert MARK.encode().hex() not in log.getvalue().lower()
    return [json.loads(line) for line in log.getvalue().splitlines()]


def live(called: CalledStation, operator: LambdaOperator) -> None:
    """Everything secret there is, said by the station, by us and by operators, in good and in bad form."""
    operator.post("/id-tags", {"idTag": TAG})
    operator.patch(f"/id-tags/{TAG}?propagate=true", {"status": "Blocked"})
    operator.get(f"/id-tags/{TAG}X")
    operator.get(f"/f/{MARK}{MARK}{MARK}/firmware.bin")
    operator.send("POST", "/id-tags", body=f'{{"idTag": {{"{MARK}": "{MARK}"}}}}')
    called.call("Authorize", {"idTag": TAG})
    called.call("Authorize", {"idTag": {"tag": TAG}})
    called.call("StartTransaction", {"connectorId": 1, "idTag": TAG, "meterStart": 0, "timestamp": called.timestamp()})
    called.call("StartTransaction", {"connectorId": 1, "idTag": TAG, "meterStart": MARK, "timestamp": MARK})
    called.call("StopTransaction", {"transactionId": -1, "idTag": TAG, "meterStop": 5, "timestamp": called.timestamp()})
    called.call("DataTransfer", {"vendorId": "Acme", "data": f'{{"password":"{MARK}"}}'})
    called.call("SecurityEventNotification", {"type": MARK, "timestamp": called.timestamp(), "techInfo": URL})
    called.call("StatusNotification", {"connectorId": MARK, "errorCode": MARK, "status": MARK, "info": URL})
    for text in (MARK, f'[2,"{MARK}",{{"password":"{MARK}"}}]', f'[9,"1","{MARK}"]', f'[3,"{MARK}",{{"x":"{MARK}"}}]'):
        called.send(text)
    commands: dict[str, dict[str, Any]] = {
        "ChangeConfiguration": {"key": "AuthorizationKey", "value": NEXT_PASSWORD},
        "RemoteStartTransaction": {"idTag": TAG},
        "SendLocalList": {"updateType": "Full", "localAuthorizationList": [{"idTag": TAG}]},
        "ReserveNow": {"connectorId": 1, "idTag": TAG, "expiryDate": "2026-03-06T00:00:00Z"},
        "UpdateFirmware": {"location": URL, "retrieveDate": "2026-03-06T00:00:00Z"},
        "GetDiagnostics": {"location": URL},
        "DataTransfer": {"vendorId": "Acme", "data": f"secret={MARK}"},
    }
    for action, payload in commands.items():
        operator.post(f"/charge-points/{called.identity}/commands/{action}?force=true", payload)
        operator.post(f"/charge-points/{called.identity}/commands/{action}", payload | {MARK: MARK})
        if called.posted:
            called.send(json.dumps([4, called.posted[-1][1], "GenericError", MARK, {"password": MARK}]))
            called.posted.clear()
        called.wait(seconds=2)
        called.run_wakes()


def test_of_a_whole_life(csms: Runtime, called: CalledStation, log: io.StringIO) -> None:
    live(called, LambdaOperator(ADMIN, now=called.now))
    assert {line["message"] for line in said(log)} >= {"an answer to nothing we asked"}
    calls = csms.store.calls.list(ChargePointId(called.identity), limit=20).calls
    assert {"ChangeConfiguration", "RemoteStartTransaction", "UpdateFirmware"} <= {call.action for call in calls}
    assert csms.store.id_tags.get(TAG) is not None


def test_where_the_table_fails(
    csms: Runtime, called: CalledStation, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Table, operation: str, **__: Any) -> Any:
        raise ClientError({"Error": {"Code": "ValidationException", "Message": "no"}}, operation)

    with monkeypatch.context() as broken:
        for part in ("put", "update", "query"):
            broken.setattr(Table, part, lambda self, *_, **__: fail(self, "PutItem"))
        live(called, LambdaOperator(ADMIN, now=called.now))
    lines = said(log)
    assert {"a frame could not be processed", "a request failed"} <= {line["message"] for line in lines}
    assert all(line["exception_name"] for line in lines if line["level"] == "ERROR")


def test_of_passwords_that_come_with_a_connection(
    csms: Runtime, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = LambdaOperator(ADMIN)
    created = {"id": "SECURE", "securityProfile": 1, "password": PASSWORD}
    assert operator.post("/charge-points", created).status == 201
    secure = LambdaStation("SECURE")
    assert secure.connect(password=WRONG_PASSWORD.encode())["statusCode"] == 401
    assert secure.connect(password=PASSWORD.encode())["statusCode"] == 200
    monkeypatch.setattr(csms.store.links, "take", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        secure.connect(password=PASSWORD.encode())
    assert any(line["message"].startswith("connection refused") for line in said(log))
    assert csms.store.charge_points.get(ChargePointId("SECURE")) is not None


def test_an_error_that_quotes_its_input_is_not_repeated(
    csms: Runtime, station: LambdaStation, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def misread(*_: Any, **__: Any) -> Any:
        type(csms.settings).model_validate({"table_name": [MARK]})

    monkeypatch.setattr(csms.store.history, "record", misread)
    station.call("FirmwareStatusNotification", {"status": "Idle"})
    (failed,) = [line for line in said(log) if line["level"] == "ERROR"]
    assert failed["exception_name"] == "ValidationError"


def test_every_line_names_its_invocation(station: LambdaStation, log: io.StringIO) -> None:
    class Context:
        function_name = "csms-message"
        aws_request_id = "request-1"

    sent = station._in_context(event("message")) | {"body": "garbage"}
    message.handler.lambda_handler(sent, Context())
    (line,) = said(log)
    assert (line["function_name"], line["function_request_id"]) == ("csms-message", "request-1")
    assert line["service"] == "csms"
