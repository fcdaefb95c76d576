import asyncio
import socket

import pytest

from local.errors import StackError
from local.listener import Listener


def test_a_taken_port_is_named_with_the_variable_that_moves_it() -> None:
    with Listener("OCPP_PORT", 0).bind() as first:
        port = first.getsockname()[1]
        with pytest.raises(StackError, match=rf"port {port} is not free .* OCPP_PORT="):
            Listener("OCPP_PORT", port).bind()


def test_everything_listens_on_loopback_only() -> None:
    with Listener("OCPP_PORT", 0).bind() as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


def test_the_environment_moves_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCPP_PORT", "9100")
    assert Listener("OCPP_PORT", 9000).from_environment().port == 9100
    monkeypatch.setenv("OCPP_PORT", "")
    assert Listener("OCPP_PORT", 9000).from_environment().port == 9000


@pytest.mark.parametrize("text", ["ocpp", "-1", "65536", "9000.0", "٩"])
def test_what_is_no_port_is_said(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("OCPP_PORT", text)
    with pytest.raises(StackError, match=r"OCPP_PORT=.* is not a port"):
        Listener("OCPP_PORT", 9000).from_environment()


async def test_what_is_sent_in_two_parts_waits_for_no_acknowledgement() -> None:
    seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listening = Listener("OCPP_PORT", 0).bind()
    async with await asyncio.start_server(connected, sock=listening):
        _, writer = await asyncio.open_connection(*listening.getsockname())
        assert await seen
        writer.close()
