"""`python -m local`, which is `make run`: the local stack until Ctrl-C. SIGUSR1 cuts every connection at once."""

import asyncio
import contextlib
import signal
import sys

from local.errors import StackError
from local.heap import keep_heap_small
from local.open_files import allow_many_connections
from local.seeds import DEMO_TAGS
from local.settings import StackSettings
from local.stack import LocalStack


async def _run() -> None:
    main_task = asyncio.current_task()
    if main_task is None:
        raise RuntimeError("not in a task")
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)  # a second Ctrl-C does not wait
        print("Stopping: the state is being saved.", flush=True)
        main_task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    allow_many_connections()
    keep_heap_small()
    async with LocalStack(StackSettings.from_environment()) as stack:
        loop.add_signal_handler(signal.SIGUSR1, lambda: loop.create_task(stack.gateway.cut()))
        print(_readiness(stack), flush=True)
        await stack.wait_until_broken()


def _readiness(stack: LocalStack) -> str:
    return f"""
Ready. Ctrl-C stops.

  charge points   {stack.ocpp_url}/{{identity}}
  raw API         {stack.callback_url.replace("http", "ws", 1)}?cp={{identity}}
  operator API    {stack.api_url}
  API docs        {stack.api_url}/docs
  embedded AWS    {stack.aws_url}
  token file      {stack.token_file}
  token           {stack.token}
  demo id tags    {" ".join(tag.id_tag for tag in DEMO_TAGS)}
"""


def main() -> int:
    """Run until stopped; the exit code."""
    try:
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(_run())
    except KeyboardInterrupt:
        return 130
    except StackError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
