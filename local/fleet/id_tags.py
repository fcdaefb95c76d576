"""Creates the tags that the fleet's drivers carry, over the operator API."""

from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path

import httpx


class IdTagsError(Exception):
    """The tags could not be created; the text says what to do."""


def provide_id_tags(api_url: str, token_file: Path, id_tags: Iterable[str]) -> None:
    """Create tags as Accepted unless they exist.

    Raises:
        IdTagsError: there is no token, no API or no permission.
    """
    try:
        token = token_file.read_text().strip()
    except OSError as error:
        raise IdTagsError(f"no token in {token_file}: start the local stack first (make run)") from error
    try:
        with httpx.Client(base_url=api_url, headers={"Authorization": f"Bearer {token}"}, timeout=30) as api:
            for id_tag in id_tags:
                answer = api.post("/id-tags", json={"idTag": id_tag, "status": "Accepted"})
                if answer.status_code != HTTPStatus.CONFLICT:
                    answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        raise IdTagsError(f"{api_url} answered {error.response.status_code}: {error.response.text}") from error
    except httpx.TransportError as error:
        raise IdTagsError(f"nothing answers at {api_url}: start the local stack first (make run)") from error
