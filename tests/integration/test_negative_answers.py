"""Negative conformance: every answer to a call of ours, every field of it broken in every way, into the function."""

import logging
from collections.abc import Callable
from typing import Any, Final

import pytest

from csms.redaction import redact
from csms.store.calls import Call
from csms.v16.operations import operations
from tests.called_station import CalledStation
from tests.negative.expected_ends import fault_of
from tests.negative.frames import CALL_ERROR, error_text, result_text
from tests.negative.samples import counted
from tests.negative.variants import ABSENT, full_payload, variants
from tests.schemas import schema, validator

KNOWN: Final[dict[str, Any]] = {
    "location": "ftp://files.example.com/x",
    "chargingProfilePurpose": "TxDefaultProfile",
    "type": "Hard",
}
"""For payloads of ours that the rules accept."""


@pytest.mark.parametrize("action", operations())
def test_each_wrong_answer_ends_its_call_and_frees_the_way_for_the_next(
    called: CalledStation,
    action: str,
    record_property: Callable[[str, object], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    request, official = full_payload(schema(action), KNOWN), schema(f"{action}Response")
    wrong_answers = list(variants(official, full_payload(official, {})))
    record_property("negative", {f"{action}.conf": counted(wrong_answers)})
    faults: list[str] = []
    for variant in wrong_answers:
        call = placed(called, action, request)
        wrong = variant.at(called.timestamp(), transaction_id=0)
        assert called.send(result_text(call.id, wrong)) is None
        ended = called.stored(call)
        faults += filter(None, [fault_of(action, variant, ended.state)])
        if ended.response != redact(None if wrong is ABSENT else wrong):
            faults.append(f"{variant}: not kept as it came")
        if not ended.is_flagged and not validator(f"{action}Response").is_valid(None if wrong is ABSENT else wrong):
            faults.append(f"{variant}: not flagged")
    assert faults == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    called.result("Heartbeat", {})


def test_each_wrong_callerror_ends_its_call_and_frees_the_way_for_the_next(
    called: CalledStation, record_property: Callable[[str, object], None], caplog: pytest.LogCaptureFixture
) -> None:
    wrong_errors = list(variants(CALL_ERROR, full_payload(CALL_ERROR, {})))
    record_property("negative", {"CALLERROR": counted(wrong_errors)})
    for variant in wrong_errors:
        call = placed(called, "ClearCache", {})
        assert called.send(error_text(call.id, variant.payload)) is None
        assert called.stored(call).state == "failed", variant
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    called.result("Heartbeat", {})


def placed(called: CalledStation, action: str, request: dict[str, Any]) -> Call:
    """Place a call, which goes out at once: whatever followed from the one before has been answered."""
    called.posted.clear()
    call = called.is_called(action, request, is_forced=True)
    assert [frame[1:3] for frame in called.posted] == [[call.id, action]]
    return call
