"""Everything operators ask for: one function behind every route of the HTTP API."""

from typing import Any

from csms.api.handler import respond
from csms.log import invoked


@invoked
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer one request."""
    return respond(event, context)
