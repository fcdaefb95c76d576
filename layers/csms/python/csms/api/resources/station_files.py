"""Files for and from charge points, by short URLs: the token in the path is all that a station shows.

Stations know little of HTTP: some follow no redirects, some can only POST forms, most append a name of their own. What
fits through the function goes through it; larger downloads are redirected to S3, and can be had in ranges instead.
"""

import base64
import logging
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path

from csms.api.byte_ranges import ByteRange, Unsatisfiable, parse_range
from csms.api.file_names import safe_name
from csms.api.multipart import Part, boundary_of, parse_parts
from csms.api.problems import Conflict, MalformedRequest, NotFound, RangeNotSatisfiable
from csms.api.request import Current, CurrentRequest
from csms.api.routing import OPEN, Routes
from csms.files import CONTENT_TYPE, FileMissing
from csms.store.file_tokens import TOKEN_LENGTH, FileToken
from csms.store.file_transfers import MOST_BYTES, MOST_FILES, FileKind, FileTransfer
from csms.store.received_files import ReceivedFile, digest_of

routes = Routes("Files of charge points")
_logger = logging.getLogger(__name__)

LARGEST_ANSWER: Final = 4 * 1024 * 1024
"""Bytes that go through the function: in base64 they are 5.6 MB of Lambda's 6 MB."""
_REDIRECTED_FOR: Final = timedelta(hours=6)
_LONGEST_NAME: Final = 255

PathLink = Annotated[str, Path(description="The token, and whatever name follows it.")]
_ANYTHING: Final = {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}}
_FORM: Final = {"multipart/form-data": {"schema": {"type": "object"}}}


@routes.get("/f/<link>", OPEN, answers={200: _ANYTHING, 206: _ANYTHING, 302: {}})
def download_file(current: Current, link: PathLink) -> Response[Any]:
    """Download firmware, whole or one range of it; redirects to S3 where that is more than 4 MiB."""
    token, asked = _firmware(current, link)
    if asked is None or asked.first == 0:
        current.store.file_transfers.note_fetch(token.charge_point_id, token.kind, token.call_id, current.now)
    wanted = asked or ByteRange(0, token.size - 1)
    headers = _headers(token)
    if wanted.length > LARGEST_ANSWER:
        url = current.runtime.files.download_url(_key(token), _name(token), _REDIRECTED_FOR)
        return Response(HTTPStatus.FOUND, headers={**headers, "Location": url, "Cache-Control": "no-store"})
    try:
        content = current.runtime.files.read(_key(token), wanted.first, wanted.last) if token.size else b""
    except FileMissing as missing:
        raise _nothing_here() from missing
    if asked is None:
        return _binary(HTTPStatus.OK, content, headers)
    headers["Content-Range"] = asked.content_range(token.size)
    return _binary(HTTPStatus.PARTIAL_CONTENT, content, headers)


@routes.head("/f/<link>", OPEN)
def describe_file(current: Current, link: PathLink) -> Response[None]:
    """Size and digest of firmware."""
    token, _ = _firmware(current, link)
    return Response(HTTPStatus.OK, CONTENT_TYPE, headers={**_headers(token), "Content-Length": str(token.size)})


@routes.put("/u/<link>", OPEN, takes_bytes=True, takes=_ANYTHING)
def put_file(current: Current, link: PathLink) -> Response[None]:
    """Upload a diagnostics file."""
    return _receive(current, link)


@routes.post("/u/<link>", OPEN, takes_bytes=True, takes=_ANYTHING | _FORM)
def post_file(current: Current, link: PathLink) -> Response[None]:
    """Upload a diagnostics file, as it is or in a form."""
    return _receive(current, link)


def _binary(status: HTTPStatus, content: bytes, headers: dict[str, Any]) -> Response[str]:
    """An answer that is no text. In base64 already: Powertools takes bytes for UTF-8."""
    response = Response(status, CONTENT_TYPE, base64.b64encode(content).decode(), headers=headers)
    response.base64_encoded = True
    return response


