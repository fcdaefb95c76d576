"""Transaction-related messages, kept until the Central System has confirmed them (OCPP 1.6 §3.7.1)."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from local.fleet.clock import DayClock
from local.fleet.configuration import Configuration
from local.fleet.network import Network, OfflineError, UnansweredError
from local.fleet.report import Recorder

UNKNOWN_TRANSACTION: Final = -1
"""Sent when StartTransaction was never confirmed (errata 3.18)."""


@dataclass
class Message:
    """A message in the queue."""

    build: Callable[[], object]
    """Makes the payload when it is sent: the transaction id may be unknown until then."""
    confirmed: Callable[[Any], Awaitable[None]]
    attempts: int = 0


class Outbox:
    """A queue that is emptied in order, whenever there is a connection."""

    def __init__(
        self,
        network: Network,
        ready: Callable[[], bool],
        clock: DayClock,
        configuration: Configuration,
        recorder: Recorder,
    ) -> None:
        self._network = network
        self._ready = ready
        self._clock = clock
        self._configuration = configuration
        self._recorder = recorder
        self._messages: deque[Message] = deque()

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: Message) -> None:
        """Add a message behind all others."""
        self._messages.append(message)

    async def drain(self) -> None:
        """Send what is waiting; stops quietly when the connection is lost."""
        while self._messages and self._ready():
            message = self._messages[0]
            try:
                answer = await self._network.ask(message.build())
            except OfflineError:
                return
            except UnansweredError:
                await self._retry_later(message)
                continue
            self._messages.popleft()
            await message.confirmed(answer)

    async def _retry_later(self, message: Message) -> None:
        message.attempts += 1
        if message.attempts >= self._configuration.number("TransactionMessageAttempts"):
            self._messages.popleft()
            self._recorder.errors["transaction message given up"] += 1
            return
        await self._clock.sleep(message.attempts * self._configuration.number("TransactionMessageRetryInterval"))
