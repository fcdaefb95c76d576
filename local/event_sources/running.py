"""Runs event sources until the stack stops."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

_PATIENCE_S: Final = 1.0
_logger = logging.getLogger(__name__)


class Source(Protocol):
    """Something that runs a function."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Run the function whenever there is reason to, until told to stop; then finish what is under way."""


@contextlib.asynccontextmanager
async def running(sources: Sequence[Source]) -> AsyncIterator["asyncio.Task[None]"]:
    """Run the sources; the task ends by itself only if one of them breaks. Leaving waits for what is under way."""
    stopping = asyncio.Event()
    task = asyncio.create_task(_run_all(sources, stopping))
    try:
        yield task
    finally:
        stopping.set()
        await task


async def repeat(turn: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
    """Take turns until told to stop; after one that found AWS not answering, a pause."""
    while not stopping.is_set():
        try:
            await turn()
        except (BotoCoreError, ClientError) as error:
            _logger.warning("the embedded AWS does not answer: %s", error)
            await pause(stopping, _PATIENCE_S)


async def pause(stopping: asyncio.Event, seconds: float) -> None:
    """Wait, but not longer than until told to stop."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopping.wait()


async def _run_all(sources: Sequence[Source], stopping: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as tasks:
        for source in sources:
            tasks.create_task(source.run(stopping))
