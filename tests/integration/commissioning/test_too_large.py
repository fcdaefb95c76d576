"""A station whose message was larger than the platform takes."""

from typing import Any

import disconnect.handler
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.charge_points import Quirk
from tests.called_station import CalledStation
from tests.lambda_operator import LambdaOperator, claims_of
from tests.lambda_station import event

NOTICES = "/charge-points/CP001/notices"


def is_cut_off(called: CalledStation, code: int) -> None:
    closed = called._in_context(event("disconnect"))
    closed["requestContext"] |= {"disconnectStatusCode": code, "disconnectReason": "Message too big"}
    disconnect.handler.lambda_handler(closed, None)


def notices() -> Any:
    return [item["details"] for item in LambdaOperator(claims_of("read")).items(NOTICES)]


def test_the_operator_learns_what_helps(called: CalledStation) -> None:
    is_cut_off(called, 1009)
    (notice,) = notices()
    assert "StopTxnSampledData" in notice["fix"]
    assert "callInFlight" not in notice


def test_an_answer_that_was_too_large_is_named(csms: Runtime, called: CalledStation) -> None:
    called.is_called("GetConfiguration")
    is_cut_off(called, 1009)
    (notice,) = notices()
    assert notice["callInFlight"] == "GetConfiguration"
    assert "readsConfigurationInBatches" in notice["fix"]
    found = csms.store.charge_points.get(ChargePointId("CP001"))
    assert found is not None
    assert found.quirks == {Quirk.READS_IN_BATCHES: True}


def test_any_other_close_is_nothing_to_notice(called: CalledStation) -> None:
    is_cut_off(called, 1001)
    assert notices() == []
