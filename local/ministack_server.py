"""The MiniStack child process: serves on an inherited socket until its standard input ends.

The pipe on standard input is the lifeline: MiniStack stops, and saves its state, also when the parent was killed and
could not ask for it. Run by `local.aws`; the one argument is the socket's file descriptor.
"""

import asyncio
import sys

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app  # type: ignore[import-untyped]


async def _parent_has_gone() -> None:
    await asyncio.to_thread(sys.stdin.read)


def main(descriptor: int) -> None:
    """Serve until the parent closes the pipe."""
    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.keep_alive_timeout = 75  # as MiniStack's own entry point has it
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    asyncio.run(serve(app, config, shutdown_trigger=_parent_has_gone))


if __name__ == "__main__":
    main(int(sys.argv[1]))
