"""The Central System calls a station: over the queue, the stream and the clock that `make run` starts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from csms.calls import Order
from csms.ids import ChargePointId
from csms.ocpp.json_types import JsonObject
from csms.runtime import runtime
from csms.store.calls import Call, CallState, Outcome
from csms.v16.operations import operations
from local.listener import Listener
from local.settings import StackSettings
from local.stack import LocalStack
from tests.station import Station

SOFT: JsonObject = {"type": "Soft"}
EVENTUALLY_S = 20


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second to post a call, and five that the engine keeps for a post under way."""
    monkeypatch.setenv("CALL_TIMEOUT_S", "6")


@asynccontextmanager
async def stack_here(directory: Path) -> AsyncIterator[LocalStack]:
    """The stack in this process, so that a test can place calls where no API does."""
    ocpp, api, aws = (Listener(name, 0) for name in ("OCPP_PORT", "API_PORT", "AWS_PORT"))
    async with LocalStack(StackSettings(ocpp, api, aws, directory)) as stack:
        yield stack


@pytest.fixture
async def station(tmp_path: Path) -> AsyncIterator[Station]:
    """Connected and, having been answered once, ready to be called."""
    async with stack_here(tmp_path) as stack, Station.connected(stack.ocpp_url, "CALLED") as connected:
        await connected.call("Heartbeat")
        yield connected


async def placed(action: str, payload: JsonObject | None = None, lifetime: timedelta | None = None) -> Call:
    wanted = Order(ChargePointId("CALLED"), action, payload or {}, requested_by="operator", lifetime=lifetime)
    return await asyncio.to_thread(runtime().calls.place, wanted)


async def stored(call: Call) -> Call:
    found = await asyncio.to_thread(runtime().store.calls.get, call.charge_point_id, call.id)
    assert found is not None
    return found


async def eventually(call: Call, is_so: Callable[[Call], bool]) -> Call:
    """The call when it is as expected: other processes change it, and tell nobody."""
    async with asyncio.timeout(EVENTUALLY_S):
        while not is_so(found := await stored(call)):
            await asyncio.sleep(0.05)
    return found


async def test_a_station_is_called_answers_and_is_called_again(station: Station) -> None:
    first, second = await placed("ClearCache"), await placed("Reset", SOFT)
    await station.answer(await station.next_call("ClearCache"), {"status": "Accepted"})
    await station.answer(await station.next_call("Reset"), {"status": "Rejected"})
    await eventually(first, lambda call: call.state is CallState.ACCEPTED)
    await eventually(second, lambda call: call.state is CallState.REJECTED)
    station.assert_clean()


async def test_a_silent_station_is_given_up_at_the_deadline_and_called_again(station: Station) -> None:
    silent, following = await placed("Reset", SOFT), await placed("ClearCache")
    unanswered = await station.next_call("Reset")
    await station.answer(await station.next_call("ClearCache"), {"status": "Accepted"})
    assert (await stored(silent)).state is CallState.TIMED_OUT
    await station.answer(unanswered, {"status": "Accepted"})
    late = await eventually(silent, lambda call: call.late_response is not None)
    assert late.state is CallState.TIMED_OUT
    await eventually(following, lambda call: call.state is CallState.ACCEPTED)


async def test_what_follows_the_end_of_a_call_is_made_up_for_when_the_process_that_ended_it_died(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied: list[CallState] = []
    monkeypatch.setattr(
        operations()["ClearCache"], "_apply", lambda request, response, settled: applied.append(settled.call.state)
    )
    call = await placed("ClearCache")
    await station.next_call("ClearCache")
    ended = Outcome(CallState.ACCEPTED, "Accepted", {"status": "Accepted"})
    await asyncio.to_thread(lambda: runtime().store.calls.end_sent(call, ended, call.created_at, is_last=False))
    assert applied == []
    await eventually(call, lambda call: call.has_effects_done)
    assert applied == [CallState.ACCEPTED]


async def test_what_fell_due_while_nothing_ran_is_swept_at_the_start(tmp_path: Path) -> None:
    async with stack_here(tmp_path) as stack:
        async with Station.connected(stack.ocpp_url, "CALLED") as away:
            await away.call("Heartbeat")
        await eventually_offline()
        call = await placed("ClearCache", lifetime=timedelta())
    async with stack_here(tmp_path):
        await eventually(call, lambda call: call.state is CallState.EXPIRED)


async def eventually_offline() -> None:
    async with asyncio.timeout(EVENTUALLY_S):
        while (link := runtime().store.links.get(ChargePointId("CALLED"))) and link.connection_id:
            await asyncio.sleep(0.05)


async def test_a_password_that_waits_is_kept_encrypted_and_goes_out_as_it_was(station: Station) -> None:
    change: JsonObject = {"key": "AuthorizationKey", "value": "00112233445566778899aabbccddeeff"}
    await placed("ClearCache")
    waiting = await stored(await placed("ChangeConfiguration", change))
    assert waiting.payload == change | {"value": "***"}
    assert waiting.secret is not None
    await station.answer(await station.next_call("ClearCache"), {"status": "Accepted"})
    sent = await station.next_call("ChangeConfiguration")
    assert sent.payload == change
    await station.answer(sent, {"status": "Accepted"})
    ended = await eventually(waiting, lambda call: call.state is CallState.ACCEPTED)
    assert ended.secret is None
