"""What API Gateway limits; tests shorten the times."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The documented quotas of a WebSocket API. None of them can be raised."""

    message_bytes: int = 128 * 1024
    integration_timeout_s: float = 29
    idle_s: float = 10 * 60
    lifetime_s: float = 2 * 60 * 60
