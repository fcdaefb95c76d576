"""GetLocalListVersion [S 5.10]: which list a station holds; 0 is an empty one, -1 says that it has none."""

from csms.ocpp.primitives import Integer
from csms.store.local_lists import NOT_SUPPORTED
from csms.v16.local_list_sync import go_on
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Settled


class GetLocalListVersionRequest(CommandRequest):
    """GetLocalListVersion.req [S 6.29]."""


class GetLocalListVersionResponse(CommandResponse):
    """GetLocalListVersion.conf [S 6.30]."""

    list_version: Integer


GET_LOCAL_LIST_VERSION = Operation("GetLocalListVersion", GetLocalListVersionRequest, GetLocalListVersionResponse)


@GET_LOCAL_LIST_VERSION.applies
def record_version(
    request: GetLocalListVersionRequest,  # noqa: ARG001
    response: GetLocalListVersionResponse | None,
    settled: Settled,
) -> None:
    """Note what it holds, and go on with the synchronisation that asked."""
    call, lists = settled.call, settled.store.local_lists
    if settled.is_accepted and response:
        lists.report(call, max(response.list_version, NOT_SUPPORTED))
    elif settled.is_not_supported:
        lists.is_not_supported(call)
    go_on(settled)
