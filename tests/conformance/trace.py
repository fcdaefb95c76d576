"""The wire trace of a case: every handshake and every frame of its stations, every request of its operator.

One JSON object a line: when, of whom, in which direction (`>` to the Central System, `<` from it), and what, verbatim.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.station import WIRE

_OPERATOR: Final = logging.getLogger("httpx")
"""Says method, URL, version of HTTP, status and reason of every request."""


@contextmanager
def wire_trace(path: Path) -> Iterator[None]:
    """Write what is sent and received meanwhile; no file if that is nothing."""
    handler = _TraceFile(path, delay=True)
    levels = {logger: logger.level for logger in (WIRE, _OPERATOR)}
    for logger in levels:
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.removeHandler(handler)
            logger.setLevel(level)
        handler.close()


class _TraceFile(logging.FileHandler):
    def format(self, record: logging.LogRecord) -> str:
        args = record.args if isinstance(record.args, tuple) else ()
        who, direction, what = map(str, args) if record.name == WIRE.name else ("operator", ">", _request(args))
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"at": at, "who": who, "direction": direction, "what": what}, ensure_ascii=False)


def _request(args: tuple[object, ...]) -> str:
    method, url, _, status, _ = args
    return f"{method} {url} {status}"
