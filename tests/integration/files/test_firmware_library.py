"""The library of firmware images: adding, uploading, finding, removing."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration.files.library import CONTENT, added, uploaded
from tests.lambda_operator import LambdaOperator


def test_an_image_comes_with_a_signed_url_that_takes_this_content_only(operator: LambdaOperator) -> None:
    image = added(operator)
    upload = image["upload"]
    url = urlsplit(upload["url"])
    assert upload["method"] == "PUT"
    assert url.hostname == "files.s3.eu-central-1.amazonaws.com"
    assert "x-amz-checksum-sha256" in parse_qs(url.query)["X-Amz-SignedHeaders"][0]
    assert set(upload["headers"]) == {"Content-Type", "x-amz-checksum-sha256"}
    assert (image["isUploaded"], image["sizeBytes"]) == (False, None)


def test_an_upload_is_seen_when_somebody_looks(operator: LambdaOperator) -> None:
    image = uploaded(operator)
    (listed,) = operator.items("/firmware")
    assert listed == {name: value for name, value in image.items() if name != "upload"} | {
        "isUploaded": True,
        "sizeBytes": len(CONTENT),
    }
    read = operator.get(f"/firmware/{image['id']}").json
    assert read["downloadUrl"].startswith("https://files.s3.eu-central-1.amazonaws.com/firmware/")


def test_an_image_that_was_not_uploaded_cannot_be_downloaded(operator: LambdaOperator) -> None:
    assert operator.get(f"/firmware/{added(operator)['id']}").json["downloadUrl"] is None


def test_a_removed_image_is_gone(operator: LambdaOperator) -> None:
    image = uploaded(operator)
    assert operator.delete(f"/firmware/{image['id']}").status == 204
    assert operator.get(f"/firmware/{image['id']}").status == 404
    assert operator.delete(f"/firmware/{image['id']}").status == 404
    assert operator.items("/firmware") == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "../x"}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": ".hidden"}, "name"),
        ({"name": ""}, "name"),
        ({"sha256": "abc"}, "sha256"),
        ({"version": ""}, "version"),
        ({"version": "x" * 51}, "version"),
        ({"model": None}, "body"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_an_image_must_be_described_properly(operator: LambdaOperator, changes: dict[str, Any], field: str) -> None:
    image = {"name": "a", "version": "1", "vendor": "Acme", "model": "One", "sha256": "0" * 64}
    assert field in operator.post("/firmware", image | changes).fields
