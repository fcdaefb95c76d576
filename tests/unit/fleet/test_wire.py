from collections.abc import Sequence

from local.fleet.report import Recorder
from local.fleet.wire import StopwatchSocket


class Socket:
    def __init__(self, frames: Sequence[str]) -> None:
        self._frames = iter(frames)

    async def send(self, message: str, /) -> None:
        """Go nowhere."""

    async def recv(self) -> str:
        return next(self._frames)


async def test_answers_are_matched_to_calls_by_id() -> None:
    recorder = Recorder()
    socket = StopwatchSocket(Socket(['[3,"b",{}]', '[4, "a", "InternalError", "", {}]']), recorder)
    await socket.send('[2,"a","Heartbeat",{}]')
    await socket.send('[2,"b","Authorize",{"idTag":"[3,"}]')
    await socket.recv()
    await socket.recv()
    assert list(recorder.times_ms) == ["Authorize"]
    assert dict(recorder.errors) == {"CALLERROR InternalError": 1}
    assert recorder.failed["Heartbeat"] == 1


async def test_a_frame_that_is_not_ocpp_is_an_error() -> None:
    recorder = Recorder()
    await StopwatchSocket(Socket(['{"message":"Internal server error"}']), recorder).recv()
    assert dict(recorder.errors) == {"frame that is not OCPP": 1}


async def test_a_call_without_an_answer_counts_when_the_connection_is_over() -> None:
    recorder = Recorder()
    socket = StopwatchSocket(Socket([]), recorder)
    await socket.send('[2,"a","Heartbeat",{}]')
    socket.give_up()
    assert recorder.failed["Heartbeat"] == 1
    assert dict(recorder.errors) == {"no answer": 1}