def _firmware(current: CurrentRequest, link: str) -> tuple[FileToken, ByteRange | None]:
    """What the link leads to, and which part of it is asked for."""
    token, _ = _find(current, link, FileKind.FIRMWARE)
    headers = current.headers
    has_other = headers.get("if-range", _etag(token)) != _etag(token)
    try:
        return token, None if has_other else parse_range(headers.get("range"), token.size)
    except Unsatisfiable as unsatisfiable:
        raise RangeNotSatisfiable(token.size) from unsatisfiable


def _receive(current: CurrentRequest, link: str) -> Response[None]:
    token, path = _find(current, link, FileKind.DIAGNOSTICS)
    transfer = current.store.file_transfers.get(token.charge_point_id, token.kind, token.call_id)
    if transfer is None:
        raise _nothing_here()
    parts = _parts(current, path)
    if not parts:
        raise MalformedRequest("there is no file in the body")
    _keep(current, transfer, parts)
    return Response(HTTPStatus.OK)


def _parts(current: CurrentRequest, path: str) -> list[Part]:
    """The files of the body that are not empty: those of a form, or all of it as one."""
    boundary = boundary_of(current.content_type)
    if boundary is None:
        parts = [Part(path.lstrip("/") or None, current.content)]
    else:
        found = [part for part in parse_parts(current.content, boundary) if part.content]
        parts = [part for part in found if part.name] or found[:1]
    return [part for part in parts if part.content]


def _keep(current: CurrentRequest, transfer: FileTransfer, parts: list[Part]) -> None:
    """Store the files, all or none, and say of each that it is there. What is there already stays as it is.

    Raises:
        Conflict: there is no room for all of them.
    """
    contents = {(file := _described(current, transfer, part)): part.content for part in parts}
    missing = current.store.received_files.missing(list(contents))
    size = sum(file.size for file in missing)
    if missing and not current.store.file_transfers.make_room(transfer, len(missing), size):
        raise Conflict(f"no more than {MOST_FILES} files or {MOST_BYTES >> 20} MiB are kept of one request")
    for file in missing:
        current.runtime.files.put(file.key, contents[file])
        current.store.received_files.add(file, transfer)
    about = {"charge_point_id": transfer.charge_point_id, "call_id": transfer.call_id}
    _logger.info("files were uploaded", extra={**about, "files": len(parts), "new": len(missing), "size": size})


def _described(current: CurrentRequest, transfer: FileTransfer, part: Part) -> ReceivedFile:
    return ReceivedFile(
        charge_point_id=transfer.charge_point_id,
        call_id=transfer.call_id,
        digest=digest_of(part.name, part.content),
        name=safe_name(part.name or "", f"diagnostics-{current.now:%Y%m%dT%H%M%SZ}"),
        size=len(part.content),
        received_at=current.now,
        sent_as=part.name[:_LONGEST_NAME] if part.name else None,
    )


def _find(current: CurrentRequest, link: str, kind: FileKind) -> tuple[FileToken, str]:
    """What the token is good for, and the path behind it; the slash between them may have got lost."""
    token = current.store.file_tokens.find(link[:TOKEN_LENGTH], current.now)
    if token is None or token.kind is not kind or (kind is FileKind.FIRMWARE and token.object_key is None):
        raise _nothing_here()
    return token, link[TOKEN_LENGTH:]


def _nothing_here() -> NotFound:
    return NotFound("this URL leads nowhere, or no longer")


def _headers(token: FileToken) -> dict[str, Any]:
    return {"Accept-Ranges": "bytes", "ETag": _etag(token)}


def _etag(token: FileToken) -> str:
    return f'"{token.sha256}"'


def _key(token: FileToken) -> str:
    return token.object_key or ""


def _name(token: FileToken) -> str:
    return _key(token).rpartition("/")[2]
