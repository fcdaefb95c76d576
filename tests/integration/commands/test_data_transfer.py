"""DataTransfer to a station: what vendor and operator agreed on."""

import pytest

from csms.runtime import Runtime
from csms.store.calls import CallState
from tests.called_station import CalledStation


@pytest.mark.parametrize(
    ("response", "state"),
    [
        ({"status": "Accepted", "data": "anything"}, CallState.ACCEPTED),
        ({"status": "Accepted", "data": {"not": "text"}}, CallState.ACCEPTED),
        ({"status": "UnknownVendorId"}, CallState.REJECTED),
        ({"status": "UnknownMessageId"}, CallState.REJECTED),
    ],
)
def test_the_answer_is_kept_as_it_came(called: CalledStation, response: dict[str, object], state: CallState) -> None:
    call = called.is_called("DataTransfer", {"vendorId": "com.example", "messageId": "m", "data": "d"})
    called.reply(response)
    assert (called.stored(call).state, called.stored(call).response) == (state, response)


def test_a_secret_in_the_data_goes_out_and_is_not_kept(csms: Runtime, called: CalledStation) -> None:
    data = '{"password":"correct horse"}'
    call = called.is_called("DataTransfer", {"vendorId": "com.example", "data": data})
    assert called.posted[-1][3]["data"] == data
    called.reply({"status": "Accepted", "data": '{"password":"battery staple"}'})
    logged = csms.store.messages.list(call.charge_point_id, called.now, limit=1).messages[0]
    for shown in (str(called.stored(call)), str(logged)):
        assert "correct horse" not in shown
        assert "battery staple" not in shown
