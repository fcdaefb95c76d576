"""UnlockConnector [S 5.18]: release a cable that is stuck. Stopping a transaction is not what it is for."""

from typing import Literal

from csms.v16.operations import CommandRequest, CommandResponse, Operation, Situation
from csms.v16.rules import check_connector
from csms.v16.types import Integer32


class UnlockConnectorRequest(CommandRequest):
    """UnlockConnector.req [S 6.53]."""

    connector_id: Integer32


class UnlockConnectorResponse(CommandResponse):
    """UnlockConnector.conf [S 6.54]: Unlocked, UnlockFailed or NotSupported, also of an unknown connector."""

    status: Literal["Unlocked", "UnlockFailed", "NotSupported"]


UNLOCK_CONNECTOR = Operation("UnlockConnector", UnlockConnectorRequest, UnlockConnectorResponse, is_immediate=True)


@UNLOCK_CONNECTOR.checks
def check(request: UnlockConnectorRequest, situation: Situation) -> None:
    """0 has no cable."""
    check_connector(request.connector_id, situation, lowest=1)
