"""The way back to a charge point: API Gateway's @connections."""

import logging
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from csms.ids import ConnectionId

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient


logger = logging.getLogger(__name__)


class Posted(Enum):
    """What is known of a frame that was to be sent."""

    DELIVERED = "delivered"
    GONE = "gone"
    THROTTLED = "throttled"
    TOO_LARGE = "too large"
    UNKNOWN = "unknown"
    """It may have arrived."""


_POSTED: Final[dict[int, Posted]] = {
    HTTPStatus.GONE: Posted.GONE,
    HTTPStatus.TOO_MANY_REQUESTS: Posted.THROTTLED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Posted.TOO_LARGE,
}


class Gateway:
    """Posts to and closes connections; the client behind it makes exactly one attempt."""

    def __init__(self, client: "ApiGatewayManagementApiClient") -> None:
        self._client = client

    def post(self, connection_id: ConnectionId, text: str) -> Posted:
        """Send one frame, once."""
        try:
            self._client.post_to_connection(ConnectionId=connection_id, Data=text.encode())
        except ClientError as error:
            status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return _POSTED.get(status, Posted.UNKNOWN)
        except BotoCoreError as error:
            logger.warning("a post may have got lost", extra={"error": type(error).__name__})
            return Posted.UNKNOWN
        return Posted.DELIVERED

    def close(self, connection_id: ConnectionId) -> None:
        """Close a connection, as well as it goes: one that is gone is closed, one that stays ends by itself."""
        try:
            self._client.delete_connection(ConnectionId=connection_id)
        except (BotoCoreError, ClientError) as error:
            logger.info("a connection could not be closed", extra={"error": type(error).__name__})
