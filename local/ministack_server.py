"""The MiniStack child process: serves on an inherited socket until its standard input ends.

The pipe on standard input is the lifeline: MiniStack stops, and saves its state, also when the parent was killed and
could not ask for it. Run by `local.aws`; the argument is the socket's file descriptor. Tests give a second one, for
TLS with a certificate that MiniStack makes for itself.
"""

import asyncio
import sys

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app  # type: ignore[import-untyped]
from ministack.core.tls import resolve_tls_material  # type: ignore[import-untyped]


async def _parent_has_gone() -> None:
    await asyncio.to_thread(sys.stdin.read)


def main(descriptor: int, tls_descriptor: int | None = None) -> None:
    """Serve until the parent closes the pipe."""
    config = Config()
    config.bind = [f"fd://{descriptor}"]
    if tls_descriptor is not None:
        config.insecure_bind, config.bind = config.bind, [f"fd://{tls_descriptor}"]
        config.certfile, config.keyfile = resolve_tls_material()
    config.keep_alive_timeout = 75  # as MiniStack's own entry point has it
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    asyncio.run(serve(app, config, shutdown_trigger=_parent_has_gone))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
