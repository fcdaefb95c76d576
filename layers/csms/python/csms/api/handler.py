"""One request in, one answer out, whatever happens."""

import logging
import threading
from typing import Any

from csms.api.problems import problem_of
from csms.api.resolver import Resolver

_logger = logging.getLogger(__name__)
_of_thread = threading.local()


def respond(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer a request in payload format 2.0."""
    try:
        return _resolver().resolve(event, context)
    except Exception as error:
        _logger.exception("a request failed", extra={"resource": _resource(event)})
        return problem_of(error).answer()


def _resource(event: dict[str, Any]) -> str:
    """Method and first part of the path; what follows may name an id tag, or be a station's secret URL."""
    method = event.get("requestContext", {}).get("http", {}).get("method", "")
    _, _, path = (event.get("rawPath") or "").partition("/")
    return f"{method} /{path.partition('/')[0]}"


def _resolver() -> Resolver:
    """This thread's own: Lambda has one, the local stack several."""
    if not hasattr(_of_thread, "resolver"):
        _of_thread.resolver = Resolver()
    resolver: Resolver = _of_thread.resolver
    return resolver
