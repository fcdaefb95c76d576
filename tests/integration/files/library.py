"""Firmware images of an operator."""

import hashlib
from typing import Any
from urllib.parse import urlsplit

import boto3

from tests.lambda_operator import LambdaOperator

PUBLIC_URL = "https://files.example"
CONTENT = bytes(range(256)) * 40


def added(operator: LambdaOperator, content: bytes = CONTENT, **changes: Any) -> dict[str, Any]:
    """An image whose content is still to come."""
    image = {
        "name": "one-2.0.bin",
        "version": "2.0",
        "vendor": "Acme",
        "model": "One",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    answer = operator.post("/firmware", image | changes)
    assert answer.status == 201, answer.text
    created: dict[str, Any] = answer.json
    return created


def uploaded(operator: LambdaOperator, content: bytes = CONTENT, **changes: Any) -> dict[str, Any]:
    """An image with its content, put where the signed URL points."""
    image = added(operator, content, **changes)
    key = urlsplit(image["upload"]["url"]).path.removeprefix("/")
    boto3.client("s3").put_object(Bucket="files", Key=key, Body=content)
    return image
