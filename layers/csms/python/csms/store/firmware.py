"""The library of firmware images: what an operator has uploaded for charge points to install."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from boto3.dynamodb.conditions import Attr

from csms.ocpp.primitives import format_timestamp, parse_timestamp
from csms.store import keys
from csms.store.listing import ListPage, ShardCursor, list_partitions, partitions_of
from csms.store.table import Item, Table

_KIND: Final = "FIRMWARE"
_EXISTS: Final = Attr(keys.PARTITION_KEY).exists()


@dataclass(frozen=True)
class FirmwareImage:
    """One image. `sha256` is in hexadecimal digits; the operator gives it, and S3 accepts no other content."""

    id: str
    name: str
    """The file name, the last part of the URL a station gets."""
    version: str
    """What a station that runs it reports as its firmwareVersion."""
    sha256: str
    created_at: datetime
    created_by: str
    vendor: str | None = None
    model: str | None = None
    note: str | None = None
    size: int | None = None
    uploaded_at: datetime | None = None
    """When the upload was first seen; None while there is nothing to install."""

    @property
    def key(self) -> str:
        """The key of its object."""
        return f"firmware/{self.id}/{self.name}"


def new_image_id() -> str:
    """Short enough for a URL that a station must store."""
    return os.urandom(8).hex()


class FirmwareImages:
    """The image rows."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, image: FirmwareImage) -> None:
        """Add an image whose content is still to come."""
        self._table.put(keys.firmware_image(image.id), _to_item(image))

    def get(self, image_id: str) -> FirmwareImage | None:
        """One image."""
        item = self._table.get(keys.firmware_image(image_id), consistent=True)
        return _from_item(item) if item else None

    def mark_uploaded(self, image: FirmwareImage, size: int, now: datetime) -> FirmwareImage:
        """Note that the content is there.

        Raises:
            ConditionFailed: the image was removed.
        """
        item = self._table.update(
            keys.firmware_image(image.id),
            assign={"size": size},
            assign_once={"uploaded_at": format_timestamp(now)},
            condition=_EXISTS,
            returning="ALL_NEW",
        )
        return _from_item(item)

    def delete(self, image_id: str) -> None:
        """Remove an image."""
        self._table.delete(keys.firmware_image(image_id))

    def list(self, *, limit: int, cursor: ShardCursor | None = None) -> ListPage[FirmwareImage]:
        """All images, a page at a time."""
        return list_partitions(self._table, partitions_of(_KIND), _from_item, limit=limit, cursor=cursor)

    def for_model(self, vendor: str, model: str) -> Iterator[FirmwareImage]:
        """The images for a model, the newest first."""
        partition = keys.firmware_model_partition(vendor, model)
        return map(_from_item, self._table.query_all(partition, index="GSI2", newest_first=True, limit=10))


def _to_item(image: FirmwareImage) -> dict[str, Any]:
    has_model = image.vendor is not None and image.model is not None
    return {
        "image_id": image.id,
        "name": image.name,
        "version": image.version,
        "sha256": image.sha256,
        "created_at": format_timestamp(image.created_at),
        "created_by": image.created_by,
        "vendor": image.vendor,
        "model": image.model,
        "note": image.note,
        "size": image.size,
        "uploaded_at": format_timestamp(image.uploaded_at) if image.uploaded_at else None,
        **keys.listed(_KIND, image.id).attributes(),
        **(
            keys.firmware_of_model(image.vendor or "", image.model or "", image.created_at, image.id).attributes()
            if has_model
            else {}
        ),
    }


def _from_item(item: Item) -> FirmwareImage:
    return FirmwareImage(
        id=item["image_id"],
        name=item["name"],
        version=item["version"],
        sha256=item["sha256"],
        created_at=parse_timestamp(item["created_at"]),
        created_by=item["created_by"],
        vendor=item.get("vendor"),
        model=item.get("model"),
        note=item.get("note"),
        size=item.get("size"),
        uploaded_at=parse_timestamp(item["uploaded_at"]) if "uploaded_at" in item else None,
    )
