"""Firmware updates and diagnostics of a charge point: what it said of them, and the files it sent."""

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_key, encode_key
from csms.api.models import Moment, Page, PathIdentity, View
from csms.api.problems import NotFound
from csms.api.request import Current, CurrentRequest
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.ids import CallId
from csms.store.calls import CallState
from csms.store.file_transfers import FileKind, FileTransfer, TransferState
from csms.store.received_files import ReceivedFile, ReceivedFilePage

routes = Routes("Firmware")
_DOWNLOAD_WITHIN: Final = timedelta(minutes=15)
_FIRST_FILES: Final = 50

PathCall = Annotated[str, Path(description="Id of the UpdateFirmware or GetDiagnostics command.")]


class ToldStatusView(View):
    """What the station said, and when it arrived."""

    status: str
    at: Moment


class FileView(View):
    """A file that the station sent."""

    name: str = Field(description="Of harmless characters; several files may have the same.")
    sent_as: str | None = Field(description="What the station called it, if it did.")
    size_bytes: int
    received_at: Moment
    download_url: str = Field(description="For a quarter of an hour.")


class TransferView(View):
    """What became of a command that transfers a file. It begins when the command was sent."""

    id: str = Field(description="Id of the command.")
    command: str = Field(description="Path of the command.")
    state: TransferState
    created_at: Moment
    open_until: Moment = Field(description="Until then the station's URL works and its statuses are counted here.")
    completed_at: Moment | None
    command_state: CallState | None
    statuses: list[ToldStatusView]


class FirmwareUpdateView(TransferView):
    """A firmware update."""

    image_id: str | None = Field(description="The image of the library; null for a location of the operator's own.")
    expected_version: str | None = Field(description="A boot that reports this firmwareVersion completes the update.")
    fetched_at: Moment | None = Field(description="When the station first asked for the image.")


class DiagnosticsView(TransferView):
    """A request for diagnostics."""

    file_name: str | None = Field(description="The name that the station announced, which need not be that of a file.")
    files: list[FileView] = Field(description=f"{_FIRST_FILES} at most: all are at `/diagnostics/{{id}}/files`.")
    has_more_files: bool


@routes.get("/charge-points/<identity>/firmware-updates", Scope.READ)
def list_firmware_updates(
    current: Current, identity: PathIdentity, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[FirmwareUpdateView]:
    """Its firmware updates, newest first."""
    charge_point_id = current.charge_point(identity).id
    page = current.store.file_transfers.list(charge_point_id, FileKind.FIRMWARE, limit=limit, after=decode_key(cursor))
    views = [_update_view(current, transfer) for transfer in page.transfers]
    return Page[FirmwareUpdateView](items=views, cursor=encode_key(page.cursor))


@routes.delete("/charge-points/<identity>/firmware-updates/<call>", Scope.OPERATE, status=HTTPStatus.NO_CONTENT)
def withdraw_firmware_update(current: Current, identity: PathIdentity, call: PathCall) -> Response[None]:
    """Withdraw a firmware update: the station's URL leads nowhere any more. The station is not told."""
    return _withdraw(current, identity, FileKind.FIRMWARE, call)


@routes.get("/charge-points/<identity>/diagnostics", Scope.READ)
def list_diagnostics(
    current: Current, identity: PathIdentity, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[DiagnosticsView]:
    """Its diagnostics and their files, newest first."""
    charge_point_id = current.charge_point(identity).id
    page = current.store.file_transfers.list(
        charge_point_id, FileKind.DIAGNOSTICS, limit=limit, after=decode_key(cursor)
    )
    views = [_diagnostics_view(current, transfer) for transfer in page.transfers]
    return Page[DiagnosticsView](items=views, cursor=encode_key(page.cursor))


@routes.get("/charge-points/<identity>/diagnostics/<call>/files", Scope.READ)
def list_diagnostics_files(
    current: Current, identity: PathIdentity, call: PathCall, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Page[FileView]:
    """The files that a station sent for one request, in no particular order.

    Every upload is a file of its own, unless it has the name and the content of one that is there.
    """
    transfer = _find(current, identity, FileKind.DIAGNOSTICS, call)
    page = current.store.received_files.list(
        transfer.charge_point_id, transfer.call_id, limit=limit, after=decode_key(cursor)
    )
    views = [_file_view(current, file) for file in page.files]
    return Page[FileView](items=views, cursor=encode_key(page.cursor))


@routes.delete("/charge-points/<identity>/diagnostics/<call>", Scope.OPERATE, status=HTTPStatus.NO_CONTENT)
def withdraw_diagnostics(current: Current, identity: PathIdentity, call: PathCall) -> Response[None]:
    """Withdraw a request for diagnostics: the station's URL takes nothing any more. Files that are there stay."""
    return _withdraw(current, identity, FileKind.DIAGNOSTICS, call)


def _find(current: CurrentRequest, identity: str, kind: FileKind, call: str) -> FileTransfer:
    charge_point_id = current.charge_point(identity).id
    transfer = current.store.file_transfers.get(charge_point_id, kind, CallId(call))
    if transfer is None:
        raise NotFound(f"{identity} was sent no such command")
    return transfer


def _withdraw(current: CurrentRequest, identity: str, kind: FileKind, call: str) -> Response[None]:
    transfer = _find(current, identity, kind, call)
    if transfer.token_hash:
        current.store.file_tokens.revoke(transfer.token_hash)
    current.store.file_transfers.withdraw(transfer, current.now)
    return Response(204)


def _update_view(current: CurrentRequest, transfer: FileTransfer) -> FirmwareUpdateView:
    return FirmwareUpdateView(
        **_fields(current, transfer),
        image_id=transfer.image_id,
        expected_version=transfer.version,
        fetched_at=transfer.fetched_at,
    )


def _diagnostics_view(current: CurrentRequest, transfer: FileTransfer) -> DiagnosticsView:
    page = ReceivedFilePage([], None)
    if transfer.has_files:
        page = current.store.received_files.list(transfer.charge_point_id, transfer.call_id, limit=_FIRST_FILES)
        transfer = replace(transfer, has_files=bool(page.files))  # counted before it is stored
    return DiagnosticsView(
        **_fields(current, transfer),
        file_name=transfer.announced_name,
        files=[_file_view(current, file) for file in page.files],
        has_more_files=page.cursor is not None,
    )


def _file_view(current: CurrentRequest, file: ReceivedFile) -> FileView:
    url = current.runtime.files.download_url(file.key, file.name, _DOWNLOAD_WITHIN)
    return FileView(
        name=file.name,
        sent_as=file.sent_as,
        size_bytes=file.size,
        received_at=file.received_at,
        download_url=url,
    )


def _fields(current: CurrentRequest, transfer: FileTransfer) -> dict[str, Any]:
    identity = quote(transfer.charge_point_id, safe="")
    return {
        "id": transfer.call_id,
        "command": f"/charge-points/{identity}/commands/{transfer.call_id}",
        "state": transfer.state(current.now),
        "created_at": transfer.created_at,
        "open_until": transfer.open_until,
        "completed_at": transfer.completed_at,
        "command_state": transfer.call_state,
        "statuses": [ToldStatusView(status=told.status, at=told.at) for told in transfer.statuses],
    }
