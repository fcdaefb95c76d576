"""Negative conformance over the wire: of each kind of fault one, from a station on its WebSocket.

That is of each message, and of the answers to some operations. All there are go straight into the function in
`tests/integration/test_negative_calls.py` and `test_negative_answers.py`.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from csms.v16.registry import actions
from tests.conformance.operator_client import Operator
from tests.conformance.states import CONNECTOR, reach_charging
from tests.negative.expected import CHARGE_DATA, fault_in
from tests.negative.expected_ends import fault_of
from tests.negative.samples import ANSWERS_OVER_THE_WIRE, counted, sample
from tests.negative.variants import Variant
from tests.schemas import schema
from tests.stack import Stack
from tests.station import CallError, Payload, Station, timestamp

REQUESTS: Final[dict[str, Payload]] = {"GetCompositeSchedule": {"connectorId": CONNECTOR, "duration": 60}}
Record = Callable[[str, object], None]


@pytest.fixture(autouse=True)
def _no_failures(stack: Stack) -> Iterator[None]:
    """Nothing goes wrong inside."""
    before = len(stack.log.read_text())
    yield
    said = stack.log.read_text()[before:]
    assert "Traceback" not in said
    assert '"level":"ERROR"' not in said


async def test_wrong_calls_are_answered_as_specified_on_a_connection_that_stays_and_charge_data_is_kept(
    booted: Station, identity: str, operator: Operator, id_tag: str, record_property: Record
) -> None:
    wrong = {action: sample(schema(action)) for action in actions()}
    record_property("negative", {action: counted(variants) for action, variants in wrong.items()})
    faults = []
    for action, variant in [(action, variant) for action, variants in wrong.items() for variant in variants]:
        running = await reach_charging(booted, id_tag, datetime.now(UTC)) if action in CHARGE_DATA else None
        transaction_id = running.transaction_id if running else 0
        payload = variant.at(timestamp(), transaction_id=transaction_id)
        answer = await answer_to(booted, action, payload)
        fault = fault_in(action, variant, answer)
        if fault is None and running and not is_kept(operator, identity, transaction_id, action, payload, answer):
            fault = f"{variant}: lost"
        faults += [f"{action}, {fault}"] if fault else []
    assert faults == []
    await booted.call("Heartbeat")


async def answer_to(station: Station, action: str, payload: Any) -> list[Any]:
    """The frame that answers a CALL."""
    try:
        return [3, "", await station.call_unchecked(action, payload)]
    except CallError as error:
        return [4, "", error.code, error.description, error.details]


def is_kept(
    operator: Operator, identity: str, transaction_id: int, action: str, payload: Any, answer: list[Any]
) -> bool:
    """Whether an operator finds the charge data: among the orphans, or where it belongs."""
    if payload in [orphan["payload"] for orphan in operator.orphans(identity)]:
        return True
    if answer[0] == 4:
        return False
    match action:
        case "StartTransaction":
            return bool(operator.transaction(identity, answer[2]["transactionId"]))
        case "StopTransaction":
            return bool(operator.transaction(identity, transaction_id)["state"] == "stopped")
        case _:
            return operator.has_meter_values(identity, transaction_id)


@pytest.mark.parametrize("action", ANSWERS_OVER_THE_WIRE)
async def test_wrong_answers_end_their_calls_and_free_the_way_for_the_next(
    booted: Station, identity: str, operator: Operator, action: str, record_property: Record
) -> None:
    variants = sample(schema(f"{action}Response"))
    record_property("negative", {f"{action}.conf": counted(variants)})
    faults = [await fault_after(booted, operator, identity, action, variant) for variant in variants]
    assert list(filter(None, faults)) == []
    await booted.call("Heartbeat")


async def fault_after(station: Station, operator: Operator, identity: str, action: str, variant: Variant) -> str | None:
    """What is wrong with how a call ended that was answered like that."""
    telling = asyncio.create_task(asyncio.to_thread(operator.command, identity, action, REQUESTS.get(action, {})))
    call = await station.next_call(action)
    await station.answer_unchecked(call, variant.at(timestamp(), transaction_id=0))
    return fault_of(action, variant, (await telling)["state"])
