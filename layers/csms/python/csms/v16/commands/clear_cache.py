"""ClearCache [S 5.4]: forget remembered authorisations; Rejected where there is no cache."""

from typing import Literal

from csms.v16.operations import CommandRequest, CommandResponse, Operation


class ClearCacheRequest(CommandRequest):
    """ClearCache.req [S 6.11]."""


class ClearCacheResponse(CommandResponse):
    """ClearCache.conf [S 6.12]: Accepted or Rejected."""

    status: Literal["Accepted", "Rejected"]


CLEAR_CACHE = Operation("ClearCache", ClearCacheRequest, ClearCacheResponse)
