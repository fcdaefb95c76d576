"""An AWS to deploy into: MiniStack with all its services, over TLS, its state in memory.

Unlike that of `make run` it enforces IAM: the CDK's roles and those of our functions may do what their policies say.
"""

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.environment import client_environment
from local.listener import HOST, Listener
from tests.stack import ROOT

_READY_WITHIN_S: Final = 60


@dataclass(frozen=True)
class Emulator:
    """A running emulator."""

    url: str
    """The endpoint of every service."""
    certificate: Path
    """What clients have to trust."""

    @property
    def environment(self) -> dict[str, str]:
        """For clients, boto3's as well as the CDK's."""
        trusted = str(self.certificate)
        return client_environment(self.url) | {
            "AWS_CA_BUNDLE": trusted,
            "NODE_EXTRA_CA_CERTS": trusted,
            "NO_PROXY": f"{HOST},localhost",
        }


@contextmanager
def running_emulator(directory: Path) -> Iterator[Emulator]:
    """Start it, wait until it answers, and stop it with everything that runs in it.

    Args:
        directory: for its log, its certificate and the code of its functions.
    """
    log = directory / "ministack.log"
    # Its authorizer reads the keys of its user pools over plain HTTP, whatever else it serves: hence two ports.
    with Listener("", 0).bind() as plain, Listener("", 0).bind() as secure, log.open("wb") as output:
        port: int = plain.getsockname()[1]
        emulator = Emulator(f"https://{HOST}:{secure.getsockname()[1]}", directory / "ministack-tls" / "server.crt")
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.ministack_with_iam", str(plain.fileno()), str(secure.fileno())],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(emulator, port, directory),
            pass_fds=(plain.fileno(), secure.fileno()),
        )
    with process:
        try:
            _wait_until_ready(port)
            yield emulator
        finally:
            process.kill()  # nothing to save; its functions end with it


def _environment(emulator: Emulator, port: int, directory: Path) -> dict[str, str]:
    """Nothing of the user's AWS account, and no way to import the sources: functions run what was deployed."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_") and name != "PYTHONPATH"
    }
    return (
        inherited
        | emulator.environment
        | {
            "AUTH": "true",
            "GATEWAY_PORT": str(port),
            "TMPDIR": str(directory),
            "LOG_LEVEL": "INFO",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",
        }
    )


def _wait_until_ready(port: int) -> None:
    connection = http.client.HTTPConnection(HOST, port, timeout=_READY_WITHIN_S)
    try:
        connection.request("GET", "/_ministack/health")
        connection.getresponse().read()
    finally:
        connection.close()
