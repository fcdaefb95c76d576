"""A loopback port and the environment variable that moves it."""

import os
import socket
from dataclasses import dataclass, replace
from typing import Final

from local.errors import StackError

HOST: Final = "127.0.0.1"


@dataclass(frozen=True)
class Listener:
    """Where something will listen. Port 0 stands for any free port."""

    variable: str
    port: int

    def from_environment(self) -> "Listener":
        """With the port that the variable names, if it is set.

        Raises:
            StackError: the variable holds no port.
        """
        text = os.environ.get(self.variable)
        if not text:
            return self
        if not text.isascii() or not text.isdigit() or int(text) > 65535:
            raise StackError(f"{self.variable}={text} is not a port")
        return replace(self, port=int(text))

    def bind(self) -> socket.socket:
        """A bound socket, so that nobody can take the port between the check and its use.

        Raises:
            StackError: the port is taken or may not be used.
        """
        # Only where the protocol is named asyncio sends without delay (TCP_NODELAY): else the second part of an answer
        # waits until the first is acknowledged, 40 ms.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, self.port))
            listening.listen(2048)
        except OSError as error:
            listening.close()
            raise StackError(
                f"port {self.port} is not free ({error.strerror}): "
                f"stop what listens there or choose another with {self.variable}=..."
            ) from error
        return listening
