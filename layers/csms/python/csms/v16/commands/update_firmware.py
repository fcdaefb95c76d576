"""UpdateFirmware [S 5.19]: fetch an image and install it. The answer is empty: a station cannot refuse.

`location` may be left out: then it is the newest image of the library for the vendor and model that the charge point
booted as. `firmware:{image id}` stands for a certain image. Both become a short URL of ours. `retrieveDate` left out
means now.
"""

from typing import Final

from csms.calls import CallRefused
from csms.ocpp.json_types import JsonObject
from csms.ocpp.primitives import GivenTimestamp, format_timestamp
from csms.store.file_transfers import FileKind
from csms.store.firmware import FirmwareImage
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

IMAGE_SCHEME: Final = "firmware:"


class UpdateFirmwareRequest(CommandRequest):
    """UpdateFirmware.req [S 6.55]. `retry_interval` in s."""

    location: str
    retries: int | None = None
    retrieve_date: GivenTimestamp
    retry_interval: int | None = None


class UpdateFirmwareResponse(CommandResponse):
    """UpdateFirmware.conf [S 6.56]."""


UPDATE_FIRMWARE = Operation(
    "UpdateFirmware", UpdateFirmwareRequest, UpdateFirmwareResponse, fills=("location", "retrieveDate")
)


@UPDATE_FIRMWARE.prepares
def fill_in(body: JsonObject, situation: Situation) -> Prepared:
    """The location from the library, the date from the clock."""
    refuse_own_location(body, FileKind.FIRMWARE, situation)
    image = _image_meant(body, situation)
    filled = dict(body)
    if image:
        filled["location"] = new_location(FileKind.FIRMWARE, situation, image.name)
    filled.setdefault("retrieveDate", format_timestamp(situation.now))
    order = ("location", "retries", "retrieveDate", "retryInterval")
    known = {name: filled.pop(name) for name in order if name in filled}
    return Prepared(known | filled, {"imageId": image.id} if image else None)


@UPDATE_FIRMWARE.checks
def check(request: UpdateFirmwareRequest, situation: Situation) -> None:
    """A location the station can use, an image that is still there; sensible retries."""
    check_location(request.location, situation)
    check_retrying(request.retries, request.retry_interval)
    if _image_id(situation) and _image_of_call(situation) is None:
        raise CallRefused(f"location: the firmware image {_image_id(situation)} was removed")


@UPDATE_FIRMWARE.precedes
def begin_update(request: UpdateFirmwareRequest, situation: Situation) -> None:
    """Make the URL work. Before the call goes out: a station may come for its file before it answers."""
    until = open_until(request.retrieve_date, request.retries, request.retry_interval, situation.now)
    begin(FileKind.FIRMWARE, request.location, until, situation, _image_of_call(situation))


@UPDATE_FIRMWARE.applies
def apply(request: UpdateFirmwareRequest, response: UpdateFirmwareResponse | None, settled: Settled) -> None:  # noqa: ARG001
    """Note whether the station was reached."""
    end_call(FileKind.FIRMWARE, settled)


def _image_meant(body: JsonObject, situation: Situation) -> FirmwareImage | None:
    """The image of the library that the body means; None if it gives a location of its own."""
    location = body.get("location")
    if "location" not in body:
        return _newest_image(situation)
    if not isinstance(location, str) or not location.startswith(IMAGE_SCHEME):
        return None
    image = situation.store.firmware.get(location.removeprefix(IMAGE_SCHEME))
    if image is None:
        raise CallRefused(f"location: there is no firmware image {location.removeprefix(IMAGE_SCHEME)}")
    uploaded = _uploaded(image, situation)
    if uploaded is None:
        raise CallRefused(f"location: the firmware image {image.id} is not uploaded yet")
    return uploaded


def _newest_image(situation: Situation) -> FirmwareImage:
    charge_point = situation.store.charge_points.get(situation.charge_point_id)
    boot = charge_point.boot if charge_point else None
    if not boot:
        raise CallRefused("location: the charge point never said what model it is, so the location must be given")
    vendor, model = boot["charge_point_vendor"], boot["charge_point_model"]
    for image in situation.store.firmware.for_model(vendor, model):
        if uploaded := _uploaded(image, situation):
            return uploaded
    raise CallRefused(f"location: the library has no firmware for {vendor} {model}, so the location must be given")


def _uploaded(image: FirmwareImage, situation: Situation) -> FirmwareImage | None:
    """The image if its content is there; S3 is asked as long as nobody has seen it."""
    if image.uploaded_at or situation.files is None:
        return image if image.uploaded_at else None
    size = situation.files().size(image.key)
    return None if size is None else situation.store.firmware.mark_uploaded(image, size, situation.now)


def _image_of_call(situation: Situation) -> FirmwareImage | None:
    """The image that was chosen when the call was placed, unless it was removed since."""
    image_id = _image_id(situation)
    return situation.store.firmware.get(image_id) if image_id else None


def _image_id(situation: Situation) -> str | None:
    image_id = (situation.context or {}).get("imageId")
    return image_id if isinstance(image_id, str) else None
