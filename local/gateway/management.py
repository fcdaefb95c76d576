"""The @connections API, as boto3's `apigatewaymanagementapi` calls it."""

from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.gateway.connection import Connection, ConnectionGoneError
from local.gateway.limits import Limits


async def manage(request: Request, connections: Mapping[str, Connection], limits: Limits) -> Response:
    """Answer POST, GET or DELETE of `/{stage}/@connections/{connection_id}`.

    A connection counts from the moment `connect` has returned; before that and after its end it is gone.
    """
    connection = connections.get(request.path_params["connection_id"])
    if connection is None or not connection.is_open:
        return _error(410, "GoneException")
    match request.method:
        case "POST":
            return await _post(connection, await request.body(), limits)
        case "DELETE":
            await connection.close(1000, "Connection Closed Normally")
            return Response(status_code=204)
        case _:
            return JSONResponse(_describe(connection))


async def _post(connection: Connection, body: bytes, limits: Limits) -> Response:
    if len(body) > limits.message_bytes:
        return _error(413, "PayloadTooLargeException")
    try:
        await connection.send_text(body.decode())
    except UnicodeDecodeError:
        return _error(400, "BadRequestException")
    except ConnectionGoneError:
        return _error(410, "GoneException")
    return Response()


def _describe(connection: Connection) -> dict[str, object]:
    client = connection.client
    return {
        "connectedAt": _iso(client.connected_at_ms),
        "lastActiveAt": _iso(connection.last_active_ms),
        "identity": {"sourceIp": client.source_ip, "userAgent": client.user_agent},
    }


def _iso(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _error(status: int, code: str) -> Response:
    return JSONResponse({"message": None}, status, headers={"x-amzn-ErrorType": code})
