"""How long a page may be: short in JSON, long in CSV."""

from typing import Annotated, Final
from urllib.parse import parse_qsl, quote, urlencode

from aws_lambda_powertools.event_handler.openapi.params import Query

from csms.api.cursors import DEFAULT_LIMIT, LARGEST_LIMIT
from csms.api.problems import Finding, InvalidRequest
from csms.api.request import CurrentRequest

LARGEST_CSV_LIMIT: Final = 5000
"""A few seconds of reading. What would be longer than a function may return ends earlier, with a link to the rest."""

AnyLimit = Annotated[
    int | None,
    Query(
        ge=1,
        le=LARGEST_CSV_LIMIT,
        description=f"How many items a page may have: at most {LARGEST_LIMIT}, {DEFAULT_LIMIT} if left out;"
        f" as CSV {LARGEST_CSV_LIMIT}.",
    ),
]


def page_size(current: CurrentRequest, limit: int | None) -> int:
    """The page size that was asked for.

    Raises:
        InvalidRequest: too long for JSON.
    """
    if current.wants_csv:
        return limit or LARGEST_CSV_LIMIT
    if limit and limit > LARGEST_LIMIT:
        raise InvalidRequest(Finding("limit", f"Input should be less than or equal to {LARGEST_LIMIT}"))
    return limit or DEFAULT_LIMIT


def next_page(current: CurrentRequest, cursor: str | None) -> str | None:
    """The same request with the cursor of the next page."""
    if cursor is None:
        return None
    parameters = [pair for pair in parse_qsl(current.query, keep_blank_values=True) if pair[0] != "cursor"]
    return f"{quote(current.path)}?{urlencode([*parameters, ('cursor', cursor)])}"
