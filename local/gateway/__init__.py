"""A stand-in for API Gateway's WebSocket API and for the edge in front of it.

It enforces what they enforce, as far as a station or a handler can notice (PLATFORM facts, `docs/architecture.md`). Two
differences are deliberate: the frame limit of 32 KB is not enforced, because uvicorn hands over whole messages, and
signatures of @connections requests are not checked, because everything here is on loopback.
"""

from local.gateway.app import Gateway
from local.gateway.limits import Limits

__all__ = ["Gateway", "Limits"]
