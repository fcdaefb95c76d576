"""The way back to a charge point: API Gateway's @connections."""

import logging
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from csms.ids import ConnectionId

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient


logger = logging.getLogger(__name__)


class Gateway:
    """Posts to and closes connections; the client behind it makes exactly one attempt."""

    def __init__(self, client: "ApiGatewayManagementApiClient") -> None:
        self._client = client

    def post(self, connection_id: ConnectionId, text: str) -> bool:
        """Send one frame; False if the connection is gone."""
        try:
            self._client.post_to_connection(ConnectionId=connection_id, Data=text.encode())
        except self._client.exceptions.GoneException:
            return False
        return True

    def close(self, connection_id: ConnectionId) -> None:
        """Close a connection, as well as it goes: one that is gone is closed, one that stays ends by itself."""
        try:
            self._client.delete_connection(ConnectionId=connection_id)
        except (BotoCoreError, ClientError) as error:
            logger.info("a connection could not be closed", extra={"error": type(error).__name__})
