"""One request in, one answer out, whatever happens."""

import logging
import threading
from typing import Any

from csms.api.problems import InternalError
from csms.api.resolver import Resolver
from csms.redaction import redact_url

_logger = logging.getLogger(__name__)
_of_thread = threading.local()


def respond(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer a request in payload format 2.0."""
    try:
        return _resolver().resolve(event, context)
    except Exception:
        _logger.exception("a request failed", extra={"path": redact_url(event.get("rawPath") or "")})
        return InternalError().answer()


def _resolver() -> Resolver:
    """This thread's own: Lambda has one, the local stack several."""
    if not hasattr(_of_thread, "resolver"):
        _of_thread.resolver = Resolver()
    resolver: Resolver = _of_thread.resolver
    return resolver
