"""The local stack in a process of its own, as `make run` starts it, on ports that are free and with no state."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from tests.permissions import check_seen_elsewhere

ROOT = Path(__file__).parents[1]
READY_WITHIN_S = 60
STOPPED_WITHIN_S = 140
"""Longer than MiniStack may take to write what it has."""
FREE_PORTS = {"OCPP_PORT": "0", "API_PORT": "0", "AWS_PORT": "0"}
UNOBTRUSIVE = {"COMMISSIONING": "false"}
"""Nothing is sent that a test did not ask for."""
SOURCES = os.pathsep.join(str(ROOT / folder) for folder in ("layers/csms/python", "functions", "."))


@dataclass(frozen=True)
class Stack:
    """Where the running stack can be reached."""

    ocpp_url: str
    """For charge points, without the identity."""
    api_url: str
    aws_url: str
    token: str
    log: Path
    """What its functions and it itself say."""
    process_id: int


@contextmanager
def running_stack(directory: Path, *, module: str = "local", **environment: str) -> Iterator[Stack]:
    """Start the stack, wait until it says that it is ready, and stop it as Ctrl-C does.

    Args:
        directory: for its state and its log.
        module: what runs it.
        environment: settings on top of the usual ones.

    Raises:
        AssertionError: it did not start, or not stop cleanly.
    """
    usual = {"LOCAL_DIRECTORY": str(directory / "local"), "PYTHONPATH": SOURCES, **FREE_PORTS, **UNOBTRUSIVE}
    settings = usual | environment
    log = directory / "stack.log"
    with (
        log.open("a") as errors,
        subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            yield _when_ready(process, log)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOPPED_WITHIN_S)
    assert process.returncode == 0, f"the local stack did not stop cleanly:\n{log.read_text()}"


@contextmanager
def watched_stack(directory: Path, **environment: str) -> Iterator[Stack]:
    """The same, its functions held to the permissions they are deployed with.

    Raises:
        AssertionError: as before, or a function made a call that it may not make.
    """
    seen = directory / "aws_calls.json"
    with running_stack(directory, module="tests.watched_stack", SEEN_CALLS=str(seen), **environment) as running:
        yield running
    check_seen_elsewhere(seen)


def _when_ready(process: "subprocess.Popen[str]", log: Path) -> Stack:
    """Read the readiness lines, the last of which is the token."""
    assert process.stdout is not None
    impatience = threading.Timer(READY_WITHIN_S, process.kill)
    impatience.start()
    values: dict[str, str] = {}
    for line in process.stdout:
        if named := re.fullmatch(r"  (\S.*?)  +(\S+)\n", line):
            values[named[1]] = named[2]
        if "token" in values:
            break
    impatience.cancel()
    assert "token" in values, f"the local stack did not start:\n{log.read_text()}"
    # Whatever it prints later must not fill the pipe.
    threading.Thread(target=_append, args=(process.stdout, log), daemon=True).start()
    return Stack(
        ocpp_url=values["charge points"].removesuffix("/{identity}"),
        api_url=values["operator API"],
        aws_url=values["embedded AWS"],
        token=values["token"],
        log=log,
        process_id=process.pid,
    )


def _append(lines: IO[str], log: Path) -> None:
    with log.open("a", buffering=1) as file:
        file.writelines(lines)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all tests of a session; tests keep apart by using charge points and tags of their own."""
    with watched_stack(tmp_path_factory.mktemp("stack"), CALL_SETTLE_S="0") as running:
        yield running
