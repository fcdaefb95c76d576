import pytest

from csms.v16.exchange import Exchange
from csms.v16.payload import Payload
from csms.v16.registry import actions, answers
from tests.schemas import schema


def test_every_action_a_charge_point_may_send_is_answered() -> None:
    assert set(actions()) == {
        "Authorize",
        "BootNotification",
        "DataTransfer",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "SecurityEventNotification",
        "SignCertificate",
        "SignedFirmwareStatusNotification",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
    }


def test_a_second_function_for_an_action_is_an_error() -> None:
    class Request(Payload):
        """Any."""

    def answer(request: Request, exchange: Exchange) -> Payload:
        return request

    actions()
    with pytest.raises(ValueError, match=r"Heartbeat is answered by csms\.v16\.messages\.heartbeat already"):
        answers("Heartbeat", Request)(answer)


@pytest.mark.parametrize("action", actions())
def test_a_request_model_has_the_fields_of_the_official_schema(action: str) -> None:
    official = schema(action)
    model = actions()[action].request
    names = {field.alias or name for name, field in model.model_fields.items()}
    assert names == set(official.get("properties", {}))
