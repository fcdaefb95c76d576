"""What follows the end of a call, when the process that ended it died: repeated from the table's stream."""

from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer

import finish_calls.handler
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store import keys
from csms.store.calls import Call, CallState, Outcome
from csms.store.links import Flight
from csms.v16.operations import Settled, operations
from tests.called_station import CalledStation

ENDED = Outcome(CallState.ACCEPTED, "Accepted", {"status": "Accepted"})


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[Settled]:
    """The ends of ClearCache calls whose effects were applied; a call with the reason "broken" cannot be."""
    ends: list[Settled] = []

    def apply(request: Any, response: Any, settled: Settled) -> None:
        if settled.call.status == "broken":
            raise RuntimeError("broken")
        ends.append(settled)

    monkeypatch.setattr(operations()["ClearCache"], "_apply", apply)
    return ends


def change(call: Call, number: int = 1) -> dict[str, Any]:
    key = keys.call(call.charge_point_id, call.id)
    image = {"charge_point_id": call.charge_point_id, "call_id": call.id, "state": "accepted"}
    write = TypeSerializer().serialize
    return {
        "eventID": str(number),
        "eventName": "MODIFY",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "ApproximateCreationDateTime": 1772712000,
            "Keys": {"PK": write(key.partition), "SK": write(key.sort)},
            "NewImage": {name: write(value) for name, value in image.items()},
            "SequenceNumber": str(number),
        },
    }


def finish(*records: dict[str, Any]) -> list[str]:
    """Hand the records over; the numbers of those that failed."""
    answer = finish_calls.handler.lambda_handler({"Records": list(records)}, None)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def ended_by_a_dying_process(csms: Runtime, called: CalledStation, outcome: Outcome = ENDED) -> Call:
    call = called.is_called("ClearCache")
    ended = csms.store.calls.end_sent(call, outcome, called.now, is_last=False)
    assert ended is not None
    assert ended.answer_by is not None
    csms.store.links.land(call.charge_point_id, Flight(call.id, ended.attempt, ended.answer_by))
    return ended


def test_the_effects_are_made_up_for_once(csms: Runtime, called: CalledStation, applied: list[Settled]) -> None:
    call = ended_by_a_dying_process(csms, called)
    assert finish(change(call)) == []
    assert called.stored(call).has_effects_done
    assert finish(change(call)) == []
    assert [settled.call.id for settled in applied] == [call.id]


def test_what_the_settling_process_did_itself_is_not_done_again(called: CalledStation, applied: list[Settled]) -> None:
    call = called.is_called("ClearCache")
    called.reply({"status": "Accepted"})
    assert finish(change(call)) == []
    assert len(applied) == 1


def test_one_that_fails_is_named_and_the_others_are_finished(
    csms: Runtime, called: CalledStation, applied: list[Settled]
) -> None:
    broken = ended_by_a_dying_process(csms, called, Outcome(CallState.FAILED, "broken"))
    good = ended_by_a_dying_process(csms, called)
    assert finish(change(broken, 1), change(good, 2)) == ["1"]
    assert [settled.call.id for settled in applied] == [good.id]


def test_a_call_that_was_deleted_since_is_passed_over(csms: Runtime, called: CalledStation) -> None:
    call = ended_by_a_dying_process(csms, called)
    nobody = change(call)
    nobody["dynamodb"]["NewImage"]["charge_point_id"]["S"] = ChargePointId("NOBODY")
    assert finish(nobody) == []
