"""The embedded AWS with the table of a deployment, and the environment that its functions see, in this process."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from csms.runtime import runtime
from local.aws import EmbeddedAws
from local.environment import handler_environment, replaced_environment
from local.listener import Listener
from local.provision import provision

_NO_GATEWAY = "http://127.0.0.1:9"


@contextmanager
def embedded_aws() -> Iterator[str]:
    """MiniStack on a free port with no state from before; its URL."""
    with tempfile.TemporaryDirectory() as directory:
        aws = EmbeddedAws.start(Listener("AWS_PORT", 0), Path(directory))
        try:
            asyncio.run(aws.wait_until_ready())
            with replaced_environment(handler_environment(aws.url, _NO_GATEWAY)):
                provision()
                runtime.cache_clear()
                yield aws.url
        finally:
            runtime.cache_clear()
            aws.stop()
