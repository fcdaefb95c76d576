"""The library of firmware images."""

import logging
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final, Self

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import AfterValidator, Field, model_validator

from csms.api.cursors import DEFAULT_LIMIT, CursorText, Limit, decode_place, encode_place
from csms.api.file_names import safe_name
from csms.api.models import LongText, Moment, Page, RequestModel, View
from csms.api.problems import NotFound
from csms.api.request import Current, CurrentRequest
from csms.api.routing import Routes
from csms.api.scopes import Scope
from csms.store.errors import ConditionFailed
from csms.store.firmware import FirmwareImage, new_image_id

routes = Routes("Firmware")
_logger = logging.getLogger(__name__)

_UPLOAD_WITHIN: Final = timedelta(hours=1)
_DOWNLOAD_WITHIN: Final = timedelta(minutes=15)

PathImage = Annotated[str, Path(description="Id of the image.")]
ModelText = Annotated[str, Field(min_length=1, max_length=20)]
"""CiString20, as BootNotification has it [S 6.3]."""


def _file_name(text: str) -> str:
    if safe_name(text, "") != text:
        raise ValueError("letters, digits and ._=+- only, and no dot in front")
    return text


class NewImage(RequestModel):
    """A firmware image to upload."""

    name: Annotated[str, AfterValidator(_file_name)] = Field(
        min_length=1, max_length=100, description="File name; the end of the URL that stations get."
    )
    version: Annotated[str, Field(min_length=1, max_length=50)] = Field(
        description="What a station that runs it reports as firmwareVersion: a boot with it completes an update."
    )
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")] = Field(
        description="Of the content, in hexadecimal digits. S3 takes no other content."
    )
    vendor: ModelText | None = Field(default=None, description="chargePointVendor it is for; with a model.")
    model: ModelText | None = Field(default=None, description="chargePointModel it is for; with a vendor.")
    note: LongText | None = None

    @model_validator(mode="after")
    def _vendor_and_model_together(self) -> Self:
        if (self.vendor is None) != (self.model is None):
            raise ValueError("vendor and model are given together or not at all")
        return self


class ImageView(View):
    """A firmware image."""

    id: str
    name: str
    version: str
    sha256: str
    vendor: str | None
    model: str | None
    note: str | None
    created_at: Moment
    created_by: str
    is_uploaded: bool
    size_bytes: int | None
    location: str = Field(description="What stands for this image as `location` of UpdateFirmware.")


class ImageDetailView(ImageView):
    """A firmware image, and where it can be downloaded."""

    download_url: str | None = Field(description="For a quarter of an hour; null before the upload.")


class UploadView(View):
    """How to upload: a PUT of the content with exactly these headers."""

    url: str
    method: str = "PUT"
    headers: dict[str, str]
    expires_at: Moment


class CreatedImageView(ImageView):
    """A new firmware image and where its content goes."""

    upload: UploadView


@routes.get("/firmware", Scope.READ)
def list_firmware(current: Current, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None) -> Page[ImageView]:
    """All firmware images, in no particular order."""
    page = current.store.firmware.list(limit=limit, cursor=decode_place(cursor))
    views = [ImageView(**_fields(_seen(current, image))) for image in page.things]
    return Page[ImageView](items=views, cursor=encode_place(page.cursor))


@routes.post("/firmware", Scope.OPERATE, status=HTTPStatus.CREATED)
def add_firmware(current: Current, new: Annotated[NewImage, Body()]) -> Response[CreatedImageView]:
    """Add a firmware image: answers with a URL for its content, good for an hour.

    Once uploaded, UpdateFirmware takes its `location`; where that is left out, charge points of the vendor and model
    get the newest image for them.
    """
    image = FirmwareImage(
        id=new_image_id(),
        name=new.name,
        version=new.version,
        sha256=new.sha256.lower(),
        created_at=current.now,
        created_by=current.caller,
        vendor=new.vendor,
        model=new.model,
        note=new.note,
    )
    current.store.firmware.create(image)
    _logger.info("firmware image added", extra={"image_id": image.id, "caller": current.caller})
    upload = current.runtime.files.upload(image.key, image.sha256, _UPLOAD_WITHIN)
    view = CreatedImageView(
        **_fields(image),
        upload=UploadView(url=upload.url, headers=dict(upload.headers), expires_at=current.now + _UPLOAD_WITHIN),
    )
    headers = {"Location": f"/firmware/{image.id}", "Cache-Control": "no-store"}
    return Response(HTTPStatus.CREATED, "application/json", view, headers=headers)


@routes.get("/firmware/<image>", Scope.READ)
def read_firmware(current: Current, image: PathImage) -> ImageDetailView:
    """One firmware image."""
    found = _seen(current, _find(current, image))
    files = current.runtime.files
    url = files.download_url(found.key, found.name, _DOWNLOAD_WITHIN) if found.uploaded_at else None
    return ImageDetailView(**_fields(found), download_url=url)


@routes.delete("/firmware/<image>", Scope.OPERATE, status=HTTPStatus.NO_CONTENT)
def delete_firmware(current: Current, image: PathImage) -> Response[None]:
    """Remove a firmware image; a station that is still to fetch it finds nothing."""
    found = _find(current, image)
    current.runtime.files.delete(found.key)  # the row last: as long as it is there, the rest can be removed again
    current.store.firmware.delete(found.id)
    _logger.info("firmware image removed", extra={"image_id": found.id, "caller": current.caller})
    return Response(204)


def _find(current: CurrentRequest, image_id: str) -> FirmwareImage:
    found = current.store.firmware.get(image_id)
    if found is None:
        raise NotFound(f"there is no firmware image {image_id}")
    return found


def _seen(current: CurrentRequest, image: FirmwareImage) -> FirmwareImage:
    """The image with its upload noted, if there is one by now."""
    size = None if image.uploaded_at else current.runtime.files.size(image.key)
    if size is None:
        return image
    try:
        return current.store.firmware.mark_uploaded(image, size, current.now)
    except ConditionFailed:
        return image


def _fields(image: FirmwareImage) -> dict[str, Any]:
    return {
        "id": image.id,
        "name": image.name,
        "version": image.version,
        "sha256": image.sha256,
        "vendor": image.vendor,
        "model": image.model,
        "note": image.note,
        "created_at": image.created_at,
        "created_by": image.created_by,
        "is_uploaded": image.uploaded_at is not None,
        "size_bytes": image.size,
        "location": f"firmware:{image.id}",
    }
