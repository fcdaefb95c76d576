"""What a presigned URL is good for, as S3 sees it: one method, one object, one content, and a while.

The signature is checked here as AWS documents it (Signature Version 4, query parameters), by no code of the client's.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

import boto3
import pytest
from botocore.config import Config

from csms.files import Files

SECRET = "not a real secret"
HOUR = timedelta(hours=1)
KEY = "firmware/image 1.bin"
SHA256 = "ab" * 32


@pytest.fixture
def files() -> Files:
    client = boto3.client(
        "s3",
        region_name="eu-central-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key=SECRET,
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )
    return Files(client, "files")


def opens(url: str, method: str, headers: Mapping[str, str] | None = None, *, after: timedelta = timedelta()) -> bool:
    """Whether S3 does what a request with this URL asks for, so long after it was made."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    signature = query.pop("X-Amz-Signature")
    begin = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if datetime.now(UTC) + after > begin + timedelta(seconds=int(query["X-Amz-Expires"])):
        return False
    sent = {name.lower(): value for name, value in (headers or {}).items()} | {"host": parts.netloc}
    signed = query["X-Amz-SignedHeaders"].split(";")
    _, day, region, service, last = query["X-Amz-Credential"].split("/")
    canonical = "\n".join(
        (
            method,
            parts.path,
            "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query)),
            *(f"{name}:{sent.get(name, '')}" for name in signed),
            "",
            ";".join(signed),
            "UNSIGNED-PAYLOAD",
        )
    )
    scope = f"{day}/{region}/{service}/{last}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{SECRET}".encode()
    for part in (day, region, service, last, f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{scope}\n{digest}"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(key.hex(), signature)


def test_a_download_url_reads_one_object_for_a_while(files: Files) -> None:
    url = files.download_url(KEY, "image.bin", HOUR)
    assert opens(url, "GET")
    assert not opens(url, "GET", after=HOUR + timedelta(seconds=5))
    for method in ("PUT", "DELETE", "HEAD", "POST"):
        assert not opens(url, method)
    assert not opens(url.replace("image%201", "image%202"), "GET")
    assert not opens(url.replace("//files.", "//others."), "GET")
    assert not opens(url.replace("X-Amz-Expires=3600", "X-Amz-Expires=604800"), "GET")
    assert not opens(url.replace("image.bin%22", "image.exe%22"), "GET")
    assert not opens(url.replace("?", "?versionId=1&"), "GET")


def test_an_upload_url_writes_one_object_of_one_content_for_a_while(files: Files) -> None:
    upload = files.upload(KEY, SHA256, HOUR)
    assert opens(upload.url, "PUT", upload.headers)
    assert not opens(upload.url, "PUT", upload.headers, after=HOUR + timedelta(seconds=5))
    for method in ("GET", "DELETE", "HEAD", "POST"):
        assert not opens(upload.url, method, upload.headers)
    assert not opens(upload.url, "PUT", {**upload.headers, "x-amz-checksum-sha256": "another"})
    assert not opens(upload.url, "PUT", {**upload.headers, "Content-Type": "text/html"})
    assert not opens(upload.url, "PUT")
    assert not opens(upload.url.replace("image%201", "image%202"), "PUT", upload.headers)
