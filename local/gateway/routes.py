"""Which route a message takes: the selection expression `$request.body.[2]`."""

import json
from collections.abc import Collection

from infra.definitions import DEFAULT_ROUTE


def select_route(body: str, route_keys: Collection[str]) -> str:
    """The route key the third element names, else `$default`: CALLRESULTs, CALLERRORs, unknown actions, garbage."""
    try:
        frame = json.loads(body)
    except (ValueError, RecursionError):
        return DEFAULT_ROUTE
    if isinstance(frame, list) and len(frame) > 2 and isinstance(frame[2], str) and frame[2] in route_keys:
        return frame[2]
    return DEFAULT_ROUTE
