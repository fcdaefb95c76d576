"""Firmware and diagnostics files in S3."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONTENT_TYPE: Final = "application/octet-stream"


class FileMissing(Exception):  # noqa: N818  it is an answer, not an error
    """There is no such object."""


@dataclass(frozen=True)
class Upload:
    """How to upload a file: a PUT to the URL with exactly these headers."""

    url: str
    headers: Mapping[str, str]


class Files:
    """The objects of one bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, content: bytes) -> None:
        """Store a file; one of the same key is replaced."""
        self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=CONTENT_TYPE)

    def read(self, key: str, first: int, last: int) -> bytes:
        """The bytes from `first` to `last`, both included.

        Raises:
            FileMissing: there is none.
        """
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes={first}-{last}")
            return found["Body"].read()
        except ClientError as error:
            if _status(error) == HTTPStatus.NOT_FOUND:
                raise FileMissing(key) from error
            raise

    def size(self, key: str) -> int | None:
        """How many bytes a file has; None if there is none."""
        try:
            return self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"]
        except ClientError as error:
            if _status(error) == HTTPStatus.NOT_FOUND:
                return None
            raise

    def delete(self, key: str) -> None:
        """Remove a file; removing what is not there is fine."""
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def download_url(self, key: str, name: str, lifetime: timedelta) -> str:
        """A URL that anybody can read the file from; lives no longer than the credentials that sign it, some hours."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentDisposition": f'attachment; filename="{name}"',
            },
            ExpiresIn=int(lifetime.total_seconds()),
        )

    def upload(self, key: str, sha256: str, lifetime: timedelta) -> Upload:
        """A URL that takes the content with this SHA-256 (hexadecimal digits) and no other: S3 checks it."""
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        url = self._client.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ContentType": CONTENT_TYPE,
                "ChecksumSHA256": checksum,
            },
            ExpiresIn=int(lifetime.total_seconds()),
        )
        return Upload(url, {"Content-Type": CONTENT_TYPE, "x-amz-checksum-sha256": checksum})


def _status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
