"""Heartbeat [S 4.6]: the station asks for the time. That it spoke at all was noted before."""

from csms.ocpp.primitives import Timestamp
from csms.v16.exchange import Exchange
from csms.v16.payload import Payload
from csms.v16.registry import answers


class HeartbeatRequest(Payload):
    """Heartbeat.req [S 6.29]."""


class HeartbeatResponse(Payload):
    """Heartbeat.conf [S 6.30]."""

    current_time: Timestamp


@answers("Heartbeat", HeartbeatRequest, is_logged=False)
def answer_heartbeat(request: HeartbeatRequest, exchange: Exchange) -> HeartbeatResponse:  # noqa: ARG001
    """The time of arrival."""
    return HeartbeatResponse(current_time=exchange.received_at)
