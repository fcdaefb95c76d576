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
def embedded_aws(*, tells_metrics: bool = False) -> Iterator[str]:
    """MiniStack on a free port with no state from before; its URL. Metrics are lines on standard output, if told."""
    with tempfile.TemporaryDirectory() as directory:
        aws = EmbeddedAws.start(Listener("AWS_PORT", 0), Path(directory))
        try:
            asyncio.run(aws.wait_until_ready())
            environment = handler_environment(aws.url, _NO_GATEWAY)
            if tells_metrics:
                environment["POWERTOOLS_METRICS_DISABLED"] = "false"
            with replaced_environment(environment):
                provision()
                runtime.cache_clear()
                yield aws.url
        finally:
            runtime.cache_clear()
            aws.stop()
