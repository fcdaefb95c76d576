"""Ids that look like API Gateway's."""

import base64
import os


def short_id() -> str:
    """Sixteen characters ending in `=`, as connection and request ids have them."""
    return base64.urlsafe_b64encode(os.urandom(11)).decode()
