"""GetDiagnostics [S 5.9]: upload diagnostics to a directory of ours. `location` left out is a short URL of ours.

Stations append a name of their own to the location, or none; what they announce in the answer may be a third one.
"""

from typing import Annotated

from csms.calls import CallRefused
from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import GivenTimestamp, Text255
from csms.store.file_transfers import FileKind
from csms.v16 import official
from csms.v16.operations import CommandRequest, CommandResponse, Operation, Prepared, Settled, Situation
from csms.v16.transfers import (
    begin,
    check_location,
    check_retrying,
    end_call,
    new_location,
    open_until,
    refuse_own_location,
)


class GetDiagnosticsRequest(CommandRequest):
    """GetDiagnostics.req [S 6.19]. `retry_interval` in s."""

    location: str
    retries: int | None = None
    retry_interval: int | None = None
    start_time: GivenTimestamp | None = None
    stop_time: GivenTimestamp | None = None


class GetDiagnosticsResponse(CommandResponse):
    """GetDiagnostics.conf [S 6.20]. No file name: nothing to upload."""

    file_name: Annotated[Text255 | None, official.text(255)] = None


GET_DIAGNOSTICS = Operation("GetDiagnostics", GetDiagnosticsRequest, GetDiagnosticsResponse, fills=("location",))


@GET_DIAGNOSTICS.prepares
def fill_in(body: JsonObject, situation: Situation) -> Prepared:
    """A location of ours."""
    if "location" in body:
        refuse_own_location(body, FileKind.DIAGNOSTICS, situation)
        return Prepared(body)
    return Prepared({"location": new_location(FileKind.DIAGNOSTICS, situation), **body})


@GET_DIAGNOSTICS.checks
def check(request: GetDiagnosticsRequest, situation: Situation) -> None:
    """A location the station can use; sensible retries; a period that does not end before it starts."""
    check_location(request.location, situation)
    check_retrying(request.retries, request.retry_interval)
    if request.start_time and request.stop_time and request.stop_time < request.start_time:
        raise CallRefused("stopTime: must not be before startTime")


@GET_DIAGNOSTICS.precedes
def begin_upload(request: GetDiagnosticsRequest, situation: Situation) -> None:
    """Make the URL work. Before the call goes out: a station may upload before it answers."""
    until = open_until(situation.now, request.retries, request.retry_interval, situation.now)
    begin(FileKind.DIAGNOSTICS, request.location, until, situation)


@GET_DIAGNOSTICS.applies
def apply(request: GetDiagnosticsRequest, response: GetDiagnosticsResponse | None, settled: Settled) -> None:  # noqa: ARG001
    """Note what the station announced."""
    end_call(FileKind.DIAGNOSTICS, settled, response.file_name if response else None)
