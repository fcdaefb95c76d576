"""The embedded AWS services: MiniStack as a child process on loopback, its state under the stack's directory."""

import asyncio
import http.client
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from infra.workflow import FUNCTIONS_BY_PLACEHOLDER
from local.environment import CREDENTIALS
from local.errors import StackError
from local.listener import HOST, Listener

SERVICES: Final = ("dynamodb", "dynamodbstreams", "events", "kms", "lambda", "s3", "sqs", "stepfunctions")
_START_TIMEOUT_S: Final = 30
_STOP_TIMEOUT_S: Final = 120
"""A day of a few hundred stations takes MiniStack several seconds to write."""


class EmbeddedAws:
    """A MiniStack child process."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process = process
        self._port = port
        self._log = log

    @classmethod
    def start(cls, listener: Listener, directory: Path, invocations_url: str = "") -> "EmbeddedAws":
        """Start the process; it becomes ready a moment later.

        Args:
            listener: its port.
            directory: for its state and its log.
            invocations_url: to which it posts the events of functions, their names appended.

        Raises:
            StackError: the port is taken.
        """
        log = directory / "ministack.log"
        with listener.bind() as listening, log.open("wb") as output:
            port: int = listening.getsockname()[1]
            process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                [sys.executable, "-m", "local.ministack_server", str(listening.fileno())],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(port, directory.resolve()) | _forwarding(invocations_url),
                pass_fds=(listening.fileno(),),
                start_new_session=True,  # Ctrl-C is for the parent, which stops this process last
            )
        return cls(process, port, log)

    @property
    def url(self) -> str:
        """The endpoint of every service."""
        return f"http://{HOST}:{self._port}"

    @property
    def process_id(self) -> int:
        """Of the child process."""
        return self._process.pid

    async def wait_until_ready(self) -> None:
        """Return when it answers.

        Raises:
            StackError: it ended or hangs.
        """
        try:
            await asyncio.to_thread(self._ask_health)
        except (OSError, http.client.HTTPException) as error:
            raise StackError(f"MiniStack did not start ({error}): see {self._log}") from error

    async def wait_until_dead(self) -> None:
        """Return never.

        Raises:
            StackError: it ended on its own.
        """
        status = await asyncio.to_thread(self._process.wait)
        raise StackError(f"MiniStack ended unexpectedly with exit code {status}: see {self._log}")

    def stop(self) -> None:
        """Let it save its state and end."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask_health(self) -> None:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=_START_TIMEOUT_S)
        try:
            connection.request("GET", "/_ministack/health")
            connection.getresponse().read()
        finally:
            connection.close()


def _environment(port: int, directory: Path) -> dict[str, str]:
    """Nothing of the user's AWS account."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return inherited | CREDENTIALS | _configuration(port, directory)


def _forwarding(invocations_url: str) -> dict[str, str]:
    return {f"MINISTACK_LAMBDA_PROXY_{name}": f"{invocations_url}/{name}" for name in FUNCTIONS_BY_PLACEHOLDER.values()}


def _configuration(port: int, directory: Path) -> dict[str, str]:
    return {
        "GATEWAY_PORT": str(port),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(directory / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(directory / "files"),
        "SERVICES": ",".join(SERVICES),
        "LOG_LEVEL": "WARNING",
        # No listeners but ours, and hands off a Docker daemon that happens to be there.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",
    }
